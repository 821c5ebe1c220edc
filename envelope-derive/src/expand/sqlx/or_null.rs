//! `UserNoteOrNull`: a nullable column as one type, for the macros of SQLx, which convert it into a plain `Option`. It has to be of the
//! user's crate: `Option<String>` can be made from no type of another.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

use crate::{
    model::{EncryptedField, Field, Model},
    types,
};

/// For a column that may be `NULL`; nothing for another.
pub(super) fn expand(
    private: &TokenStream,
    model: &Model,
    field: &Field,
    encrypted: &EncryptedField,
) -> Option<TokenStream> {
    let EncryptedField { marker, marker_vis, plain_ty, options: 1, .. } = encrypted else { return None };
    let name = name(marker)?;
    let column = &field.column;
    let doc = format!(
        "`{table}.{column}` in a query of SQLx's macros whose struct has a plain field: `{column} AS \"{column}!: {name}\"`.",
        table = model.table,
    );
    let value = quote_spanned!(types::at(plain_ty)=> ::core::option::Option<#plain_ty>);
    let sqlx = quote_spanned!(Span::mixed_site()=> #private::sqlx);
    let inner = quote_spanned!(Span::mixed_site()=> ::core::option::Option<#private::Encrypted<#marker>>);
    Some(quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #[allow(unreachable_pub, dead_code)]
        #marker_vis struct #name(#inner);

        const _: () = {
            #[automatically_derived]
            impl<DB: #sqlx::Database> #sqlx::Type<DB> for #name
            where
                #inner: #sqlx::Type<DB>,
            {
                fn type_info() -> <DB as #sqlx::Database>::TypeInfo {
                    <#inner as #sqlx::Type<DB>>::type_info()
                }

                fn compatible(ty: &<DB as #sqlx::Database>::TypeInfo) -> ::core::primitive::bool {
                    <#inner as #sqlx::Type<DB>>::compatible(ty)
                }
            }

            #[automatically_derived]
            impl<'r, DB: #sqlx::Database> #sqlx::Decode<'r, DB> for #name
            where
                #inner: #sqlx::Decode<'r, DB>,
            {
                fn decode(
                    value: <DB as #sqlx::Database>::ValueRef<'r>,
                ) -> ::core::result::Result<Self, #sqlx::error::BoxDynError> {
                    ::core::result::Result::map(<#inner as #sqlx::Decode<'r, DB>>::decode(value), Self)
                }
            }

            #[automatically_derived]
            impl ::core::convert::From<#name> for #value {
                fn from(value: #name) -> Self {
                    ::core::option::Option::map(value.0, #private::Encrypted::into_inner)
                }
            }

            #[automatically_derived]
            impl ::core::fmt::Debug for #name {
                fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Debug::fmt(&self.0, formatter)
                }
            }
        };
    })
}

/// `UserNoteOrNull` for the marker `UserNote`.
fn name(marker: &Path) -> Option<syn::Ident> {
    let marker = &marker.segments.last()?.ident;
    Some(syn::Ident::new(&format!("{marker}OrNull"), types::at(marker)))
}
