//! `FromRow`, for rows of any database.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{WhereClause, WherePredicate, parse_quote};

use super::attrs::{self, Attrs, Json};
use crate::{
    expand::sealed,
    model::{EncryptedField, Field, Model},
};

/// Which struct is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The struct itself, value by value.
    Plain,
    /// Its sealed form.
    Sealed,
    /// The struct itself, of which each value needs to know the row.
    Placed,
}

/// The impl. Every bound mentions the row, so that a struct with a field that SQLx cannot read compiles, and only
/// reading it does not.
pub(super) fn expand(private: &TokenStream, model: &Model, form: Form) -> TokenStream {
    if form == Form::Placed {
        return through_sealed(private, model);
    }
    let (ident, own_generics) = match form {
        Form::Sealed => (sealed::ident(model), sealed::generics(model)),
        Form::Plain | Form::Placed => (model.ident.clone(), model.generics.clone()),
    };
    // That of the first integration, as in the struct.
    let sealed_ty = {
        let private = model.private();
        quote!(#private::Sealed)
    };
    let mut generics = own_generics.clone();
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
        let value = value(private, &sealed_ty, field, &attrs, bounds, form);
        fields.push(quote!(#ident: #value));
    }
    // The attributes are those of the struct, which has told what is wrong with them.
    let errors = errors
        .filter(|_| form == Form::Plain || model.is_placed())
        .map(|error: syn::Error| error.into_compile_error());
    let (_, ty_generics, _) = own_generics.split_for_impl();
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

/// A struct whose values have a place is read through its sealed form, since a value alone does not tell its row.
fn through_sealed(private: &TokenStream, model: &Model) -> TokenStream {
    let sealed_generics = sealed::generics(model);
    let (sealed_ident, (_, sealed_generics, _)) =
        (sealed::row_ident(model), sealed_generics.split_for_impl());
    let sealed = quote!(#sealed_ident #sealed_generics);
    let from_row = quote!(#private::sqlx::FromRow<'__row, __Row>);
    let mut generics = model.generics.clone();
    generics.params.insert(0, parse_quote!('__row));
    generics.params.push(parse_quote!(__Row: #private::sqlx::Row));
    generics.make_where_clause().predicates.push(parse_quote!(#sealed: #from_row));
    let ident = &model.ident;
    let (_, ty_generics, _) = model.generics.split_for_impl();
    let (impl_generics, _, where_clause) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #from_row for #ident #ty_generics #where_clause {
            fn from_row(row: &'__row __Row) -> ::core::result::Result<Self, #private::sqlx::Error> {
                #private::open_row(<#sealed as #from_row>::from_row(row)?)
            }
        }
    }
}

/// The expression for one field.
fn value(
    private: &TokenStream,
    sealed: &TokenStream,
    field: &Field,
    attrs: &Attrs,
    bounds: &mut Bounds<'_>,
    form: Form,
) -> TokenStream {
    if attrs.skip {
        return quote!(::core::default::Default::default());
    }
    let value = match &field.encrypted {
        Some(encrypted) if form == Form::Sealed => stored(private, sealed, field, encrypted),
        Some(encrypted) => opened(private, field, encrypted),
        None => plain(private, field, attrs, bounds),
    };
    if attrs.default { quote!(#private::or_default(#value)?) } else { quote!(#value?) }
}

fn stored(
    private: &TokenStream,
    sealed: &TokenStream,
    field: &Field,
    encrypted: &EncryptedField,
) -> TokenStream {
    let marker = &encrypted.marker;
    let column = &field.column;
    let new = quote!(#sealed::<#marker>::new);
    if encrypted.options == 0 {
        quote!(#private::stored::<#marker, __Row>(row, #column).map(#new))
    } else {
        quote!(#private::stored_nullable::<#marker, __Row>(row, #column).map(|value| value.map(#new)))
    }
}

fn opened(private: &TokenStream, field: &Field, encrypted: &EncryptedField) -> TokenStream {
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
        // A value is stored as either.
        bounds.decodes(&quote!(::std::vec::Vec<::core::primitive::u8>));
        bounds.decodes(&quote!(::std::string::String));
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
