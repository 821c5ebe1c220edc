//! What Diesel has to know: the markers as SQL types, the columns' operators, and how the struct is written. How it is read,
//! Diesel's own derives tell.

mod index;
mod sealed;
mod write;

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{GenericArgument, Path, PathArguments, Type, spanned::Spanned};

use crate::{
    attr::foreign,
    model::{EncryptedField, Field, Model, Role},
    types,
};

pub(crate) use sealed::attributes as sealed;
pub(crate) use write::Trait;

/// Nothing if the table is not known, which is reported elsewhere.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let (Some(krate), Some(table)) = (&model.diesel, &model.diesel_table) else {
        return TokenStream::new();
    };
    let private = quote!(#krate::__private);
    let encrypted = || model.fields.iter().filter_map(|field| Some((field, field.encrypted.as_ref()?)));
    let checks = encrypted().map(|(field, encrypted)| checks(&private, &column(table, field), encrypted));
    let columns = encrypted().filter(|_| matches!(model.role, Role::Declares)).map(|(field, encrypted)| {
        let sql_type = sql_type(&private, krate, encrypted, model.bind.is_empty());
        let operators = operators(&private, &column(table, field), &encrypted.marker);
        quote!(#sql_type #operators)
    });
    let indexes = index::expand(model, &private, krate, table);
    let (impl_generics, _, where_clause) = model.generics.split_for_impl();
    let write = write::expand(model, &private, table);
    let read = sealed::read(model, &private);
    quote! {
        const _: () = {
            fn declared<T: #private::DeclaredAs<M, C>, M, C>() {}
            fn value<T: #private::Value<M>, M: #private::Column>() {}

            #[allow(dead_code, clippy::extra_unused_lifetimes, clippy::extra_unused_type_parameters)]
            fn checks #impl_generics () #where_clause {
                #(#checks)*
            }

            #(#columns)*
            #indexes
            #write
            #read
        };
    }
}

/// The column in `table!`.
fn column(table: &Path, field: &Field) -> TokenStream {
    let name = column_name(field);
    quote!(#table::#name)
}

/// The column's name in `table!`, by the same rule as Diesel's derives have.
fn column_name(field: &Field) -> Ident {
    foreign::diesel_column(&field.diesel_attrs).unwrap_or_else(|| field.ident.clone())
}

/// That `table!` has the marker for this column's type, and that the field can be stored in it.
fn checks(private: &TokenStream, column: &TokenStream, encrypted: &EncryptedField) -> TokenStream {
    let EncryptedField { marker, value_ty, .. } = encrypted;
    quote_spanned! {value_ty.span()=>
        declared::<<#column as #private::diesel::Expression>::SqlType, #marker, #column>();
        value::<#value_ty, #marker>();
    }
}

/// The marker as the type of the column, and its plaintext as what is read from it, if a value alone can be.
fn sql_type(
    private: &TokenStream,
    krate: &Path,
    encrypted: &EncryptedField,
    is_read_alone: bool,
) -> TokenStream {
    let diesel = quote!(#private::diesel);
    let EncryptedField { marker, plain_ty, .. } = encrypted;
    // Of a bound column nothing is read alone, and the bound that does not hold says why. Not for text and bytes: they have an impl of
    // Diesel's beside this one, and the compiler then says that there are two.
    let unbound = (!is_read_alone).then(|| quote!(#private::UnboundColumn));
    let is_explained = !["String", "Vec"].iter().any(|name| types::is_named(plain_ty, name));
    let reads =
        (is_read_alone || is_explained).then(|| quote!(#private::reads! { #marker, #plain_ty, #unbound }));
    let queryable = (is_read_alone && is_unknown_to_diesel(plain_ty)).then(|| {
        quote! {
            #[automatically_derived]
            impl<__DB> #diesel::deserialize::Queryable<#marker, __DB> for #plain_ty
            where
                __DB: #diesel::backend::Backend,
                Self: #diesel::deserialize::FromSql<#marker, __DB>,
            {
                type Row = Self;

                fn build(row: Self) -> #diesel::deserialize::Result<Self> {
                    ::core::result::Result::Ok(row)
                }
            }
        }
    });
    let sql_type = marker_sql_type(private, krate, marker, encrypted.is_text);
    quote! {
        #sql_type
        #reads

        #queryable
    }
}

/// A marker as the SQL type of a column.
fn marker_sql_type(private: &TokenStream, krate: &Path, marker: &Path, is_text: bool) -> TokenStream {
    let diesel = quote!(#private::diesel);
    let metadata = if is_text { quote!(text_backends) } else { quote!(backends) };
    quote! {
        #[automatically_derived]
        impl #diesel::query_builder::QueryId for #marker {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: ::core::primitive::bool = true;
        }

        #[automatically_derived]
        impl #diesel::sql_types::SqlType for #marker {
            type IsNull = #diesel::sql_types::is_nullable::NotNull;
        }

        #[automatically_derived]
        impl #diesel::sql_types::SingleValue for #marker {}

        #[automatically_derived]
        impl #krate::EncryptedSqlType for #marker {
            type Column = Self;
            type Truth = #diesel::sql_types::Bool;
        }

        #private::#metadata! { #marker }
    }
}

/// Inherent methods, which come before those of Diesel's traits and take a plaintext.
///
/// The bound holds for the struct that declares the column. For a second one it does not, and its error, which names the remedy, is
/// the only one.
fn operators(private: &TokenStream, column: &TokenStream, marker: &Path) -> TokenStream {
    let unary = ["gt", "ge", "lt", "le", "like", "not_like"].map(|name| refused(private, name, quote!()));
    let binary = ["between", "not_between"].map(|name| refused(private, name, quote!(_: V,)));
    let order = ["asc", "desc"].map(|name| {
        let name = format_ident!("{}", name);
        quote! {
            #[doc(hidden)]
            pub fn #name<O>(self) -> O
            where
                Self: #private::Sorted<O>,
            {
                <Self as #private::Sorted<O>>::refused(self)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #column
        where
            for<'__a> <Self as #private::diesel::Expression>::SqlType: #private::DeclaredAs<#marker, Self>,
        {
            /// Equal to a plaintext, or to an expression of the same encrypted type; in `set` and `values`, set to it.
            #[inline]
            pub fn eq<V, O>(self, value: V) -> O
            where
                Self: #private::EqTo<V, O>,
            {
                <Self as #private::EqTo<V, O>>::eq_to(self, value)
            }

            /// Not equal to a plaintext, or to an expression of the same encrypted type.
            #[inline]
            pub fn ne<V, O>(self, value: V) -> O
            where
                for<'__a> #marker: #private::SearchableColumn,
                Self: #private::NeTo<V, O>,
            {
                <Self as #private::NeTo<V, O>>::ne_to(self, value)
            }

            /// Equal to one of several plaintexts, or of the values of a subselect.
            #[inline]
            pub fn eq_any<V, Any, None>(self, values: V) -> Any
            where
                for<'__a> #marker: #private::SearchableColumn,
                Self: #private::InList<V, Any, None>,
            {
                <Self as #private::InList<V, Any, None>>::in_list(self, values)
            }

            /// Not equal to any of several plaintexts, or of the values of a subselect.
            #[inline]
            pub fn ne_all<V, Any, None>(self, values: V) -> None
            where
                for<'__a> #marker: #private::SearchableColumn,
                Self: #private::InList<V, Any, None>,
            {
                <Self as #private::InList<V, Any, None>>::not_in_list(self, values)
            }

            /// Equal to a plaintext, where `NULL` is equal to `NULL` and to nothing else.
            #[inline]
            pub fn is_not_distinct_from<V, Same, Different>(self, value: V) -> Same
            where
                for<'__a> #marker: #private::SearchableColumn,
                Self: #private::SameAs<V, Same, Different>,
            {
                <Self as #private::SameAs<V, Same, Different>>::same_as(self, value)
            }

            /// Not equal to a plaintext, where `NULL` is equal to `NULL` and to nothing else.
            #[inline]
            pub fn is_distinct_from<V, Same, Different>(self, value: V) -> Different
            where
                for<'__a> #marker: #private::SearchableColumn,
                Self: #private::SameAs<V, Same, Different>,
            {
                <Self as #private::SameAs<V, Same, Different>>::different_from(self, value)
            }

            #(#unary)*
            #(#binary)*
            #(#order)*
        }
    }
}

/// A method that nothing can be passed to, whose bound says what to write instead.
fn refused(private: &TokenStream, name: &str, more: TokenStream) -> TokenStream {
    let name = format_ident!("{}", name);
    quote! {
        #[doc(hidden)]
        pub fn #name<V, O>(self, value: V, #more) -> O
        where
            V: #private::InOrder<Self, O>,
        {
            <V as #private::InOrder<Self, O>>::refused(value)
        }
    }
}

/// Types with an encoding (FORMAT.md#plaintext-encodings) for which Diesel has no `Queryable`, so that a field of such a type would
/// not load. Told by their names, as Diesel's own derives tell `Option`.
fn is_unknown_to_diesel(ty: &Type) -> bool {
    match ty {
        Type::Array(_) => true,
        Type::Path(path) => path.path.segments.last().is_some_and(|last| match &last.arguments {
            PathArguments::None => UNKNOWN_TO_DIESEL.iter().any(|name| last.ident == name),
            PathArguments::AngleBracketed(arguments) if last.ident == "Box" || last.ident == "Arc" => {
                arguments.args.iter().any(|argument| match argument {
                    GenericArgument::Type(Type::Slice(_)) => true,
                    GenericArgument::Type(Type::Path(inner)) => inner.path.is_ident("str"),
                    _ => false,
                })
            }
            PathArguments::AngleBracketed(_) => {
                ["Json", "SecretBox", "SecretSlice"].iter().any(|name| last.ident == name)
            }
            PathArguments::Parenthesized(_) => false,
        }),
        _ => false,
    }
}

/// A newtype of such a name is told apart by `#[encrypt(no_queryable)]` beside its `#[derive(Plaintext)]`.
const UNKNOWN_TO_DIESEL: [&str; 9] =
    ["i128", "u128", "isize", "usize", "IpAddr", "Ipv4Addr", "Ipv6Addr", "SecretString", "UtcDateTime"];
