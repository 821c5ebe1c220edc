//! The rules of `index(…)` and `normalize = …`.

use syn::{LitInt, LitStr, ext::IdentExt};

use crate::{
    attr::{
        FieldAttrs, StructAttrs, foreign,
        index::{self, IndexAttrs},
    },
    errors::Errors,
    expand::Trait,
    model::{EncryptedField, Field, Model, Role},
    names,
};

/// Of a whole struct: compound indexes.
pub(super) fn compound(model: &Model, attrs: &StructAttrs, errors: &mut Errors) {
    for attrs in &attrs.indexes {
        options(model, attrs, errors);
        for (name, steps) in &attrs.columns {
            index::check(steps, errors);
            match model.find(name) {
                Some(field) if field.encrypted.is_some() => {}
                Some(_) => errors.on(
                    name,
                    format_args!(
                        "`{name}` is not encrypted; an index is of encrypted fields, and the database can search the others itself"
                    ),
                ),
                None => errors.on(name, format_args!("there is no field `{name}`")),
            }
        }
        if attrs.columns.len() < 2 || attrs.columns.len() > 4 {
            errors.at(
                attrs.span,
                "an index on the struct is of two to four fields, `index(columns = (last_name, birth_date), column = name_birth)`; one of \
                 a single field stands on the field",
            );
        }
        if let Some(steps) = attrs.normalize.as_ref().and_then(|steps| steps.first()) {
            errors.on(
                tokens(steps),
                "each field of a compound index has its own: `columns = (last_name = \"casefold,trim\", birth_date)`",
            );
        }
        let parts = attrs.prefix.as_ref().or(attrs.suffix.as_ref()).or(attrs.bucket.as_ref());
        if let Some(part) = parts {
            errors.on(part, "a compound index is of whole values");
        }
        for span in [attrs.words, attrs.trigrams].into_iter().flatten() {
            errors.at(span, "a compound index is of whole values");
        }
        if let Some(table) = &attrs.table {
            errors.on(table, "a compound index is a column beside the others; remove `table`");
        }
        let fields: Vec<_> = attrs.columns.iter().filter_map(|(name, _)| model.find(name)).collect();
        for field in &fields {
            replaced(field, attrs, errors);
        }
        written(model, &fields, attrs, errors);
    }
}

/// That Diesel writes all fields of a compound index, or none: it cannot be made of some.
fn written(model: &Model, fields: &[&Field], attrs: &IndexAttrs, errors: &mut Errors) {
    let writes = [
        ("insert", "no_insert", !model.no_insert, written_by(model, Trait::Insertable)),
        ("update", "no_update", !model.no_update, written_by(model, Trait::AsChangeset)),
    ];
    for (what, remedy, is_emitted, is_written) in writes {
        let count = fields.iter().filter(|field| is_written(field)).count();
        if model.diesel.is_some() && is_emitted && count > 0 && count < fields.len() {
            errors.at(
                attrs.span,
                format_args!(
                    "an {what} writes some of the fields of this index and not the others, so that the index would be left behind; write \
                     `{remedy}`, and {what} by a struct with all of them"
                ),
            );
        }
    }
}

fn written_by(model: &Model, which: Trait) -> impl Fn(&&&Field) -> bool {
    move |field| which.writes(model, field)
}

/// The index is made of the field's value.
fn replaced(field: &Field, attrs: &IndexAttrs, errors: &mut Errors) {
    if foreign::has(&field.diesel_attrs, "serialize_as") || foreign::has(&field.diesel_attrs, "embed") {
        errors.at(
            attrs.span,
            "the index is made of the field's value, which `serialize_as` and `embed` replace",
        );
    }
}

/// Of one field.
pub(super) fn field(
    model: &Model,
    field: &Field,
    own: &EncryptedField,
    attrs: &FieldAttrs,
    errors: &mut Errors,
) {
    let step = attrs.normalize.as_ref().and_then(|steps| steps.first());
    if let (Some(step), Role::Declares, false) = (step, &model.role, own.deterministic) {
        errors.on(
            tokens(step),
            "what is randomized is not searched, so there is nothing to make alike; write `deterministic` beside it, or put \
             `normalize` into an `index(…)`, which leaves the value as it is",
        );
    }
    for attrs in &attrs.indexes {
        options(model, attrs, errors);
        if let Some((name, _)) = attrs.columns.first() {
            errors.on(name, "an index of several fields stands on the struct: `#[encrypt(index(columns = (…), column = …))]`");
        }
        let multiple = attrs.words.or(attrs.trigrams);
        match (multiple, &attrs.table) {
            (Some(span), None) => errors.at(
                span,
                "each value has several of these, which need a table of their own: `index(table = user_words, row = user_id, words)`",
            ),
            (None, Some(table)) => errors.on(
                table,
                "this index has one term for each value and is a column beside it; remove `table`, or write `words` or `trigrams`",
            ),
            _ => {}
        }
        replaced(field, attrs, errors);
    }
}

/// What one index says of itself.
fn options(model: &Model, attrs: &IndexAttrs, errors: &mut Errors) {
    let kinds = [&attrs.prefix, &attrs.suffix, &attrs.bucket].into_iter().flatten();
    let mut kinds: Vec<_> = kinds.map(LitInt::span).chain(attrs.words).chain(attrs.trigrams).collect();
    kinds.truncate(2);
    if let [_, second] = *kinds {
        errors.at(second, "an index is of one kind: `prefix`, `suffix`, `bucket`, `words` or `trigrams`; write another index");
    }
    if let Some(span) = attrs.shadow
        && (kinds_of_parts(attrs) || attrs.bits.as_ref().is_some_and(is_short))
    {
        errors.at(
            span,
            "a shadow keeps a column UNIQUE, and is an index of whole values with 128 bits or more",
        );
    }
    if let Role::Uses(path) = &model.role {
        used(&names::last(path), attrs, errors);
        return;
    }
    number(attrs.bits.as_ref(), 4, 256, "a term has 4 to 256 bits", errors);
    number(attrs.prefix.as_ref(), 1, 1000, "a prefix has 1 to 1000 characters", errors);
    number(attrs.suffix.as_ref(), 1, 1000, "a suffix has 1 to 1000 characters", errors);
    number(attrs.bucket.as_ref(), 1, u64::MAX >> 1, "a bucket is 1 wide or wider", errors);
    if attrs.bucket.is_none() {
        for end in [&attrs.first, &attrs.last].into_iter().flatten() {
            errors.at(end.span, "only an index of buckets has ends; write `bucket = …` beside it");
        }
    }
    if let (Some(first), Some(last)) = (&attrs.first, &attrs.last)
        && (first.value > last.value || first.is_date != last.is_date)
    {
        errors.at(last.span, "`first` and `last` are the ends of a range, both numbers or both dates");
    }
    if let Some(step) =
        attrs.normalize.as_ref().and_then(|steps| steps.first()).filter(|_| attrs.bucket.is_some())
    {
        errors.on(tokens(step), "only text is normalised, and text has no buckets");
    }
    let contexts = attrs.context.as_ref().map(LitStr::value);
    if let (Some(context), Some(literal)) = (contexts, &attrs.context)
        && (context.is_empty() || context.len() > super::MAX_CONTEXT)
    {
        errors.on(literal, "a context has 1 to 255 bytes");
    }
}

fn kinds_of_parts(attrs: &IndexAttrs) -> bool {
    let of_parts = attrs.prefix.is_some() || attrs.suffix.is_some() || attrs.bucket.is_some();
    of_parts || attrs.words.is_some() || attrs.trigrams.is_some()
}

fn is_short(bits: &LitInt) -> bool {
    bits.base10_parse::<u16>().is_ok_and(|bits| bits < 128)
}

/// What a struct may say of an index that another declares: its name.
fn used(declaring: &str, attrs: &IndexAttrs, errors: &mut Errors) {
    let numbers = [&attrs.bits, &attrs.prefix, &attrs.suffix, &attrs.bucket];
    let spans = numbers.into_iter().flatten().map(LitInt::span);
    let spans = spans
        .chain(attrs.context.as_ref().map(LitStr::span))
        .chain(attrs.first.as_ref().map(|end| end.span))
        .chain(attrs.last.as_ref().map(|end| end.span))
        .chain(attrs.shadow)
        .chain(attrs.allow_low_cardinality);
    for span in spans {
        errors.at(span, format_args!("`{declaring}` declares this index; name its column only"));
    }
    if let Some(step) = attrs.normalize.as_ref().and_then(|steps| steps.first()) {
        errors.on(tokens(step), format_args!("`{declaring}` declares this index; name its column only"));
    }
}

fn number(literal: Option<&LitInt>, least: u64, most: u64, message: &str, errors: &mut Errors) {
    if let Some(literal) = literal
        && !literal.base10_parse::<u64>().is_ok_and(|number| (least..=most).contains(&number))
    {
        errors.on(literal, message);
    }
}

/// Where a step stands.
fn tokens(step: &index::Step) -> proc_macro2::TokenStream {
    match step {
        index::Step::Named(text, _) => quote::quote!(#text),
        index::Step::Function(path) => quote::quote!(#path),
    }
}

/// Where an index has a table of its own, its rows name a field.
pub(super) fn keys(model: &Model, errors: &mut Errors) {
    for index in model.indexes() {
        if let Some(terms) = &index.terms
            && !terms.is_key_given
            && model.find(&terms.key).is_none()
        {
            errors.at(
                index.span,
                format_args!("there is no field `{}` that rows of the index could name; say which column they name: `key = …`", terms.key),
            );
        }
    }
}

/// Markers of indexes and of columns have names of their own.
pub(super) fn unique(model: &Model, errors: &mut Errors) {
    let mut taken: Vec<(String, String)> = Vec::new();
    for field in &model.fields {
        if let Some(encrypted) = &field.encrypted {
            taken.push((names::last(&encrypted.marker), field.ident.unraw().to_string()));
        }
    }
    for index in model.indexes() {
        let marker = names::last(&index.marker);
        match taken.iter().find(|(other, _)| *other == marker) {
            Some((_, other)) => errors.at(
                index.span,
                format_args!("`{other}` gives the marker `{marker}` already; give the index another column"),
            ),
            None => taken.push((marker, index.column.clone())),
        }
    }
}
