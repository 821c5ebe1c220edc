//! What generated code may name, and nothing else may: it changes without notice.

pub use envelope_core::{
    BoundColumn, Column, DeclaredColumn, DeclaredColumns, Deterministic, DeterministicPlaintext, Encoding,
    ExactPlaintext, Field, FieldName, FromPlaintext, KeyBatch, Keyring, ListItem, Mode, OpenError, Place,
    Plaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextRows, PlaintextWriter, Randomized,
    RowBound, RowKey, SealError, SealedRow, ToPlaintext, UnboundColumn,
};
pub use sqlx;

pub use crate::{
    bind::BindValue,
    encrypted::Encrypted,
    lookup::{Lookup, LookupValue},
    query_builder::ColumnName,
    read::{EncryptedFieldType, convert, open_row, or_default, read, read_nullable, stored, stored_nullable},
    sealed::{Sealed, open_value, seal_value},
};
