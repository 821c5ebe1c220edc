//! What generated code may name, and nothing else may: it changes without notice.

pub use envelope_core::{
    Column, Deterministic, DeterministicPlaintext, ExactPlaintext, Field, FromPlaintext, ListItem, Mode,
    Plaintext, PlaintextBytes, PlaintextError, PlaintextRows, PlaintextWriter, Randomized, SealError,
    ToPlaintext,
};
pub use sqlx;

pub use crate::{
    bind::BindValue,
    encrypted::Encrypted,
    lookup::{Lookup, LookupValue},
    query_builder::ColumnName,
    read::{EncryptedFieldType, convert, or_default, read, read_nullable},
};
