//! What every integration builds on: a marker for each encrypted column, its constant, and the checks of its type.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use syn::{Path, Visibility};

use super::index;
use crate::{
    model::{EncryptedField, Field, Model, Role},
    types,
};

/// The markers of a struct that declares columns; nothing for one that uses them.
pub(crate) fn expand(model: &Model) -> TokenStream {
    let encrypted = || model.fields.iter().filter_map(|field| Some((field, field.encrypted.as_ref()?)));
    if matches!(model.role, Role::Uses(_)) {
        return encrypted().map(|(field, encrypted)| same_place(model, field, encrypted)).collect();
    }
    let markers = encrypted().map(|(field, encrypted)| marker(model, field, encrypted));
    let declared = declared(model);
    let constants = encrypted().map(|(field, encrypted)| constant(model, field, encrypted));
    let ident = &model.ident;
    let (impl_generics, ty_generics, where_clause) = model.generics.split_for_impl();
    quote! {
        #(#markers)*

        #[automatically_derived]
        impl #impl_generics #ident #ty_generics #where_clause {
            #(#constants)*
        }

        #declared
    }
}

/// The columns as a list, for tools that work on whole tables.
fn declared(model: &Model) -> TokenStream {
    let private = model.private();
    let markers = model.fields.iter().filter_map(|field| Some(&field.encrypted.as_ref()?.marker));
    let ident = &model.ident;
    let (impl_generics, ty_generics, where_clause) = model.generics.split_for_impl();
    quote_spanned! {Span::mixed_site()=>
        #[automatically_derived]
        impl #impl_generics #private::DeclaredColumns for #ident #ty_generics #where_clause {
            const COLUMNS: &'static [#private::DeclaredColumn] =
                &[#(#private::DeclaredColumn::of::<#markers>()),*];
        }
    }
}

fn marker(model: &Model, field: &Field, encrypted: &EncryptedField) -> TokenStream {
    let private = model.private();
    let EncryptedField { marker, marker_vis, plain_ty, context, .. } = encrypted;
    let (table, column) = (&model.table, &field.column);
    let (mode, mode_ty, what) = match (encrypted.deterministic, model.bind.is_empty()) {
        (true, _) => (quote!(Deterministic), quote!(Deterministic), "deterministic"),
        (false, true) => (quote!(Randomized), quote!(Randomized), "randomized"),
        (false, false) => (quote!(Randomized), quote!(RowBound), "randomized and bound to its row"),
    };
    let plaintext = encrypted.read_plaintext.then(|| quote!(.plaintext_rows(#private::PlaintextRows::Read)));
    let encoding = encrypted.is_text.then(|| quote!(.encoding(#private::Encoding::Text)));
    let xaes = (encrypted.xaes && !encrypted.deterministic).then(|| quote!(.xaes()));
    let row = row_columns(model);
    let row = (!encrypted.deterministic && !row.is_empty()).then(|| quote!(.bound_to_row(&[#(#row),*])));
    let tenant = tenant_column(model).map(|column| quote!(.of_tenants(#column)));
    // Where the compiler refers to the marker's documentation, as Diesel's messages make it do, it says what to do.
    let more = if model.bind.is_empty() {
        String::new()
    } else {
        format!(
            " A value of it is read and written with its row: load and store `{0}`, or a struct with `columns = {0}` and the same \
             `bind`; for a value alone there is `Sealed::of_row` and `open_in_row`.",
            model.ident
        )
    };
    let doc = format!("The encrypted column `{table}.{column}`, which is {what}.{more}");
    let assertion = assertion(model, encrypted);
    let plain = quote_spanned!(types::at(plain_ty)=> type Plain = #plain_ty;);
    let indexes = index::of_field(model, field, &private);
    let field = quote! {
        #private::Field::new(#table, #column, #context, #private::Mode::#mode)
            #plaintext #encoding #xaes #row #tenant #indexes
    };
    marker_item(&private, marker_vis, marker, &doc, &plain, &mode_ty, &field, &quote!(#assertion))
}

/// A zero-sized type that is a column.
#[expect(clippy::too_many_arguments, reason = "the parts of one item")]
pub(super) fn marker_item(
    private: &TokenStream,
    vis: &Visibility,
    marker: &Path,
    doc: &str,
    plain: &TokenStream,
    mode: &TokenStream,
    field: &TokenStream,
    assertions: &TokenStream,
) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #[doc = #doc]
        #[allow(unreachable_pub, dead_code, clippy::exhaustive_structs)]
        #vis struct #marker;

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
                const FIELD: #private::Field = #field;
            }

            #assertions
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

/// The names, in the database, of the columns that a value is bound to.
fn row_columns(model: &Model) -> Vec<&str> {
    model.bind.iter().filter_map(|name| Some(model.find(name)?.column.as_str())).collect()
}

pub(super) fn tenant_column(model: &Model) -> Option<&str> {
    Some(model.find(model.tenant.as_ref()?)?.column.as_str())
}

/// That a struct which uses a column gives its values the place that they have where the column is declared.
fn same_place(model: &Model, field_of_model: &Field, encrypted: &EncryptedField) -> TokenStream {
    if model.is_mistaken {
        return TokenStream::new();
    }
    let private = model.private();
    let marker = &encrypted.marker;
    let field = quote!(<#marker as #private::Column>::FIELD);
    let row = row_columns(model);
    let bound = match model.bind.first() {
        None => quote_spanned! {types::at(&encrypted.value_ty)=>
            #[allow(dead_code)]
            fn check() {
                const fn unbound<C: #private::UnboundColumn>() {}
                unbound::<#marker>();
            }
        },
        Some(first) => quote_spanned! {types::at(first)=>
            #[allow(dead_code)]
            fn check() {
                const fn bound<C: #private::BoundColumn>() {}
                bound::<#marker>();
            }
            const _: () = ::core::assert!(
                #field.row_columns().is_empty() || #field.is_bound_to(&[#(#row),*]),
                "`bind` names other columns here than where the encrypted column is declared; write the same"
            );
        },
    };
    let tenant = model.tenant.as_ref().map(|name| {
        let column = tenant_column(model);
        quote_spanned! {types::at(name)=>
            const _: () = ::core::assert!(
                #field.is_of_tenants(#column),
                "`tenant` names another column here than where the encrypted column is declared; write the same"
            );
        }
    });
    let indexed = writes_indexes(model, field_of_model, encrypted).then(|| {
        let siblings = encrypted.indexes.iter().filter(|index| index.terms.is_none());
        let siblings: Vec<_> = siblings.map(|index| &index.column).collect();
        let compound: Vec<_> = model.compound_of(&field_of_model.ident).map(|index| &index.column).collect();
        quote_spanned! {types::at(&encrypted.value_ty)=>
            const _: () = ::core::assert!(
                #field.is_indexed_by(&[#(#siblings),*]),
                "this encrypted column has indexes, which are written with it; name those that are declared, in their order: \
                 `#[encrypt(index(column = …))]`, or write `no_insert, no_update` on a struct that is only read"
            );
            const _: () = ::core::assert!(
                #field.is_part_of(&[#(#compound),*]),
                "this encrypted column is a part of compound indexes, which are written with it; name those that are declared, on the struct: \
                 `#[encrypt(index(columns = (…), column = …))]`, or write `no_insert, no_update` on a struct that is only read"
            );
        }
    });
    quote! {
        const _: () = {
            #bound
            #tenant
            #indexed
        };
    }
}

/// Whether a struct is one by which Diesel writes the column, or says that it knows the column's indexes.
fn writes_indexes(model: &Model, field: &Field, encrypted: &EncryptedField) -> bool {
    let is_written = model.diesel.is_some() && !(model.no_insert && model.no_update);
    is_written || !encrypted.indexes.is_empty() || model.compound_of(&field.ident).next().is_some()
}

/// That the type has an encoding is a bound of `Column::Plain`. That a search finds what is equal, and that there are enough values to
/// hide which one a row has, is asked here.
fn assertion(model: &Model, encrypted: &EncryptedField) -> Option<TokenStream> {
    let private = model.private();
    let ty = &encrypted.plain_ty;
    let property =
        if encrypted.allow_low_cardinality { quote!(ExactPlaintext) } else { quote!(DeterministicPlaintext) };
    let text = (!encrypted.normalize.is_empty() && !model.is_mistaken).then(|| {
        let assert = quote_spanned!(types::at(ty)=> text::<#ty>);
        quote! {
            const fn text<T: #private::TextPlaintext>() {}
            const _: () = #assert();
        }
    });
    encrypted.deterministic.then(|| {
        let assert = quote_spanned!(types::at(ty)=> deterministic::<#ty>);
        quote! {
            #text
            const fn deterministic<T: #private::#property>() {}
            const _: () = #assert();
        }
    })
}
