//! The methods of indexes, and of what is indexed.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{EncryptedField, Index};

/// `User::EMAIL.indexed(…)`.
pub(super) fn indexed(
    private: &TokenStream,
    encrypted: &EncryptedField,
    column: &str,
    unbound: Option<&TokenStream>,
    compound: &[String],
) -> TokenStream {
    let more = if compound.is_empty() {
        String::new()
    } else {
        format!(
            " Without that of a compound index, which is bound too: `{}.seal((…, …))?`.",
            compound.join("`, `")
        )
    };
    let vis = &encrypted.marker_vis;
    let doc = format!(
        "Seals a value for {column} with the terms of its indexes, which are bound together: `.bind_indexed(…)`. An `Option` may be \
         `NULL`.{more}"
    );
    quote! {
        #[doc = #doc]
        ///
        /// # Errors
        ///
        /// When there is no keyring, or its keys cannot be had; when a value is none that an index takes.
        #vis fn indexed<V, K>(
            self,
            value: V,
        ) -> ::core::result::Result<#private::Indexed<Self>, #private::SealError>
        where
            #unbound
            V: #private::BindValue<Self, K>,
        {
            #private::BindValue::<Self, K>::into_indexed(value)
        }
    }
}

/// `User::EMAIL_INDEX.lookup(…)` and its like.
pub(super) fn methods(private: &TokenStream, index: &Index) -> TokenStream {
    let Index { marker, marker_vis, .. } = index;
    let column = format!("`{}`", index.column);
    let of = format!("{column} in a query that names its table, or the table's alias.");
    let find = format!(
        "Finds a value by the index {column}: what the stored terms can be, by the keyring in force."
    );
    let lookup = (index.is_exact() && index.terms.is_none() && !index.is_shadow).then(|| {
        quote! {
            #[doc = #find]
            ///
            /// # Errors
            ///
            /// When there is no keyring, or its keys cannot be had; when the value is none that the index takes.
            #marker_vis fn lookup<V>(
                self,
                value: V,
            ) -> ::core::result::Result<#private::Lookup<Self>, #private::SealError>
            where
                V: #private::LookupValue<Self>,
            {
                #private::LookupValue::<Self>::lookup(&value)
            }
        }
    });
    let seal = (index.fields.len() > 1).then(|| {
        quote! {
            /// The term of these values together, for the column of the index. `NULL` if one of them is: bind `None` then.
            ///
            /// # Errors
            ///
            /// When there is no keyring, or its keys cannot be had; when a value is none that the index takes.
            #marker_vis fn seal<V, K>(
                self,
                values: V,
            ) -> ::core::result::Result<<V as #private::BindValue<Self, K>>::Sealed, #private::SealError>
            where
                V: #private::BindValue<Self, K>,
            {
                #private::BindValue::<Self, K>::into_sealed(values)
            }
        }
    });
    quote! {
        #[allow(unreachable_pub, dead_code)]
        const _: () = {
            #[automatically_derived]
            impl #marker {
                #lookup
                #seal

                #[doc = #of]
                #[must_use]
                #marker_vis fn of(self, table: &'static ::core::primitive::str) -> #private::ColumnName<Self> {
                    #private::ColumnName::of(self, table)
                }
            }
        };
    }
}
