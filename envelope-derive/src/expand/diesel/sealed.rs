//! The sealed form of a struct is one that Diesel's own derives read and write; and a struct whose values have a place is read
//! through its sealed form, since a value alone does not tell its row.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Generics, LitBool, parse_quote};

use super::write::{Trait, is_written};
use crate::{
    attr::foreign,
    expand::sealed,
    model::{Field, Model},
};

/// What stands above the sealed struct and above each of its fields.
pub(crate) fn attributes(model: &Model) -> (TokenStream, Vec<TokenStream>) {
    let (Some(krate), Some(_)) = (&model.diesel, &model.diesel_table) else {
        return (TokenStream::new(), model.fields.iter().map(|_| TokenStream::new()).collect());
    };
    let diesel = quote!(#krate::__private::diesel);
    let has_expression =
        model.fields.iter().any(|field| foreign::has(&field.diesel_attrs, "select_expression"));
    let mut derives = Vec::new();
    if model.is_read() {
        derives.extend([quote!(#diesel::prelude::Queryable), quote!(#diesel::prelude::Selectable)]);
        if !has_expression {
            derives.push(quote!(#diesel::deserialize::QueryableByName));
        }
    }
    // The form in which rows are read has no indexes, and is not written.
    let is_row = model.is_row;
    if !is_row && !model.no_insert && is_written(model, Trait::Insertable) {
        derives.push(quote!(#diesel::prelude::Insertable));
    }
    // What of a compound index is left out, and what is `NULL`, cannot be told of a sealed struct.
    let is_told = |index: &crate::model::Index| {
        index.fields.iter().all(|name| {
            model.find(name).and_then(|field| field.encrypted.as_ref()).is_none_or(|own| own.options == 0)
        })
    };
    if !is_row
        && !model.no_update
        && is_written(model, Trait::AsChangeset)
        && model.compound.iter().all(is_told)
    {
        derives.push(quote!(#diesel::prelude::AsChangeset));
    }
    let attrs = &model.diesel_attrs;
    (quote!(#[derive(#(#derives),*)] #(#attrs)*), model.fields.iter().map(of_field).collect())
}

/// Of a plain field all that there is. What an encrypted one is converted from and to is its plaintext.
fn of_field(field: &Field) -> TokenStream {
    let attrs = &field.diesel_attrs;
    if field.encrypted.is_none() {
        return quote!(#(#attrs)*);
    }
    let is_value = field.encrypted.as_ref().is_none_or(|own| own.index.is_none());
    let column = foreign::diesel_column(attrs)
        .filter(|_| is_value)
        .map(|column| quote!(#[diesel(column_name = #column)]));
    let flags = ["skip_insertion", "skip_update"].into_iter().filter(|flag| foreign::has(attrs, flag));
    let flags = flags.map(|flag| syn::Ident::new(flag, proc_macro2::Span::call_site()));
    let options = ["treat_none_as_default_value", "treat_none_as_null"].into_iter().filter_map(|name| {
        let value = foreign::assigned::<LitBool>(attrs, name)?;
        let name = syn::Ident::new(name, proc_macro2::Span::call_site());
        Some(quote!(#[diesel(#name = #value)]))
    });
    quote!(#column #(#[diesel(#flags)])* #(#options)*)
}

/// `Queryable` and `QueryableByName` of the struct itself.
pub(super) fn read(model: &Model, private: &TokenStream) -> TokenStream {
    if !model.is_placed() || !model.is_read() {
        return TokenStream::new();
    }
    let diesel = quote!(#private::diesel);
    let this = &model.ident;
    let sealed_ident = sealed::row_ident(model);
    let sealed_generics = sealed::generics(model);
    let (_, sealed_generics, _) = sealed_generics.split_for_impl();
    let sealed_ty = quote!(#sealed_ident #sealed_generics);
    let (_, ty_generics, _) = model.generics.split_for_impl();
    let with = |trait_: &TokenStream, params: &[syn::GenericParam]| {
        let mut generics: Generics = model.generics.clone();
        generics.params.extend(params.iter().cloned());
        generics.make_where_clause().predicates.push(parse_quote!(#sealed_ty: #trait_));
        generics
    };
    let backend: syn::GenericParam = parse_quote!(__DB: #diesel::backend::Backend);
    let queryable = quote!(#diesel::deserialize::Queryable<__ST, __DB>);
    let generics = with(&queryable, &[parse_quote!(__ST), backend.clone()]);
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    let by_name = (!model.fields.iter().any(|field| foreign::has(&field.diesel_attrs, "select_expression")))
        .then(|| {
            let by_name = quote!(#diesel::deserialize::QueryableByName<__DB>);
            let generics = with(&by_name, &[backend]);
            let (impl_generics, _, where_clause) = generics.split_for_impl();
            quote! {
                #[automatically_derived]
                impl #impl_generics #by_name for #this #ty_generics #where_clause {
                    fn build<'__a>(
                        row: &impl #diesel::row::NamedRow<'__a, __DB>,
                    ) -> #diesel::deserialize::Result<Self> {
                        #private::open_row(<#sealed_ty as #by_name>::build(row)?)
                    }
                }
            }
        });
    quote! {
        #[automatically_derived]
        impl #impl_generics #queryable for #this #ty_generics #where_clause {
            type Row = <#sealed_ty as #queryable>::Row;

            fn build(row: Self::Row) -> #diesel::deserialize::Result<Self> {
                #private::open_row(<#sealed_ty as #queryable>::build(row)?)
            }
        }

        #by_name
    }
}
