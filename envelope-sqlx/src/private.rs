//! What generated code may name, and nothing else may: it changes without notice.

pub use envelope_core::{
    BoundColumn, Buckets, Candidates, Column, DeclaredColumn, DeclaredColumns, Deterministic,
    DeterministicPlaintext, Encoded, Encoding, Exact, ExactPlaintext, Field, FieldName, Find, Found,
    FromPlaintext, Index, IndexKey, KeyBatch, Keyring, ListItem, Mode, Normalizer, OpenError, Ordered,
    OrderedPlaintext, Part, Place, Plaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextRows,
    PlaintextWriter, Randomized, RowBound, RowKey, SealError, SealedRow, Search, Take, TermTable, Terms,
    TextPlaintext, ToPlaintext, UnboundColumn, index_parts, index_whole,
};
pub use sqlx;

pub use crate::current::search;
pub use crate::{
    bind::BindValue,
    encrypted::Encrypted,
    indexed::{Indexed, WrittenAlone},
    lookup::{Lookup, LookupValue},
    query_builder::ColumnName,
    read::{EncryptedFieldType, convert, open_row, or_default, read, read_nullable, stored, stored_nullable},
    sealed::{Sealed, open_value, seal_value},
};
