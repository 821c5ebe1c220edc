//! The encrypted columns of a struct, as a list: for tools that work on whole tables.

use super::{Column, Field};
use crate::plaintext::{FromPlaintext as _, PlaintextKind};

/// A struct that declares encrypted columns: `#[derive(Encrypted)]` without `columns = …`.
///
/// ```
/// use envelope_core::{DeclaredColumn, DeclaredColumns};
///
/// fn names<T: DeclaredColumns>() -> Vec<String> {
///     T::COLUMNS.iter().map(|column: &DeclaredColumn| column.field().name().to_string()).collect()
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` declares no encrypted columns",
    label = "expected a struct with `#[derive(Encrypted)]`",
    note = "a struct with `#[encrypt(columns = User)]` uses the columns that `User` declares; name that one"
)]
pub trait DeclaredColumns {
    /// Its encrypted columns, in the order of its fields.
    const COLUMNS: &'static [DeclaredColumn];
}

/// An encrypted column as its struct declares it, without its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredColumn {
    field: Field,
    kind: PlaintextKind,
}

impl DeclaredColumn {
    /// The column of a marker.
    #[must_use]
    pub const fn of<C: Column>() -> Self {
        Self::new(C::FIELD, C::Plain::KIND)
    }

    /// A column that is described elsewhere than by a struct.
    #[must_use]
    pub const fn new(field: Field, kind: PlaintextKind) -> Self {
        Self { field, kind }
    }

    /// What the core knows of it.
    #[must_use]
    pub const fn field(&self) -> &Field {
        &self.field
    }

    /// What its plaintexts are.
    #[must_use]
    pub const fn kind(&self) -> PlaintextKind {
        self.kind
    }
}
