//! One field as Diesel writes it: `column = value`, or nothing, or whatever an embedded struct says.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{LitBool, Path, Type, WherePredicate, parse_quote, spanned::Spanned};

use super::super::{column, column_name};
use crate::{
    attr::foreign,
    expand::sealed,
    model::{EncryptedField, Field, Model},
    types,
};

/// Whether the struct is consumed or borrowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Value,
    Reference,
}

/// Which of the two traits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trait {
    Insertable,
    AsChangeset,
}

/// One element of the tuple that is inserted or set.
pub(super) struct Element {
    pub(super) ty: TokenStream,
    pub(super) value: TokenStream,
    /// What has to hold of a type parameter in it.
    pub(super) bound: Option<WherePredicate>,
}

impl Trait {
    /// Whether a field is written at all.
    pub(crate) fn writes(self, model: &Model, field: &Field) -> bool {
        match self {
            Self::Insertable => !has(field, "skip_insertion"),
            Self::AsChangeset => !has(field, "skip_update") && !is_primary_key(model, field),
        }
    }

    /// Whether `None` leaves the column out: `DEFAULT` in an insert, no change in an update. Else it is `NULL`.
    pub(super) fn leaves_out_none(self, model: &Model, field: &Field) -> bool {
        let option = |name| {
            let of = |attributes| foreign::assigned::<LitBool>(attributes, name);
            of(&field.diesel_attrs).or_else(|| of(&model.diesel_attrs)).map(|value| value.value)
        };
        match self {
            Self::Insertable => option("treat_none_as_default_value").unwrap_or(true),
            Self::AsChangeset => !option("treat_none_as_null").unwrap_or(false),
        }
    }
}

impl Element {
    /// `borrow` is what stands before the struct's type: nothing, or a `&` with its lifetime.
    pub(super) fn new(
        model: &Model,
        private: &TokenStream,
        table: &Path,
        which: Trait,
        by: By,
        field: &Field,
        borrow: &TokenStream,
    ) -> Self {
        let Field { ident, ty, .. } = field;
        let whole = match by {
            By::Value => quote!(self.#ident),
            By::Reference => quote!(&self.#ident),
        };
        if has(field, "embed") {
            return Self { ty: borrowed(borrow, ty), value: whole, bound: None };
        }
        let diesel = &quote!(#private::diesel);
        let column = &column(table, field);
        let leaves_out = which.leaves_out_none(model, field);
        if let Some(to) = foreign::assigned::<Type>(&field.diesel_attrs, "serialize_as") {
            return Self::converted(diesel, column, which, leaves_out, ty, &to, &whole);
        }
        let encrypted = field.encrypted.as_ref();
        let inside = types::option(ty).filter(|_| leaves_out);
        let peeled = usize::from(inside.is_some());
        let operand_ty = match encrypted {
            Some(encrypted) => {
                put_ty(model, private, encrypted, encrypted.options.saturating_sub(peeled), borrow)
            }
            None => borrowed(borrow, inside.unwrap_or(ty)),
        };
        let operand = |value: &TokenStream| match encrypted {
            Some(encrypted) => put(model, private, by, encrypted.options.saturating_sub(peeled), value),
            None => value.clone(),
        };
        let eq = |value: &TokenStream| {
            let operand = operand(value);
            quote!(#diesel::ExpressionMethods::eq(#column, #operand))
        };
        let bound = encrypted.is_none().then(|| {
            parse_quote! {
                #operand_ty: #diesel::expression::AsExpression<<#column as #diesel::Expression>::SqlType>
            }
        });
        let mut element_ty = quote_spanned!(ty.span()=> #diesel::dsl::Eq<#column, #operand_ty>);
        let value = if inside.is_some() {
            let option = match by {
                By::Value => whole,
                By::Reference => quote!(::core::option::Option::as_ref(#whole)),
            };
            let eq = eq(&quote!(value));
            quote!(::core::option::Option::map(#option, |value| #eq))
        } else if which == Trait::Insertable && leaves_out {
            let eq = eq(&whole);
            quote!(::core::option::Option::Some(#eq))
        } else {
            eq(&whole)
        };
        if inside.is_some() || (which == Trait::Insertable && leaves_out) {
            element_ty = quote_spanned!(ty.span()=> ::core::option::Option<#element_ty>);
        }
        Self { ty: element_ty, value, bound }
    }

    /// A field with `serialize_as`.
    fn converted(
        diesel: &TokenStream,
        column: &TokenStream,
        which: Trait,
        leaves_out: bool,
        from: &Type,
        to: &Type,
        value: &TokenStream,
    ) -> Self {
        let eq = |value: TokenStream| quote!(#diesel::ExpressionMethods::eq(#column, #value));
        let into = |value: TokenStream| quote!(<_ as ::core::convert::Into<#to>>::into(#value));
        let (inside, value) = match which {
            Trait::Insertable if leaves_out => match types::option(to) {
                Some(inside) => {
                    let (option, eq) = (into(quote!(#value)), eq(quote!(value)));
                    (Some(inside), quote!(::core::option::Option::map(#option, |value| #eq)))
                }
                None => {
                    let eq = eq(into(quote!(#value)));
                    (Some(to), quote!(::core::option::Option::Some(#eq)))
                }
            },
            Trait::AsChangeset if leaves_out && types::option(from).is_some() => {
                let eq = eq(into(quote!(value)));
                (
                    Some(types::option(to).unwrap_or(to)),
                    quote!(::core::option::Option::map(#value, |value| #eq)),
                )
            }
            Trait::Insertable | Trait::AsChangeset => (None, eq(into(quote!(#value)))),
        };
        let ty = match inside {
            Some(inside) => quote_spanned! {to.span()=>
                ::core::option::Option<#diesel::dsl::Eq<#column, #inside>>
            },
            None => quote_spanned!(to.span()=> #diesel::dsl::Eq<#column, #to>),
        };
        Self { ty, value, bound: None }
    }
}

/// The type behind the borrow, if there is one. A sum of traits, which no `&` takes as it is, stands in parentheses.
fn borrowed(borrow: &TokenStream, ty: &Type) -> TokenStream {
    match ty {
        Type::TraitObject(_) | Type::ImplTrait(_) if !borrow.is_empty() => {
            quote_spanned!(ty.span()=> #borrow (#ty))
        }
        _ => quote_spanned!(ty.span()=> #borrow #ty),
    }
}

/// The type of an encrypted value on its way into its column, in as many `Option`s.
fn put_ty(
    model: &Model,
    private: &TokenStream,
    encrypted: &EncryptedField,
    options: usize,
    borrow: &TokenStream,
) -> TokenStream {
    let EncryptedField { marker, value_ty, .. } = encrypted;
    let mut ty = borrowed(borrow, value_ty);
    if model.is_placed() {
        ty = quote_spanned!(value_ty.span()=> #private::At<#ty>);
    }
    ty = quote_spanned!(value_ty.span()=> #private::Put<#marker, #ty>);
    for _ in 0..options {
        ty = quote_spanned!(value_ty.span()=> ::core::option::Option<#ty>);
    }
    ty
}

/// `value` with `Put` around what is inside its `Option`s.
fn put(model: &Model, private: &TokenStream, by: By, options: usize, value: &TokenStream) -> TokenStream {
    let Some(inside) = options.checked_sub(1) else {
        if model.is_placed() {
            let place = sealed::local("place");
            return quote!(#private::Put::new(#private::At::new(#value, &#place)));
        }
        return quote!(#private::Put::new(#value));
    };
    let option = match by {
        By::Value => quote!(#value),
        By::Reference => quote!(::core::option::Option::as_ref(#value)),
    };
    let put = put(model, private, by, inside, &quote!(value));
    quote!(::core::option::Option::map(#option, |value| #put))
}

fn is_primary_key(model: &Model, field: &Field) -> bool {
    let name = column_name(field);
    match foreign::primary_key(&model.diesel_attrs) {
        Some(names) => names.contains(&name),
        None => name == "id",
    }
}

/// Whether an option stands in a field's `#[diesel(…)]`.
pub(super) fn has(field: &Field, option: &str) -> bool {
    foreign::has(&field.diesel_attrs, option)
}
