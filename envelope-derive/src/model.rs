//! What was declared: the struct and its attributes, checked and resolved, as the expansions read it.

use proc_macro2::Span;
use syn::{Attribute, Generics, Ident, Path, Type, Visibility};

/// One struct with `#[derive(Encrypted)]`.
pub(crate) struct Model {
    pub(crate) ident: Ident,
    pub(crate) vis: Visibility,
    pub(crate) generics: Generics,
    /// Path of envelope-diesel if its code is to be emitted.
    pub(crate) diesel: Option<Path>,
    /// Path of envelope-sqlx if its code is to be emitted.
    pub(crate) sqlx: Option<Path>,
    /// Whether this struct declares the table's columns, or uses those that another declares.
    pub(crate) role: Role,
    /// The table's name in contexts and messages.
    pub(crate) table: String,
    /// `#[diesel(table_name = …)]`.
    pub(crate) diesel_table: Option<Path>,
    /// The struct's `#[diesel(…)]` attributes, as they stand.
    pub(crate) diesel_attrs: Vec<Attribute>,
    /// Opt-outs.
    pub(crate) no_from_row: bool,
    pub(crate) no_insert: bool,
    pub(crate) no_update: bool,
    pub(crate) fields: Vec<Field>,
}

pub(crate) enum Role {
    /// Emits the column markers.
    Declares,
    /// `columns = path::User`.
    Uses(Path),
}

pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// The field's name as the database has it.
    pub(crate) column: String,
    pub(crate) diesel_attrs: Vec<Attribute>,
    pub(crate) sqlx_attrs: Vec<Attribute>,
    /// `None` for a field without `#[encrypt]`.
    pub(crate) encrypted: Option<EncryptedField>,
    pub(crate) span: Span,
}

pub(crate) struct EncryptedField {
    /// `UserEmail`; with `columns = path::User`, `path::UserEmail`.
    pub(crate) marker: Path,
    /// The visibility of the marker, when this struct declares it.
    pub(crate) marker_vis: Visibility,
    /// `EMAIL`.
    pub(crate) constant: Ident,
    /// How many `Option` stand around the value: 0, 1, or 2 (`Option<Option<T>>`, changesets only).
    pub(crate) options: usize,
    /// The type inside of the options, as the user wrote it: `String`, `&'a str`, `Encrypted<UserEmail>`.
    pub(crate) value_ty: Type,
    /// The plaintext type, when this struct declares the column: `value_ty`, or what `type = …` says.
    pub(crate) plain_ty: Type,
    pub(crate) deterministic: bool,
    pub(crate) allow_low_cardinality: bool,
    pub(crate) read_plaintext: bool,
    /// `table.column`, or what `context = "…"` says.
    pub(crate) context: String,
}
