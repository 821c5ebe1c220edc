//! What every integration builds on: a marker for each encrypted column, its constant, and the checks of its type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::{
    model::{EncryptedField, Field, Model, Role},
    types,
};

/// The markers of a struct that declares columns; nothing for one that uses them.
pub(crate) fn expand(model: &Model) -> TokenStream {
    if matches!(model.role, Role::Uses(_)) {
        return TokenStream::new();
    }
    let encrypted = || model.fields.iter().filter_map(|field| Some((field, field.encrypted.as_ref()?)));
    let markers = encrypted().map(|(field, encrypted)| marker(model, field, encrypted));
    let constants = encrypted().map(|(field, encrypted)| constant(model, field, encrypted));
    let ident = &model.ident;
    let (impl_generics, ty_generics, where_clause) = model.generics.split_for_impl();
    quote! {
        #(#markers)*

        #[automatically_derived]
        impl #impl_generics #ident #ty_generics #where_clause {
            #(#constants)*
        }
    }
}

fn marker(model: &Model, field: &Field, encrypted: &EncryptedField) -> TokenStream {
    let private = model.private();
    let EncryptedField { marker, marker_vis, plain_ty, context, .. } = encrypted;
    let (table, column) = (&model.table, &field.column);
    let mode = if encrypted.deterministic { quote!(Deterministic) } else { quote!(Randomized) };
    let plaintext = encrypted.read_plaintext.then(|| quote!(.plaintext_rows(#private::PlaintextRows::Read)));
    let doc = format!(
        "The encrypted column `{table}.{column}`, which is {}.",
        if encrypted.deterministic { "deterministic" } else { "randomized" }
    );
    let assertion = assertion(model, encrypted);
    let plain = quote_spanned!(types::at(plain_ty)=> type Plain = #plain_ty;);
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #[allow(unreachable_pub, dead_code, clippy::exhaustive_structs)]
        #marker_vis struct #marker;

        const _: () = {
            #[automatically_derived]
            impl ::core::clone::Clone for #marker {
                #[inline]
                fn clone(&self) -> Self {
                    *self
                }
            }

            #[automatically_derived]
            impl ::core::marker::Copy for #marker {}

            #[automatically_derived]
            impl ::core::fmt::Debug for #marker {
                fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::fmt::Debug::fmt(&<Self as #private::Column>::FIELD.name(), formatter)
                }
            }

            #[automatically_derived]
            impl #private::Column for #marker {
                #plain
                type Mode = #private::#mode;
                const FIELD: #private::Field =
                    #private::Field::new(#table, #column, #context, #private::Mode::#mode)#plaintext;
            }

            #assertion
        };
    }
}

fn constant(model: &Model, field: &Field, encrypted: &EncryptedField) -> TokenStream {
    let EncryptedField { marker, marker_vis, constant, .. } = encrypted;
    let doc = format!("The encrypted column `{}.{}`.", model.table, field.column);
    quote! {
        #[doc = #doc]
        #[allow(unreachable_pub, dead_code)]
        #marker_vis const #constant: #marker = #marker;
    }
}

/// That the type has an encoding is a bound of `Column::Plain`. That a search finds what is equal, and that there are enough values to
/// hide which one a row has, is asked here.
fn assertion(model: &Model, encrypted: &EncryptedField) -> Option<TokenStream> {
    let private = model.private();
    let ty = &encrypted.plain_ty;
    let property =
        if encrypted.allow_low_cardinality { quote!(ExactPlaintext) } else { quote!(DeterministicPlaintext) };
    encrypted.deterministic.then(|| {
        let assert = quote_spanned!(types::at(ty)=> deterministic::<#ty>);
        quote! {
            const fn deterministic<T: #private::#property>() {}
            const _: () = #assert();
        }
    })
}
