//! The vocabulary of columns: which column a value belongs to, and how it is protected.

mod column;
mod declared;
mod index;
mod name;
mod normalizer;

use core::fmt;

pub use column::{
    BoundColumn, BoundMode, Candidates, Column, ColumnMode, Deterministic, Exact, IndexMode, IndexedColumn,
    Randomized, RowBound, SearchableColumn, SearchableMode, Terms, UnboundColumn, UnboundMode,
};
pub use declared::{DeclaredColumn, DeclaredColumns};
pub use index::{Buckets, Index, IndexKey, Take, TermTable};
pub use name::FieldName;
pub use normalizer::Normalizer;
#[cfg(all(test, feature = "phone"))]
pub(crate) use normalizer::REGIONS;
#[cfg(feature = "phone")]
pub(crate) use normalizer::is_region;

/// How a column's values are protected; part of the column's declaration, never chosen per value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a further mode is a new suite and has to be handled everywhere")]
pub enum Mode {
    /// A fresh nonce for each value: equal plaintexts have different ciphertexts. Cannot be searched.
    Randomized,
    /// Equal plaintexts have equal ciphertexts, so the database can compare them; it learns which rows are equal.
    Deterministic,
    /// Terms by which another column is found: a keyed hash, from which no plaintext comes back.
    Index,
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

/// How a column's values are stored; part of the column's declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a third encoding has to be handled everywhere")]
pub enum Encoding {
    /// The bytes of FORMAT.md#value, in a column of bytes. The default.
    Bytes,
    /// The same bytes as printable ASCII (FORMAT.md#text-form), in a column of text.
    Text,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Text => "text",
        })
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
    encoding: Encoding,
    xaes: bool,
    row: &'static [&'static str],
    tenant: Option<&'static str>,
    index: Option<Index>,
    normalizers: &'static [Normalizer],
    indexes: &'static [Self],
    compound: &'static [Self],
    terms: &'static [Self],
    key: IndexKey,
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
        Self {
            name: FieldName { table, column },
            context,
            mode,
            plaintext_rows: PlaintextRows::Refuse,
            encoding: Encoding::Bytes,
            xaes: false,
            row: &[],
            tenant: None,
            index: None,
            normalizers: &[],
            indexes: &[],
            compound: &[],
            terms: &[],
            key: IndexKey::Active,
        }
    }

    /// Describes an index: a column whose stored bytes are terms.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    #[must_use]
    pub const fn of_index(
        table: &'static str,
        column: &'static str,
        context: &'static str,
        index: Index,
    ) -> Self {
        let mut field = Self::new(table, column, context, Mode::Index);
        field.index = Some(index);
        field
    }

    /// The same column with its values made alike by these steps before they are encrypted, for a deterministic column. What is
    /// read is the value after them.
    #[must_use]
    pub const fn normalized(mut self, steps: &'static [Normalizer]) -> Self {
        self.normalizers = steps;
        self
    }

    /// The same column with these indexes, in columns beside it that are written with it.
    #[must_use]
    pub const fn indexed_by(mut self, indexes: &'static [Self]) -> Self {
        self.indexes = indexes;
        self
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

    /// The same column with its values stored in another way.
    #[must_use]
    pub const fn encoding(mut self, encoding: Encoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// The same column with new values sealed by XAES-256-GCM, whose nonces are so long that one key may seal any number of values. Values
    /// that were sealed without it are read as before.
    ///
    /// # Panics
    ///
    /// When the column is not randomized.
    #[must_use]
    pub const fn xaes(mut self) -> Self {
        assert!(matches!(self.mode, Mode::Randomized), "only randomized values have nonces");
        self.xaes = true;
        self
    }

    /// Whether new values are sealed by XAES-256-GCM.
    #[must_use]
    pub const fn is_xaes(&self) -> bool {
        self.xaes
    }

    /// The same column with its values bound to their row, whose id stands in these columns, in this order.
    ///
    /// # Panics
    ///
    /// When the column is deterministic, whose equal values have equal bytes in all rows (FORMAT.md#associated-data), or
    /// when there are no columns.
    #[must_use]
    pub const fn bound_to_row(mut self, columns: &'static [&'static str]) -> Self {
        assert!(matches!(self.mode, Mode::Randomized), "a deterministic column cannot be bound to its row");
        assert!(!columns.is_empty(), "a row is named by one column or more");
        self.row = columns;
        self
    }

    /// The same column in a table whose rows are of tenants, named in this column.
    #[must_use]
    pub const fn of_tenants(mut self, column: &'static str) -> Self {
        self.tenant = Some(column);
        self
    }

    /// The same column for values of another mode or encoding, as they stand in it while its declaration is being changed. Plaintext rows
    /// are refused. A deterministic value is bound to no row.
    #[must_use]
    pub const fn as_found(mut self, mode: Mode, encoding: Encoding) -> Self {
        if matches!(mode, Mode::Deterministic) {
            self.row = &[];
        }
        self.mode = mode;
        self.encoding = encoding;
        self.plaintext_rows = PlaintextRows::Refuse;
        self
    }

    /// The same column for what is written under these keys: a deterministic column or an index whose rows are brought under the next search
    /// key before that is promoted.
    #[must_use]
    pub const fn under(mut self, key: IndexKey) -> Self {
        match self.index {
            Some(index) => self.index = Some(index.under(key)),
            None => self.key = key,
        }
        self
    }

    /// The keys under which the column is written.
    #[must_use]
    pub const fn written_under(&self) -> IndexKey {
        match &self.index {
            Some(index) => index.key(),
            None => self.key,
        }
    }

    /// How values are stored.
    #[must_use]
    pub const fn stored_as(&self) -> Encoding {
        self.encoding
    }

    /// The columns of the row's id that values are bound to; empty if they are not bound to their row.
    #[must_use]
    pub const fn row_columns(&self) -> &'static [&'static str] {
        self.row
    }

    /// The column that names the tenant of each row, if rows are of tenants.
    #[must_use]
    pub const fn tenant_column(&self) -> Option<&'static str> {
        self.tenant
    }

    /// The same column as a part of these compound indexes.
    #[must_use]
    pub const fn part_of(mut self, indexes: &'static [Self]) -> Self {
        self.compound = indexes;
        self
    }

    /// The same column with these indexes in tables of their own.
    #[must_use]
    pub const fn with_terms(mut self, indexes: &'static [Self]) -> Self {
        self.terms = indexes;
        self
    }

    /// The indexes in tables of their own, of which each value has several terms.
    #[must_use]
    pub const fn term_indexes(&self) -> &'static [Self] {
        self.terms
    }

    /// The compound indexes that this column is a part of, which are written with it.
    #[must_use]
    pub const fn compound_indexes(&self) -> &'static [Self] {
        self.compound
    }

    /// Whether the compound indexes that this column is a part of are these, in this order.
    #[must_use]
    pub const fn is_part_of(&self, columns: &[&str]) -> bool {
        are_in(self.compound, columns)
    }

    /// How the terms of an index are made; `None` for a column of values.
    #[must_use]
    pub const fn index(&self) -> Option<&Index> {
        self.index.as_ref()
    }

    /// The steps by which values are made alike before they are encrypted.
    #[must_use]
    pub const fn normalizers(&self) -> &'static [Normalizer] {
        self.normalizers
    }

    /// The indexes in columns beside this one, which are written with it.
    #[must_use]
    pub const fn indexes(&self) -> &'static [Self] {
        self.indexes
    }

    /// Whether the column has no index that is written with it, so that its value can be written alone.
    #[must_use]
    pub const fn is_written_alone(&self) -> bool {
        self.indexes.is_empty() && self.compound.is_empty()
    }

    /// Whether the indexes in columns beside this one are these, in this order.
    #[must_use]
    pub const fn is_indexed_by(&self, columns: &[&str]) -> bool {
        are_in(self.indexes, columns)
    }

    /// Whether values are bound to the row that these columns name, in this order.
    #[must_use]
    pub const fn is_bound_to(&self, columns: &[&str]) -> bool {
        let (mut own, mut others) = (self.row, columns);
        while let ([one, own_rest @ ..], [other, others_rest @ ..]) = (own, others) {
            if !equal(one, other) {
                return false;
            }
            (own, others) = (own_rest, others_rest);
        }
        own.is_empty() && others.is_empty()
    }

    /// Whether rows are of the tenants that this column names.
    #[must_use]
    pub const fn is_of_tenants(&self, column: &str) -> bool {
        match self.tenant {
            Some(own) => equal(own, column),
            None => false,
        }
    }
}

/// Whether fields have these columns, in this order.
const fn are_in(fields: &[Field], columns: &[&str]) -> bool {
    let (mut own, mut others) = (fields, columns);
    while let ([one, own_rest @ ..], [other, others_rest @ ..]) = (own, others) {
        if !equal(one.name.column, other) {
            return false;
        }
        (own, others) = (own_rest, others_rest);
    }
    own.is_empty() && others.is_empty()
}

/// `==` of text in a constant.
const fn equal(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([a, one_rest @ ..], [b, other_rest @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (one_rest, other_rest);
    }
    one.is_empty() && other.is_empty()
}
