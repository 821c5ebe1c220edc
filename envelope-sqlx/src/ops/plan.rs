//! What is to be done with which columns of a table.

use core::fmt;
use std::{collections::BTreeMap, sync::Arc};

use envelope_core::{Field, Import, IndexKey, KeyId};

/// Which columns of a table a run is about, and between which columns values move. The default: all declared columns, each in place.
#[derive(Clone, Default)]
pub struct Plan {
    /// Empty: all.
    pub(crate) columns: Vec<String>,
    /// Encrypted column → plaintext column.
    pub(crate) plaintext: BTreeMap<String, String>,
    pub(crate) former: BTreeMap<String, Field>,
    pub(crate) importers: BTreeMap<String, Arc<dyn Import>>,
    /// The search key that searched columns are brought under; else as they are declared.
    pub(crate) key: Option<IndexKey>,
    /// Only what is under one of these keys.
    pub(crate) under: Option<Vec<KeyId>>,
}

impl Plan {
    /// All declared columns of the table, each in place.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only this column, and others that are named so.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>) -> Self {
        self.columns.push(name.into());
        self
    }

    /// The plaintext of an encrypted column stands in another column: it is encrypted from there, and decrypted to there.
    #[must_use]
    pub fn plaintext_in(mut self, encrypted: impl Into<String>, plaintext: impl Into<String>) -> Self {
        self.plaintext.insert(encrypted.into(), plaintext.into());
        self
    }

    /// Values of the column that do not open as it is declared are opened as this, and sealed as it is declared: the context was changed, or
    /// the column was bound to its rows.
    #[must_use]
    pub fn formerly(mut self, column: impl Into<String>, field: Field) -> Self {
        self.former.insert(column.into(), field);
        self
    }

    /// The column's values were encrypted by something else, of which the keyring does not know.
    #[must_use]
    pub fn import(mut self, column: impl Into<String>, importer: impl Import) -> Self {
        self.importers.insert(column.into(), Arc::new(importer));
        self
    }

    /// Whether the plan is about a column.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.columns.is_empty() || self.columns.iter().any(|name| name == column)
    }

    /// Every column that the plan names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.columns
            .iter()
            .chain(self.plaintext.keys())
            .chain(self.former.keys())
            .chain(self.importers.keys())
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan")
            .field("columns", &self.columns)
            .field("plaintext", &self.plaintext)
            .finish_non_exhaustive()
    }
}
