//! Indexes in Diesel: the SQL types of their columns, their operators, and what a search filters.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Path, ext::IdentExt};

use super::{marker_sql_type, operators};
use crate::model::{Index, Model, Role};

pub(super) fn expand(model: &Model, private: &TokenStream, krate: &Path, table: &Path) -> TokenStream {
    if !matches!(model.role, Role::Declares) {
        return TokenStream::new();
    }
    let indexes = model.indexes().map(|index| {
        let Index { marker, column_ident, .. } = index;
        let of_table = index.terms.as_ref().map_or(table, |terms| &terms.path);
        let column = quote!(#of_table::#column_ident);
        let sql_type = marker_sql_type(private, krate, marker, index.is_text);
        let is_compared = index.is_exact() && !index.is_shadow;
        let operators = (is_compared && index.terms.is_none()).then(|| operators(private, &column, marker));
        let refused = (!is_compared && index.terms.is_none()).then(|| refused(private, &column, marker));
        let (filtered, row) = match &index.terms {
            None => (column.clone(), column.clone()),
            Some(terms) => {
                let (key, row) = (&terms.key, &terms.row_ident);
                (quote!(#table::#key), quote!(#of_table::#row))
            }
        };
        quote! {
            #sql_type
            #operators
            #refused

            #[automatically_derived]
            impl #private::IndexExpression for #marker {
                type Expression = #filtered;
                type Table = #of_table::table;
                type Row = #row;
                type Term = #column;
            }
        }
    });
    let lookups = model.fields.iter().filter_map(|field| {
        let encrypted = field.encrypted.as_ref()?;
        // A deterministic column is compared itself.
        let index = encrypted
            .indexes
            .iter()
            .find(|index| index.terms.is_none() && index.is_exact() && !index.is_shadow)?;
        (!encrypted.deterministic).then(|| lookup(private, &super::column(table, field), table, index))
    });
    quote!(#(#indexes)* #(#lookups)*)
}

/// `users::email.matches("…")`, by the index beside it.
fn lookup(private: &TokenStream, column: &TokenStream, table: &Path, index: &Index) -> TokenStream {
    let (marker, name) = (&index.marker, &index.column_ident);
    let by = quote!(#table::#name);
    let doc = format!("By the index `{}`: ", name.unraw());
    let [matches, not_matches, any, none] = [
        format!("{doc}whether the row has this value, but for what the index makes alike."),
        format!("{doc}whether the row has another value."),
        format!("{doc}whether the row has one of these values."),
        format!("{doc}whether the row has none of these values."),
    ];
    let methods = quote!(#private::EncryptedExpressionMethods);
    quote! {
        #[automatically_derived]
        impl #column {
            #[doc = #matches]
            pub fn matches<V: #private::Value<#marker>>(self, value: V) -> #private::dsl::Matches<#by, V> {
                #methods::matches(#by, value)
            }

            #[doc = #not_matches]
            pub fn not_matches<V: #private::Value<#marker>>(self, value: V) -> #private::dsl::NotMatches<#by, V> {
                #methods::not_matches(#by, value)
            }

            #[doc = #any]
            pub fn matches_any<I>(self, values: I) -> #private::dsl::MatchesAny<#by, I>
            where
                I: ::core::iter::IntoIterator,
                I::Item: #private::Value<#marker>,
            {
                #methods::matches_any(#by, values)
            }

            #[doc = #none]
            pub fn matches_none<I>(self, values: I) -> #private::dsl::MatchesNone<#by, I>
            where
                I: ::core::iter::IntoIterator,
                I::Item: #private::Value<#marker>,
            {
                #methods::matches_none(#by, values)
            }
        }
    }
}

/// What an index that finds candidates does not have, with what it has instead.
fn refused(private: &TokenStream, column: &TokenStream, marker: &Path) -> TokenStream {
    let methods = [
        "ne",
        "eq_any",
        "ne_all",
        "is_not_distinct_from",
        "is_distinct_from",
        "gt",
        "ge",
        "lt",
        "le",
        "like",
    ]
    .map(|name| {
        let name = quote::format_ident!("{}", name);
        quote! {
            #[doc(hidden)]
            pub fn #name<V, O>(self, value: V) -> O
            where
                V: #private::FindsCandidates<Self, O>,
            {
                <V as #private::FindsCandidates<Self, O>>::refused(value)
            }
        }
    });
    quote! {
        #[automatically_derived]
        impl #column
        where
            for<'__a> <Self as #private::diesel::Expression>::SqlType: #private::DeclaredAs<#marker, Self>,
        {
            /// An expression of the same type. A plaintext cannot be compared with in SQL alone.
            #[inline]
            pub fn eq<V, O>(self, value: V) -> O
            where
                Self: #private::EqTo<V, O>,
            {
                <Self as #private::EqTo<V, O>>::eq_to(self, value)
            }

            #(#methods)*
        }
    }
}
