//! The syntax of `#[encrypt(…)]`: which options there are, where they stand, each of them once. What they mean together is
//! `check`'s affair.

pub(crate) mod foreign;
pub(crate) mod index;
mod items;
mod suggest;

use core::fmt;

use proc_macro2::{Ident, Span};
use syn::{
    Attribute, LitStr, Path, Type, parenthesized,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    token::{Comma, Paren},
};

use self::{
    index::{IndexAttrs, Step},
    items::{Item, Value},
};
use crate::errors::Errors;

/// The options of a struct.
#[derive(Default)]
pub(crate) struct StructAttrs {
    pub(crate) table: Option<LitStr>,
    pub(crate) columns: Option<Path>,
    pub(crate) krate: Option<Path>,
    pub(crate) diesel: Option<Integration>,
    pub(crate) sqlx: Option<Integration>,
    pub(crate) no_from_row: Option<Span>,
    pub(crate) no_insert: Option<Span>,
    pub(crate) no_update: Option<Span>,
    pub(crate) sealed: Option<Span>,
    pub(crate) bind: Option<Vec<Ident>>,
    pub(crate) tenant: Option<Ident>,
    /// Compound indexes.
    pub(crate) indexes: Vec<IndexAttrs>,
    /// Something stands there that was to tell whose columns these are, well or badly written.
    pub(crate) means_table: bool,
}

/// `diesel`, or `diesel(crate = path)`.
pub(crate) struct Integration {
    pub(crate) krate: Option<Path>,
}

/// The options of an encrypted field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    pub(crate) deterministic: Option<Span>,
    pub(crate) xaes: Option<Span>,
    pub(crate) allow_low_cardinality: Option<Span>,
    pub(crate) context: Option<LitStr>,
    pub(crate) plaintext: Option<LitStr>,
    pub(crate) encoding: Option<LitStr>,
    pub(crate) column: Option<LitStr>,
    pub(crate) ty: Option<Type>,
    pub(crate) normalize: Option<Vec<Step>>,
    pub(crate) indexes: Vec<IndexAttrs>,
}

/// The options of a type with `#[derive(Plaintext)]`.
#[derive(Default)]
pub(crate) struct PlaintextAttrs {
    pub(crate) krate: Option<Path>,
    pub(crate) no_queryable: Option<Span>,
}

/// The options of a variant of such an enum.
#[derive(Default)]
pub(crate) struct VariantAttrs {
    pub(crate) rename: Option<LitStr>,
}

/// Where an option may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Struct,
    Field,
    Plaintext,
    Variant,
}

/// Every option, with what its use looks like.
const OPTIONS: &[(Place, &str, &str)] = &[
    (Place::Struct, "table", "table = \"users\""),
    (Place::Struct, "columns", "columns = User"),
    (Place::Struct, "crate", "crate = path::to::crate"),
    (Place::Struct, "diesel", "diesel"),
    (Place::Struct, "sqlx", "sqlx"),
    (Place::Struct, "no_from_row", "no_from_row"),
    (Place::Struct, "no_insert", "no_insert"),
    (Place::Struct, "no_update", "no_update"),
    (Place::Struct, "sealed", "sealed"),
    (Place::Struct, "bind", "bind = id"),
    (Place::Struct, "tenant", "tenant = org_id"),
    (Place::Struct, "index", "index(columns = (last_name, birth_date), column = name_birth)"),
    (Place::Field, "deterministic", "deterministic"),
    (Place::Field, "xaes", "xaes"),
    (Place::Field, "allow_low_cardinality", "allow_low_cardinality"),
    (Place::Field, "context", "context = \"subscriber_email\""),
    (Place::Field, "plaintext", "plaintext = \"read\""),
    (Place::Field, "encoding", "encoding = \"text\""),
    (Place::Field, "column", "column = \"email\""),
    (Place::Field, "type", "type = String"),
    (Place::Field, "normalize", "deterministic, normalize = \"casefold,trim\""),
    (Place::Field, "index", "index(column = email_index)"),
    (Place::Plaintext, "crate", "crate = path::to::crate"),
    (Place::Plaintext, "no_queryable", "no_queryable"),
    (Place::Variant, "rename", "rename = \"active\""),
];

/// Reads the options of a struct.
pub(crate) fn of_struct(attributes: &[Attribute], errors: &mut Errors) -> StructAttrs {
    let mut attrs = StructAttrs::default();
    for attribute in encrypt(attributes) {
        if matches!(attribute.meta, syn::Meta::Path(_)) {
            errors.on(attribute, "say what of the struct: `#[encrypt(table = \"users\")]`; a field is encrypted by `#[encrypt]` above it");
        }
        for item in items::of(attribute, errors) {
            attrs.means_table |= suggest::nearest(&item.name(), ["table", "columns"].into_iter()).is_some();
            match item.name().as_str() {
                "table" => set(&mut attrs.table, &item, value(&item, Place::Struct, errors), errors),
                "columns" => set(&mut attrs.columns, &item, path(&item, Place::Struct, errors), errors),
                "crate" => set(&mut attrs.krate, &item, path(&item, Place::Struct, errors), errors),
                "diesel" => set(&mut attrs.diesel, &item, integration(&item, errors), errors),
                "sqlx" => set(&mut attrs.sqlx, &item, integration(&item, errors), errors),
                "no_from_row" => set(&mut attrs.no_from_row, &item, flag(&item, errors), errors),
                "no_insert" => set(&mut attrs.no_insert, &item, flag(&item, errors), errors),
                "no_update" => set(&mut attrs.no_update, &item, flag(&item, errors), errors),
                "sealed" => set(&mut attrs.sealed, &item, flag(&item, errors), errors),
                "bind" => set(&mut attrs.bind, &item, fields(&item, errors), errors),
                "tenant" => set(&mut attrs.tenant, &item, value(&item, Place::Struct, errors), errors),
                "index" => attrs.indexes.extend(index::index(&item, errors)),
                _ => unknown(&item, Place::Struct, errors),
            }
        }
    }
    attrs
}

/// Reads the options of a field; `None` if it is not encrypted.
pub(crate) fn of_field(attributes: &[Attribute], errors: &mut Errors) -> Option<FieldAttrs> {
    encrypt(attributes).next()?;
    let mut bare = None;
    let mut attrs = FieldAttrs::default();
    for attribute in encrypt(attributes) {
        if matches!(attribute.meta, syn::Meta::Path(_)) && bare.replace(()).is_some() {
            errors.on(attribute, "`#[encrypt]` stands here twice; keep one");
        }
        for item in items::of(attribute, errors) {
            let place = Place::Field;
            match item.name().as_str() {
                "deterministic" => set(&mut attrs.deterministic, &item, flag(&item, errors), errors),
                "xaes" => set(&mut attrs.xaes, &item, flag(&item, errors), errors),
                "allow_low_cardinality" => {
                    set(&mut attrs.allow_low_cardinality, &item, flag(&item, errors), errors);
                }
                "context" => set(&mut attrs.context, &item, value(&item, place, errors), errors),
                "plaintext" => set(&mut attrs.plaintext, &item, value(&item, place, errors), errors),
                "encoding" => set(&mut attrs.encoding, &item, value(&item, place, errors), errors),
                "column" => set(&mut attrs.column, &item, value(&item, place, errors), errors),
                "type" => set(&mut attrs.ty, &item, value(&item, place, errors), errors),
                "normalize" => {
                    let steps = index::steps(&item, errors);
                    if steps.is_none() {
                        malformed(&item, place, errors);
                    }
                    set(&mut attrs.normalize, &item, steps, errors);
                }
                "index" => attrs.indexes.extend(index::index(&item, errors)),
                _ => unknown(&item, place, errors),
            }
        }
    }
    Some(attrs)
}

/// Reads the options of a type with `#[derive(Plaintext)]`.
pub(crate) fn of_plaintext(attributes: &[Attribute], errors: &mut Errors) -> PlaintextAttrs {
    let mut attrs = PlaintextAttrs::default();
    for item in encrypt(attributes).flat_map(|attribute| items::of(attribute, errors)).collect::<Vec<_>>() {
        match item.name().as_str() {
            "crate" => set(&mut attrs.krate, &item, path(&item, Place::Plaintext, errors), errors),
            "no_queryable" => set(&mut attrs.no_queryable, &item, flag(&item, errors), errors),
            _ => unknown(&item, Place::Plaintext, errors),
        }
    }
    attrs
}

/// Reads the options of a variant.
pub(crate) fn of_variant(attributes: &[Attribute], errors: &mut Errors) -> VariantAttrs {
    let mut attrs = VariantAttrs::default();
    for item in encrypt(attributes).flat_map(|attribute| items::of(attribute, errors)).collect::<Vec<_>>() {
        match item.name().as_str() {
            "rename" => set(&mut attrs.rename, &item, value(&item, Place::Variant, errors), errors),
            _ => unknown(&item, Place::Variant, errors),
        }
    }
    attrs
}

fn encrypt(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("encrypt"))
}

/// Stores an option that was understood, unless it stands there already.
fn set<T>(slot: &mut Option<T>, item: &Item, value: Option<T>, errors: &mut Errors) {
    if slot.is_some() {
        errors.on(&item.name, format_args!("`{}` is given twice; keep one", item.name()));
    } else {
        *slot = value;
    }
}

fn flag(item: &Item, errors: &mut Errors) -> Option<Span> {
    if !matches!(item.value, Value::Absent) {
        errors.on(item, format_args!("`{0}` takes no value; write `#[encrypt({0})]`", item.name()));
    }
    // Whatever the value was, the option was wanted.
    Some(item.name.span())
}

fn value<T: Parse>(item: &Item, place: Place, errors: &mut Errors) -> Option<T> {
    let value = item.assigned();
    if value.is_none() {
        malformed(item, place, errors);
    }
    value
}

/// `bind = id`, or `bind = (org_id, id)`.
fn fields(item: &Item, errors: &mut Errors) -> Option<Vec<Ident>> {
    let list = |tokens: ParseStream<'_>| {
        if tokens.peek(Paren) {
            let inside;
            parenthesized!(inside in tokens);
            let names = Punctuated::<Ident, Comma>::parse_terminated(&inside)?;
            return Ok(names.into_iter().collect());
        }
        tokens.parse().map(|name| vec![name])
    };
    let parsed: Option<Vec<Ident>> = match &item.value {
        Value::Assigned(tokens) => list.parse2(tokens.clone()).ok(),
        Value::Absent | Value::List(_) => None,
    };
    if parsed.as_ref().is_none_or(Vec::is_empty) {
        errors.on(item, "`bind` names the fields of the row's id: `#[encrypt(bind = id)]`, or `#[encrypt(bind = (org_id, id))]`");
        return None;
    }
    parsed
}

fn path(item: &Item, place: Place, errors: &mut Errors) -> Option<Path> {
    let parsed = match &item.value {
        Value::Assigned(tokens) => Path::parse_mod_style.parse2(tokens.clone()).ok(),
        Value::Absent | Value::List(_) => None,
    };
    if parsed.is_none() {
        malformed(item, place, errors);
    }
    parsed
}

/// `diesel`, `sqlx`, alone or with `(crate = path)`.
fn integration(item: &Item, errors: &mut Errors) -> Option<Integration> {
    let mut krate = None;
    match &item.value {
        Value::Absent => {}
        Value::List(tokens) => {
            for inner in items::split(tokens.clone(), errors) {
                if inner.name() == "crate" {
                    set(&mut krate, &inner, path(&inner, Place::Struct, errors), errors);
                } else {
                    let name = item.name();
                    errors.on(
                        &inner.name,
                        format_args!("write `{name}`, or `{name}(crate = path::to::crate)`"),
                    );
                }
            }
        }
        Value::Assigned(_) => {
            let name = item.name();
            errors.on(item, format_args!("write `{name}`, or `{name}(crate = path::to::crate)`"));
        }
    }
    Some(Integration { krate })
}

fn malformed(item: &Item, place: Place, errors: &mut Errors) {
    let name = item.name();
    let example = OPTIONS.iter().find(|(at, option, _)| *at == place && *option == name);
    let example = example.map_or("", |(_, _, example)| example);
    errors.on(item, format_args!("`{name}` is written like this: `#[encrypt({example})]`"));
}

fn unknown(item: &Item, place: Place, errors: &mut Errors) {
    let name = item.name();
    let here = || OPTIONS.iter().filter(|(at, ..)| *at == place).map(|(_, option, _)| *option);
    let message = match (place, name.as_str()) {
        (Place::Field, "randomized" | "random") => "randomized is the default; write `#[encrypt]`".into(),
        (Place::Field, "rename") => "there is no option `rename`; did you mean `column`?".into(),
        (Place::Struct, "table_name") => "there is no option `table_name`; did you mean `table`?".into(),
        _ => match (OPTIONS.iter().find(|(_, option, _)| *option == name), suggest::nearest(&name, here())) {
            (Some((other, _, example)), _) => {
                format!("`{name}` has no meaning {place}; write `#[encrypt({example})]` {other}")
            }
            (None, Some(near)) => format!("there is no option `{name}`; did you mean `{near}`?"),
            (None, None) => format!("there is no option `{name}`; write one of {}", list(here())),
        },
    };
    errors.on(&item.name, message);
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Struct => "on a struct with `#[derive(Encrypted)]`",
            Self::Field => "on a field",
            Self::Plaintext => "on a type with `#[derive(Plaintext)]`",
            Self::Variant => "on a variant of an enum with `#[derive(Plaintext)]`",
        })
    }
}
