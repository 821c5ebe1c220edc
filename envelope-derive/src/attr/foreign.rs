//! What Diesel's and SQLx's own attributes say about names. Everything else in them is for those who read it.

use proc_macro2::{Ident, TokenStream};
use syn::{
    Attribute, LitStr, Path,
    parse::{Parse, Parser},
    punctuated::Punctuated,
    token::Comma,
};

use super::items::{self, Item, Value};
use crate::{errors::Errors, names};

/// `#[diesel(table_name = …)]`.
pub(crate) fn diesel_table(attributes: &[Attribute]) -> Option<Path> {
    find(attributes, "diesel", "table_name")?.assigned()
}

/// `#[diesel(column_name = …)]`, which Diesel takes as an identifier or a string.
pub(crate) fn diesel_column(attributes: &[Attribute]) -> Option<Ident> {
    let item = find(attributes, "diesel", "column_name")?;
    item.assigned().or_else(|| item.assigned::<LitStr>()?.parse().ok())
}

/// `#[sqlx(rename = "…")]`.
pub(crate) fn sqlx_rename(attributes: &[Attribute]) -> Option<String> {
    Some(find(attributes, "sqlx", "rename")?.assigned::<LitStr>()?.value())
}

/// The options of a field's `#[sqlx(…)]` that give it another shape than that of a single column.
pub(crate) fn sqlx_shape(attributes: &[Attribute]) -> Option<Ident> {
    ["flatten", "skip", "json", "try_from"]
        .into_iter()
        .find_map(|name| Some(find(attributes, "sqlx", name)?.name))
}

/// `#[sqlx(rename_all = "…")]`, applied to the name of a field.
pub(crate) fn sqlx_rename_all(attributes: &[Attribute], field: &Ident) -> Option<String> {
    let style = find(attributes, "sqlx", "rename_all")?.assigned::<LitStr>()?.value();
    names::in_style(field, &style)
}

/// Whether an option stands in a `#[diesel(…)]`.
pub(crate) fn has(attributes: &[Attribute], name: &str) -> bool {
    find(attributes, "diesel", name).is_some()
}

/// Whether an option stands in a `#[sqlx(…)]`.
pub(crate) fn sqlx_has(attributes: &[Attribute], name: &str) -> bool {
    find(attributes, "sqlx", name).is_some()
}

/// The value of an option in a `#[diesel(…)]`.
pub(crate) fn assigned<T: Parse>(attributes: &[Attribute], name: &str) -> Option<T> {
    find(attributes, "diesel", name)?.assigned()
}

/// What a `#[diesel(primary_key(…))]` lists.
pub(crate) fn primary_key(attributes: &[Attribute]) -> Option<Vec<Ident>> {
    match find(attributes, "diesel", "primary_key")?.value {
        Value::List(tokens) => {
            Some(Punctuated::<_, Comma>::parse_terminated.parse2(tokens).ok()?.into_iter().collect())
        }
        Value::Absent | Value::Assigned(_) => None,
    }
}

/// The attributes of one tool, for the expansions.
pub(crate) fn of(attributes: &[Attribute], tool: &str) -> Vec<Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident(tool)).cloned().collect()
}

fn find(attributes: &[Attribute], tool: &str, name: &str) -> Option<Item> {
    // What is wrong in these attributes is told by the derive that owns them.
    let ignored = &mut Errors::default();
    let lists = attributes.iter().filter(|attribute| attribute.path().is_ident(tool));
    let tokens = lists.filter_map(|attribute| attribute.parse_args::<TokenStream>().ok());
    tokens.flat_map(|tokens| items::split(tokens, ignored)).find(|item| item.name() == name)
}
