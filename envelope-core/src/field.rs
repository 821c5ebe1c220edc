//! The vocabulary of columns: which column a value belongs to, and how it is protected.

use core::fmt;

use crate::plaintext::Plaintext;

/// How a column's values are protected; part of the column's declaration, never chosen per value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third mode is a new suite and has to be handled everywhere")]
pub enum Mode {
    /// A fresh nonce for each value: equal plaintexts have different ciphertexts. Cannot be searched.
    Randomized,
    /// Equal plaintexts have equal ciphertexts, so the database can compare them; it learns which rows are equal.
    Deterministic,
}

/// What a column does with stored bytes that are not an envelope, as they stand in a table that is being encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaintextRows {
    /// Reading one is [`OpenError::NotAnEnvelope`](crate::OpenError::NotAnEnvelope). The default.
    Refuse,
    /// Reading one gives its bytes, decoded as the column's plaintext type. For the time of a migration; nothing is
    /// ever written in plaintext.
    Read,
}

/// The name of a column, for error messages: `table.column`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldName {
    table: &'static str,
    column: &'static str,
}

impl FieldName {
    /// The table's name.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        self.table
    }

    /// The column's name.
    #[must_use]
    pub const fn column(&self) -> &'static str {
        self.column
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.column)
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Everything that the core has to know about a column.
///
/// The derive writes one for each `#[encrypt]` field; it is built in a constant, so a context that the format
/// does not permit is an error at compile time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    name: FieldName,
    context: &'static str,
    mode: Mode,
    plaintext_rows: PlaintextRows,
}

impl Field {
    /// Describes a column. `context` is what its values are bound to: `table.column`, unless columns share one.
    ///
    /// # Panics
    ///
    /// When `context` is empty or longer than 255 bytes (FORMAT.md#conventions); in a constant this is a
    /// compile error.
    #[must_use]
    pub const fn new(table: &'static str, column: &'static str, context: &'static str, mode: Mode) -> Self {
        assert!(
            !context.is_empty() && context.len() <= 255,
            "the context of an encrypted column has 1 to 255 bytes"
        );
        Self { name: FieldName { table, column }, context, mode, plaintext_rows: PlaintextRows::Refuse }
    }

    /// The same column with another rule for rows that are not encrypted yet.
    #[must_use]
    pub const fn plaintext_rows(mut self, rule: PlaintextRows) -> Self {
        self.plaintext_rows = rule;
        self
    }

    /// The column's name.
    #[must_use]
    pub const fn name(&self) -> FieldName {
        self.name
    }

    /// What values are bound to. Columns with the same context (and mode) can hold each other's values.
    #[must_use]
    pub const fn context(&self) -> &'static str {
        self.context
    }

    /// How values are protected.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// What happens to rows that are not encrypted yet.
    #[must_use]
    pub const fn plaintext_rule(&self) -> PlaintextRows {
        self.plaintext_rows
    }
}

/// An encrypted column, as a type: the derive emits one zero-sized type for each `#[encrypt]` field.
///
/// `User` with `#[encrypt(deterministic)] email: String` gives the type `UserEmail` and the constant `User::EMAIL`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an encrypted column",
    label = "expected a column marker such as `User::EMAIL`",
    note = "`#[derive(Encrypted)]` on `User` emits the marker `UserEmail` for its field `#[encrypt] email`"
)]
pub trait Column: Copy + Send + Sync + fmt::Debug + 'static {
    /// The plaintext's type, without `Option`: `NULL` is not encrypted.
    type Plain: Plaintext;
    /// [`Randomized`] or [`Deterministic`].
    type Mode: ColumnMode;
    /// The column's description.
    const FIELD: Field;
}

/// A column whose values can be compared by the database: its mode is deterministic.
pub trait SearchableColumn: Column {}

impl<C: Column> SearchableColumn for C where C::Mode: SearchableMode<C> {}

/// The mode that makes the column `C` searchable. A trait of its own, since a bound on `Column::Mode` would be reported as a
/// type that differs (E0271), and not in these words.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{C}` is randomized and cannot be compared or searched",
    label = "randomized encryption: equal plaintexts have different ciphertexts",
    note = "mark the field `#[encrypt(deterministic)]` to search it; the database then learns which rows are equal"
)]
pub trait SearchableMode<C>: ColumnMode {}

impl<C> SearchableMode<C> for Deterministic {}

/// The modes of a column, as types. Sealed.
pub trait ColumnMode: sealed::Sealed + Send + Sync + 'static {
    /// The same, as a value.
    const MODE: Mode;
}

/// Type-level [`Mode::Randomized`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Randomized;

/// Type-level [`Mode::Deterministic`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Deterministic;

impl ColumnMode for Randomized {
    const MODE: Mode = Mode::Randomized;
}

impl ColumnMode for Deterministic {
    const MODE: Mode = Mode::Deterministic;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
    impl Sealed for super::Randomized {}
    impl Sealed for super::Deterministic {}
}
