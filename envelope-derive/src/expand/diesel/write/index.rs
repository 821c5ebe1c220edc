//! An index as Diesel writes it: beside its values, in whatever way these are written.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use super::element::{Element, Trait};
use crate::{
    expand::sealed,
    model::{EncryptedField, Field, Index, Model},
};

/// `index = terms of the fields`, or nothing if none of them is written.
pub(super) fn element(
    model: &Model,
    private: &TokenStream,
    table: &Path,
    which: Trait,
    index: &Index,
) -> Option<Element> {
    let diesel = quote!(#private::diesel);
    let fields: Vec<_> = index.fields.iter().filter_map(|name| model.find(name)).collect();
    if !fields.iter().all(|field| which.writes(model, field)) {
        return None;
    }
    let (mut is_nullable, mut is_always_set) = (false, which == Trait::Insertable);
    let parts: Vec<_> = fields
        .iter()
        .filter_map(|field| {
            let encrypted = field.encrypted.as_ref()?;
            let leaves_out = which.leaves_out_none(model, field);
            is_always_set &= !leaves_out;
            is_nullable |= match which {
                Trait::Insertable => encrypted.options > 0 && !leaves_out,
                Trait::AsChangeset => encrypted.options > 1 || encrypted.options == 1 && !leaves_out,
            };
            Some(part(private, which, field, encrypted, leaves_out))
        })
        .collect();
    let (marker, name) = (&index.marker, &index.column_ident);
    let column = quote!(#table::#name);
    let plain = quote!(<#marker as #private::Column>::Plain);
    let encoded = quote!(#private::Encoded<#plain>);
    let (mut ty, mut value) = (encoded.clone(), quote!(value));
    if model.is_placed() {
        let place = sealed::local("place");
        ty = quote!(#private::At<#ty>);
        value = quote!(#private::At::new(#value, &#place));
    }
    ty = quote!(#private::Put<#marker, #ty>);
    value = quote!(#private::Put::<#marker, _>::new(#value));
    let eq = |value: &TokenStream| quote!(#diesel::ExpressionMethods::eq(#column, #value));
    let option = quote!(::core::option::Option);
    let some = quote!(::core::option::Option::Some);
    let none = quote!(::core::option::Option::None);
    let (set, null) = if is_nullable {
        ty = quote!(::core::option::Option<#ty>);
        let (set, null) = (eq(&quote!(#some(#value))), eq(&none));
        (quote!(#some(#set)), quote!(#some(#null)))
    } else {
        let set = eq(&value);
        (quote!(#some(#set)), none.clone())
    };
    let parts = quote!(#private::index_parts::<#plain, _>([#(#parts),*]));
    if is_always_set {
        let value = if is_nullable {
            eq(&quote!(#option::map(#option::flatten(#parts), |value| #value)))
        } else {
            eq(&quote!({ let value = #private::index_whole(#parts); #value }))
        };
        return Some(Element { ty: quote!(#diesel::dsl::Eq<#column, #ty>), value, bound: None });
    }
    let value = quote! {
        match #parts {
            #none => #none,
            #some(#none) => #null,
            #some(#some(value)) => #set,
        }
    };
    Some(Element { ty: quote!(#option<#diesel::dsl::Eq<#column, #ty>>), value, bound: None })
}

/// What a field says of its part of an index: no change, `NULL`, or a value.
fn part(
    private: &TokenStream,
    which: Trait,
    field: &Field,
    encrypted: &EncryptedField,
    leaves_out: bool,
) -> TokenStream {
    let EncryptedField { marker, value_ty, .. } = encrypted;
    let ident = &field.ident;
    let of = |value: &TokenStream| quote!(<#value_ty as #private::Value<#marker>>::encoded(#value));
    let option = quote!(::core::option::Option);
    let inner = of(&quote!(value));
    match (encrypted.options, which) {
        (0, _) => {
            let value = of(&quote!(&self.#ident));
            quote!(#option::Some(#option::Some(#value)))
        }
        (1, Trait::AsChangeset) if leaves_out => {
            quote!(#option::map(#option::as_ref(&self.#ident), |value| #option::Some(#inner)))
        }
        (1, _) => quote!(#option::Some(#option::map(#option::as_ref(&self.#ident), |value| #inner))),
        (_, Trait::Insertable) => quote! {
            #option::Some(#option::map(
                #option::and_then(#option::as_ref(&self.#ident), #option::as_ref),
                |value| #inner,
            ))
        },
        (_, Trait::AsChangeset) => quote! {
            #option::map(#option::as_ref(&self.#ident), |value| {
                #option::map(#option::as_ref(value), |value| #inner)
            })
        },
    }
}
