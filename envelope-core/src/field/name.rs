//! What a column is called in errors.

use core::fmt;

/// The name of a column, for error messages: `table.column`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldName {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
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
