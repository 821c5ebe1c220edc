//! Values that were not sealed or not opened.

use thiserror::Error;

use super::{KeyError, NoKeyring, PlaceError};
use crate::{
    field::{Encoding, FieldName, Mode},
    import::ImportError,
    key::{KeyId, KeyState, Tenant},
    plaintext::PlaintextError,
    random::RandomError,
};

/// A value was not sealed; nothing was stored.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// See [`NoKeyring`].
    #[error("cannot seal {field}: {source}")]
    NoKeyring {
        /// The column.
        field: FieldName,
        #[doc(hidden)]
        source: NoKeyring,
    },
    /// The tenant's keys could not be had.
    #[error("cannot seal {field}: {source}")]
    Key {
        /// The column.
        field: FieldName,
        /// Why not, and whether to try again.
        source: KeyError,
    },
    /// The value has no encoding, like a float in JSON that is no number.
    #[error("cannot seal {field}: {source}")]
    Plaintext {
        /// The column.
        field: FieldName,
        /// What was expected.
        source: PlaintextError,
    },
    /// The plaintext has more than 2^30 bytes.
    #[error("cannot seal {field}: the plaintext has {length} bytes, more than 2^30")]
    TooLong {
        /// The column.
        field: FieldName,
        /// The plaintext's length in bytes.
        length: usize,
    },
    /// The wrapped key is too long to be carried by a value.
    #[error("cannot export {field}: the wrapped key is longer than a value may carry")]
    WrappedKeyTooLong {
        /// The column.
        field: FieldName,
    },
    /// See [`RandomError`].
    #[error("cannot seal {field}: {source}")]
    Random {
        /// The column.
        field: FieldName,
        #[doc(hidden)]
        source: RandomError,
    },
    /// The row that the value stands in, or the tenant, does not do.
    #[error("cannot seal {field}: {source}")]
    Place {
        /// The column.
        field: FieldName,
        /// What is missing of it, or wrong with it.
        source: PlaceError,
    },
    /// A lookup in a randomized column, or in an index that finds candidates, through a [`Field`](crate::Field) whose mode is not known
    /// at compile time.
    #[error(
        "cannot search {field} by equality: it is randomized, which `#[encrypt(deterministic)]` or an index changes, or an \
         index that is searched by `Keyring::search`"
    )]
    NotSearchable {
        /// The column.
        field: FieldName,
    },
    /// A search that the index does not answer.
    #[error("cannot search {field}: {source}")]
    Search {
        /// The index.
        field: FieldName,
        /// Why not, and what would do.
        source: SearchError,
    },
}

/// A search that an index does not answer.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchError {
    /// The text is shorter than what the index is of, so that it would find what it is not, or nearly all.
    #[error(
        "the text has {characters} characters after normalisation, and this index finds texts of {least} or more"
    )]
    TooShort {
        /// How many the text has.
        characters: usize,
        /// How many it needs.
        least: usize,
    },
    /// The range has more buckets than a query may name.
    #[error(
        "the search needs {terms} terms, and a query has {most} at most; search a shorter range, or declare an index with wider buckets"
    )]
    TooManyTerms {
        /// How many it needs.
        terms: usize,
        /// How many it may have.
        most: usize,
    },
    /// A range without one end, in an index that does not know its first and last bucket.
    #[error(
        "the range has no end on one side; declare `first` and `last` of the index, or search with `between`"
    )]
    OpenRange,
    /// What is searched is no value of the column, or none that its normalisation takes.
    #[error("{0}")]
    Plaintext(PlaintextError),
    /// The index is of something else.
    #[error("the index does not find this; declare one that does")]
    OtherIndex,
}

/// A stored value was not opened.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// See [`NoKeyring`].
    #[error("cannot open {field}: {source}")]
    NoKeyring {
        /// The column.
        field: FieldName,
        #[doc(hidden)]
        source: NoKeyring,
    },
    /// The key could not be had. The value may be perfectly good.
    #[error("cannot open {field} (key {key}): {source}")]
    Key {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
        /// Why not, and whether to try again.
        source: KeyError,
    },
    /// The key store has no such key for this tenant.
    #[error("cannot open {field}: {tenant} has no key {key}; the value is of another tenant or key store")]
    UnknownKey {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
        /// The tenant whose keyring was asked.
        tenant: Tenant,
    },
    /// The key exists and is not used for reading any more.
    #[error("cannot open {field}: key {key} is {state}")]
    KeyRetired {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
        /// Retired or destroyed.
        state: KeyState,
    },
    /// The value does not authenticate: it was changed, or it was sealed for another column, row, tenant or key. Which of
    /// these cannot be told, and is not for an attacker to know.
    #[error(
        "cannot open {field} (key {key}): not authentic; it was changed, or sealed for another column, row or tenant"
    )]
    NotAuthentic {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
    },
    /// An index holds terms, from which no value comes back.
    #[error("cannot open {field}: it is an index; read the column that it is of")]
    Index {
        /// The index.
        field: FieldName,
    },
    /// The row that the value stands in, or the tenant, does not do.
    #[error("cannot open {field}: {source}")]
    Place {
        /// The column.
        field: FieldName,
        /// What is missing of it, or wrong with it.
        source: PlaceError,
    },
    /// The bytes are not an envelope: most likely a row from before the column was encrypted.
    #[error(
        "cannot open {field}: the stored bytes are not an envelope; if the table still holds plaintext rows, \
         declare the field `#[encrypt(plaintext = \"read\")]` while they are being encrypted"
    )]
    NotAnEnvelope {
        /// The column.
        field: FieldName,
    },
    /// The bytes begin like an envelope and are not one that this version can read.
    #[error("cannot open {field}: {reason}")]
    Malformed {
        /// The column.
        field: FieldName,
        /// What is wrong with the bytes.
        reason: MalformedValue,
    },
    /// The value was sealed in the other mode than the column is declared with.
    #[error("cannot open {field}: the value is {found:?} and the column is declared {declared:?}")]
    WrongMode {
        /// The column.
        field: FieldName,
        /// The value's mode.
        found: Mode,
        /// The column's mode.
        declared: Mode,
    },
    /// The value is stored in the other encoding than the column is declared with.
    #[error("cannot open {field}: the value is stored as {found} and the column is declared as {declared}")]
    WrongEncoding {
        /// The column.
        field: FieldName,
        /// How the value is stored.
        found: Encoding,
        /// How the column's values are stored.
        declared: Encoding,
    },
    /// The value is not of this application, and whoever reads those of another does not open it.
    #[error("cannot open {field}: {source}")]
    Import {
        /// The column.
        field: FieldName,
        /// Why not.
        source: ImportError,
    },
    /// The value is authentic, but not of the field's type: its type was changed since.
    #[error("cannot open {field}: {source}")]
    Plaintext {
        /// The column.
        field: FieldName,
        /// What was expected.
        source: PlaintextError,
    },
}

impl SealError {
    /// The column.
    #[must_use]
    pub const fn field(&self) -> FieldName {
        match self {
            Self::NoKeyring { field, .. }
            | Self::Key { field, .. }
            | Self::TooLong { field, .. }
            | Self::WrappedKeyTooLong { field }
            | Self::Random { field, .. }
            | Self::Place { field, .. }
            | Self::Plaintext { field, .. }
            | Self::Search { field, .. }
            | Self::NotSearchable { field } => *field,
        }
    }
}

impl OpenError {
    /// The column.
    #[must_use]
    pub const fn field(&self) -> FieldName {
        match self {
            Self::NoKeyring { field, .. }
            | Self::Key { field, .. }
            | Self::UnknownKey { field, .. }
            | Self::KeyRetired { field, .. }
            | Self::NotAuthentic { field, .. }
            | Self::Place { field, .. }
            | Self::Index { field }
            | Self::NotAnEnvelope { field }
            | Self::Malformed { field, .. }
            | Self::WrongMode { field, .. }
            | Self::WrongEncoding { field, .. }
            | Self::Import { field, .. }
            | Self::Plaintext { field, .. } => *field,
        }
    }
}

/// What is wrong with bytes that begin like an envelope (FORMAT.md#rules-for-readers).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedValue {
    /// Shorter than the overhead of its suite.
    #[error("the value is truncated")]
    Truncated,
    /// More than 2^30 bytes of plaintext.
    #[error("the value is longer than 2^30 bytes")]
    TooLong,
    /// A suite that this version does not know.
    #[error("the value has the unknown suite {0:#04x}; it may be of a later version")]
    UnknownSuite(u8),
    /// The form that carries its own wrapped key, where a column's value belongs.
    #[error("the value carries its own wrapped key; `import` opens it")]
    SelfContained,
    /// Not the form that carries its own wrapped key, where that belongs.
    #[error("the bytes are not a value that carries its own wrapped key, as `export` writes it")]
    NotSelfContained,
    /// The name of the wrapping key is not UTF-8.
    #[error("the value's name of its wrapping key is not UTF-8")]
    KeyName,
    /// Key id 0 names no key.
    #[error("the value names key 0")]
    KeyIdZero,
    /// Text that begins like a value, and is not one to its end: it was cut, padded or edited.
    #[error("the text begins with `env:` and is not the text of a value")]
    Text,
}
