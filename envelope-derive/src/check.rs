//! The rules across attributes and types. All of them are looked at, so that one build tells everything.

mod index;
mod place;

use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, FieldsNamed, LitStr, ext::IdentExt, spanned::Spanned};

use crate::{
    attr::{FieldAttrs, StructAttrs, foreign, index::Step},
    errors::Errors,
    model::{EncryptedField, Entry, Field, Model, Role},
    names::{self, last},
    types,
};

/// FORMAT.md#conventions: the most bytes of a context.
pub(crate) const MAX_CONTEXT: usize = 255;

/// The fields, if the input has fields with names.
pub(crate) fn shape<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a FieldsNamed> {
    let found = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            Fields::Unnamed(_) => "a tuple struct",
            Fields::Unit => "a unit struct",
        },
        Data::Enum(_) => "an enum",
        Data::Union(_) => "a union",
    };
    let ident = &input.ident;
    errors.on(
        ident,
        format_args!(
            "columns are named after fields, and `{ident}` is {found}; write a struct with named fields, or \
             `#[derive(Plaintext)]` to make the type itself a value that can be encrypted"
        ),
    );
    None
}

/// Everything that has to hold of a struct and its fields.
pub(crate) fn rules(
    entry: Entry,
    model: &Model,
    attrs: &StructAttrs,
    field_attrs: &[Option<FieldAttrs>],
    errors: &mut Errors,
) {
    table(model, attrs, errors);
    integrations(entry, model, attrs, errors);
    place::rules(model, attrs, field_attrs, errors);
    index::compound(model, attrs, errors);
    index::unique(model, errors);
    index::keys(model, errors);
    if let Role::Uses(path) = &model.role {
        if path.is_ident(&model.ident) {
            errors.on(path, "`columns` names another struct, which declares the columns; remove it here");
        }
        if let Some(table) = &attrs.table {
            errors.on(table, format_args!("`{}` names the table; remove `table` here", last(path)));
        }
    }
    let encrypted = || model.fields.iter().filter_map(|field| Some((field, field.encrypted.as_ref()?)));
    if encrypted().next().is_none() {
        errors.on(&model.ident, "no field is encrypted; write `#[encrypt]` above one, or remove the derive");
    }
    for (number, (field, own)) in encrypted().enumerate() {
        let mut before = encrypted().take(number);
        if let Some((other, _)) = before
            .find(|(_, other)| last(&other.marker) == last(&own.marker) || other.constant == own.constant)
        {
            errors.on(
                &field.ident,
                format_args!(
                    "`{}` and `{}` both give the marker `{}`; rename one",
                    other.ident,
                    field.ident,
                    last(&own.marker)
                ),
            );
        }
    }
    for (field, attrs) in model.fields.iter().zip(field_attrs) {
        if let (Some(own), Some(attrs)) = (&field.encrypted, attrs) {
            names(field, attrs, errors);
            index::field(model, field, own, attrs, errors);
            match &model.role {
                Role::Declares => declared(model, own, field, attrs, errors),
                Role::Uses(path) => used(&last(path), own, field, attrs, errors),
            }
        }
    }
}

fn table(model: &Model, attrs: &StructAttrs, errors: &mut Errors) {
    let guess = names::table_of(&model.ident);
    if model.diesel.is_some() && model.diesel_table.is_none() {
        errors.on(&model.ident, format_args!("name the table: `#[diesel(table_name = {guess})]`"));
    } else if matches!(model.role, Role::Declares)
        && model.table.is_empty()
        && (attrs.table.is_some() || !attrs.means_table)
    {
        let place = attrs.table.as_ref().map_or(model.ident.span(), LitStr::span);
        errors.at(
            place,
            format_args!(
                "name the table: `#[encrypt(table = \"{guess}\")]`; values are bound to its name, so it is never \
                 taken from the struct's"
            ),
        );
    }
}

/// What was asked of an integration whose code is not emitted, or asked twice.
fn integrations(entry: Entry, model: &Model, attrs: &StructAttrs, errors: &mut Errors) {
    let mut without = |span: Option<Span>, option: &str, orm: &str, integration: &str| {
        if let Some(span) = span {
            errors.at(
                span,
                format_args!("`{option}` is for {orm}; remove it, or add `{integration}` beside it"),
            );
        }
    };
    if model.diesel.is_none() {
        without(attrs.no_insert, "no_insert", "Diesel", "diesel");
        without(attrs.no_update, "no_update", "Diesel", "diesel");
    }
    if model.sqlx.is_none() {
        without(attrs.no_from_row, "no_from_row", "SQLx", "sqlx");
    }
    let (integration, name) = match entry {
        Entry::Diesel => (&attrs.diesel, "diesel"),
        Entry::Sqlx => (&attrs.sqlx, "sqlx"),
    };
    if let (Some(krate), Some(other)) = (&attrs.krate, integration)
        && other.krate.is_some()
    {
        errors.on(krate, format_args!("the crate's path is given twice; keep `{name}(crate = …)`"));
    }
}

fn names(field: &Field, attrs: &FieldAttrs, errors: &mut Errors) {
    if let Some(column) = &attrs.column
        && column.value().is_empty()
    {
        errors.on(column, "a column has a name: `#[encrypt(column = \"email\")]`");
    }
    let diesel = foreign::diesel_column(&field.diesel_attrs).map(|column| column.unraw().to_string());
    let names = (diesel, foreign::sqlx_rename(&field.sqlx_attrs));
    if let (None, (Some(diesel), Some(sqlx))) = (&attrs.column, names)
        && diesel != sqlx
    {
        errors.on(
            &field.ident,
            format_args!(
                "Diesel calls this column `{diesel}` and SQLx `{sqlx}`; say what the database calls it: \
                 `#[encrypt(column = \"{sqlx}\")]`"
            ),
        );
    }
    if let Some(option) = foreign::sqlx_shape(&field.sqlx_attrs) {
        errors.on(
            &option,
            format_args!("an encrypted field is one column, which `{option}` is not; remove one of the two"),
        );
    }
}

/// A field whose column this struct declares.
fn declared(model: &Model, own: &EncryptedField, field: &Field, attrs: &FieldAttrs, errors: &mut Errors) {
    if let (Some(span), None) = (attrs.allow_low_cardinality, attrs.deterministic) {
        errors.at(
            span,
            "only deterministic columns care for cardinality; write `#[encrypt(deterministic, allow_low_cardinality)]` or `#[encrypt]`",
        );
    }
    if let (Some(span), Some(_)) = (attrs.xaes, attrs.deterministic) {
        errors.at(
            span,
            "deterministic values have no nonce, whose length `xaes` is about; write `#[encrypt(deterministic)]` or `#[encrypt(xaes)]`",
        );
    }
    if let Some(rule) = attrs.plaintext.as_ref().filter(|rule| rule.value() != "read") {
        errors.on(rule, "rows in plaintext can be read and never written; write `plaintext = \"read\"`");
    }
    if let Some(encoding) = attrs.encoding.as_ref().filter(|encoding| encoding.value() != "text") {
        errors.on(encoding, "a column holds bytes, or text by `encoding = \"text\"`");
    }
    match &attrs.context {
        Some(context) if context.value().is_empty() => errors.on(
            context,
            "a context has 1 to 255 bytes; remove `context` to bind values to their table and column",
        ),
        Some(context) if context.value().len() > MAX_CONTEXT => {
            errors.on(context, "a context has 1 to 255 bytes; write a shorter one");
        }
        None if own.context.len() > MAX_CONTEXT => errors.on(
            &field.ident,
            "the names of table and column have more than 254 bytes; write `#[encrypt(context = \"…\")]`",
        ),
        Some(_) | None => {}
    }
    plaintext_type(model, own, field, attrs, errors);
}

/// The type of a field whose column this struct declares: it owns its plaintext, and that is one type.
fn plaintext_type(
    model: &Model,
    own: &EncryptedField,
    field: &Field,
    attrs: &FieldAttrs,
    errors: &mut Errors,
) {
    let this = &model.ident;
    if own.options > 1 {
        errors.on(
            &field.ty,
            "a column is NULL or has a value: write one `Option`; a changeset with `Option<Option<…>>` is a struct of its own, with `#[encrypt(columns = …)]`",
        );
    }
    if let Some(argument) = types::wrapped(&own.value_ty) {
        if !types::is_named(argument, &last(&own.marker)) {
            errors.on(
                argument,
                format_args!("the marker of this field is `{0}`; write `Encrypted<{0}>`", last(&own.marker)),
            );
        }
        if attrs.ty.is_none() {
            errors.on(&own.value_ty, "say what is encrypted: `#[encrypt(type = String)]`");
        }
    }
    if attrs.ty.is_some() && types::without_options(&own.plain_ty).0 > 0 {
        errors.on(&own.plain_ty, "NULL is not encrypted: write the type without `Option`");
    }
    if let Some(span) = types::borrow(&own.plain_ty) {
        errors.at(
            span,
            format_args!(
                "`{this}` declares this column and has to own its plaintext, as in `String`; a struct that borrows says \
                 `#[encrypt(columns = …)]`"
            ),
        );
    } else if let Some(parameter) = types::parameter(&own.plain_ty, &model.generics) {
        errors.on(
            &own.plain_ty,
            format_args!(
                "a column holds values of one type; write a type without the parameter `{parameter}`"
            ),
        );
    }
}

/// A field whose column another struct declares.
fn used(declaring: &str, own: &EncryptedField, field: &Field, attrs: &FieldAttrs, errors: &mut Errors) {
    let mut refuse = |span: Option<Span>, option: &str| {
        if let Some(span) = span {
            errors.at(span, format_args!("`{declaring}` declares this column; remove `{option}` here"));
        }
    };
    refuse(attrs.deterministic, "deterministic");
    refuse(attrs.xaes, "xaes");
    refuse(attrs.allow_low_cardinality, "allow_low_cardinality");
    refuse(attrs.context.as_ref().map(LitStr::span), "context");
    refuse(attrs.plaintext.as_ref().map(LitStr::span), "plaintext");
    refuse(attrs.encoding.as_ref().map(LitStr::span), "encoding");
    refuse(attrs.ty.as_ref().map(Spanned::span), "type");
    let step = attrs.normalize.as_ref().and_then(|steps| steps.first());
    refuse(
        step.map(|step| match step {
            Step::Named(text, _) => text.span(),
            Step::Function(path) => path.span(),
        }),
        "normalize",
    );
    if own.options > 2 {
        errors.on(&field.ty, "write at most `Option<Option<…>>`: no change, NULL, or a value");
    }
    if let Some(inner) = types::referent(&own.value_ty)
        && types::without_options(inner).0 > 0
    {
        errors.on(&field.ty, "put the reference inside: `Option<&…>`");
    }
}
