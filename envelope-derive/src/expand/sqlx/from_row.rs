//! `FromRow`, for rows of any database.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{WhereClause, WherePredicate, parse_quote};

use super::attrs::{self, Attrs, Json};
use crate::model::{EncryptedField, Field, Model};

/// The impl. Every bound mentions the row, so that a struct with a field that SQLx cannot read compiles, and only
/// reading it does not.
pub(super) fn expand(private: &TokenStream, model: &Model) -> TokenStream {
    let mut generics = model.generics.clone();
    generics.params.insert(0, parse_quote!('__row));
    generics.params.push(parse_quote!(__Row: #private::sqlx::Row));
    let bounds = &mut Bounds::new(private, generics.make_where_clause());
    let mut errors = attrs::check_struct(&model.sqlx_attrs).err();
    let mut fields = Vec::new();
    for field in &model.fields {
        let attrs = Attrs::parse(&field.sqlx_attrs).unwrap_or_else(|error| {
            match &mut errors {
                None => errors = Some(error),
                Some(first) => first.combine(error),
            }
            Attrs::default()
        });
        let ident = &field.ident;
        let value = value(private, field, &attrs, bounds);
        fields.push(quote!(#ident: #value));
    }
    let errors = errors.map(|error: syn::Error| error.into_compile_error());
    let ident = &model.ident;
    let (_, ty_generics, _) = model.generics.split_for_impl();
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        #errors

        #[automatically_derived]
        #[allow(unused_qualifications)]
        impl #impl_generics #private::sqlx::FromRow<'__row, __Row> for #ident #ty_generics #where_clause {
            fn from_row(row: &'__row __Row) -> ::core::result::Result<Self, #private::sqlx::Error> {
                ::core::result::Result::Ok(Self { #(#fields),* })
            }
        }
    }
}

/// The expression for one field.
fn value(private: &TokenStream, field: &Field, attrs: &Attrs, bounds: &mut Bounds<'_>) -> TokenStream {
    if attrs.skip {
        return quote!(::core::default::Default::default());
    }
    let value = match &field.encrypted {
        Some(encrypted) => sealed(private, field, encrypted),
        None => plain(private, field, attrs, bounds),
    };
    if attrs.default { quote!(#private::or_default(#value)?) } else { quote!(#value?) }
}

fn sealed(private: &TokenStream, field: &Field, encrypted: &EncryptedField) -> TokenStream {
    let EncryptedField { marker, value_ty, .. } = encrypted;
    let column = &field.column;
    let read = if encrypted.options == 0 { quote!(read) } else { quote!(read_nullable) };
    quote!(#private::#read::<#marker, #value_ty, __Row>(row, #column))
}

/// The same as in SQLx's own derive.
fn plain(private: &TokenStream, field: &Field, attrs: &Attrs, bounds: &mut Bounds<'_>) -> TokenStream {
    let (ty, column) = (&field.ty, &field.column);
    let from = attrs.try_from.as_ref().unwrap_or(ty);
    let json = quote!(#private::sqlx::types::Json);
    let value = match attrs.json {
        _ if attrs.flatten => {
            bounds.add(parse_quote!(#from: #private::sqlx::FromRow<'__row, __Row>));
            quote!(<#from as #private::sqlx::FromRow<'__row, __Row>>::from_row(row))
        }
        None => bounds.read(&quote!(#from), column),
        Some(Json::Always) => {
            let read = bounds.read(&quote!(#json<#from>), column);
            quote!(#read.map(|json| json.0))
        }
        Some(Json::OrNull) => {
            let read = bounds.read(&quote!(::core::option::Option<#json<#from>>), column);
            quote!(#read.map(|json| json.and_then(|json| json.0)))
        }
    };
    match &attrs.try_from {
        Some(from) => quote!(#private::convert::<#from, #ty>(#value, #column)),
        None => value,
    }
}

/// What the row's database has to be able to decode.
struct Bounds<'a> {
    sqlx: TokenStream,
    clause: &'a mut WhereClause,
}

impl<'a> Bounds<'a> {
    fn new(private: &TokenStream, clause: &'a mut WhereClause) -> Self {
        let sqlx = quote!(#private::sqlx);
        let mut bounds = Self { sqlx, clause };
        let sqlx = bounds.sqlx.clone();
        bounds.add(parse_quote!(&'__row ::core::primitive::str: #sqlx::ColumnIndex<__Row>));
        bounds.decodes(&quote!(::std::vec::Vec<::core::primitive::u8>));
        bounds
    }

    fn add(&mut self, bound: WherePredicate) {
        if !self.clause.predicates.iter().any(|other| *other == bound) {
            self.clause.predicates.push(bound);
        }
    }

    fn decodes(&mut self, ty: &TokenStream) {
        let sqlx = self.sqlx.clone();
        let database = quote!(<__Row as #sqlx::Row>::Database);
        self.add(parse_quote!(#ty: #sqlx::Decode<'__row, #database> + #sqlx::Type<#database>));
    }

    /// Reads a column as `ty`.
    fn read(&mut self, ty: &TokenStream, column: &str) -> TokenStream {
        self.decodes(ty);
        let sqlx = &self.sqlx;
        quote!(#sqlx::Row::try_get::<#ty, &'__row ::core::primitive::str>(row, #column))
    }
}
