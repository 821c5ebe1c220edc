//! The rules of `bind`, `tenant` and `sealed`.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use crate::{
    attr::{FieldAttrs, StructAttrs, foreign},
    errors::Errors,
    model::{Field, Model},
    types,
};

pub(super) fn rules(
    model: &Model,
    attrs: &StructAttrs,
    field_attrs: &[Option<FieldAttrs>],
    errors: &mut Errors,
) {
    for (number, name) in model.bind.iter().enumerate() {
        if model.bind.iter().take(number).any(|other| other.unraw() == name.unraw()) {
            errors.on(name, format_args!("`{name}` is named twice; keep one"));
        } else {
            names_a_row(model, name, errors);
        }
    }
    if let Some(name) = &model.tenant {
        names_a_tenant(model, name, errors);
    }
    let deterministic = field_attrs.iter().flatten().filter_map(|attrs| attrs.deterministic);
    for span in deterministic.filter(|_| attrs.bind.is_some()) {
        errors.at(
            span,
            "equal values of a deterministic column have equal bytes in all rows, so it cannot be bound to its row; remove \
             `deterministic`, or `bind` from the struct, or keep the column in a table of its own",
        );
    }
    let no_default = |field: &&Field| {
        model.sealed
            && foreign::sqlx_has(&field.sqlx_attrs, "default")
            && field.encrypted.as_ref().is_some_and(|own| own.options == 0)
    };
    for field in model.fields.iter().filter(no_default) {
        errors.on(
            &field.ident,
            "a sealed field has no default value; remove `default`, or write the type in an `Option`",
        );
    }
    for field in model.fields.iter().filter(|_| model.sealed) {
        if let Some(own) = &field.encrypted
            && let Some(parameter) = types::parameter(&own.value_ty, &model.generics)
        {
            errors.on(
                &own.value_ty,
                format_args!("what is sealed has one type; write a type without the parameter `{parameter}`"),
            );
        }
    }
}

/// A field of the id to which values are bound.
fn names_a_row(model: &Model, name: &Ident, errors: &mut Errors) {
    let Some(field) = of_column(model, name, "bind", "the row's id", errors) else { return };
    if let Some(option) = types::option(&field.ty) {
        errors.on(
            &field.ty,
            format_args!(
                "values are bound to the id, which has to be known before they are sealed; write `{}`, and make ids in the \
                 application (a UUID, or the next value of a sequence)",
                quote::quote!(#option)
            ),
        );
    }
    if foreign::has(&field.diesel_attrs, "skip_insertion") {
        errors.on(
            &field.ident,
            "values are bound to the id, so it is known when the row is inserted; remove `skip_insertion`",
        );
    }
}

fn names_a_tenant(model: &Model, name: &Ident, errors: &mut Errors) {
    let Some(field) = of_column(model, name, "tenant", "the row's tenant", errors) else { return };
    if types::option(&field.ty).is_some() {
        errors.on(
            &field.ty,
            "a row without a tenant has no keys: write the type without `Option`, and keep rows of no tenant in a struct and \
             table of their own",
        );
    }
}

/// A field that is one plain column.
fn of_column<'a>(
    model: &'a Model,
    name: &Ident,
    option: &str,
    what: &str,
    errors: &mut Errors,
) -> Option<&'a Field> {
    let Some(field) = model.find(name) else {
        errors.on(
            name,
            format_args!(
                "`{option}` names the field of {what}, and there is no field `{name}`; a struct without it cannot read or write \
                 these columns"
            ),
        );
        return None;
    };
    if field.encrypted.is_some() {
        errors.on(
            name,
            format_args!(
                "{what} is read before anything is opened, so it cannot be encrypted; name a plain field"
            ),
        );
        return None;
    }
    let shape =
        ["flatten", "skip", "default"].into_iter().find(|name| foreign::sqlx_has(&field.sqlx_attrs, name));
    let shape = shape.or_else(|| foreign::has(&field.diesel_attrs, "embed").then_some("embed"));
    if let Some(shape) = shape {
        errors.on(
            &field.ident,
            format_args!("{what} is a column that is always there, which `{shape}` is not; remove it"),
        );
        return None;
    }
    Some(field)
}
