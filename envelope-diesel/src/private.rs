//! What generated code may name, and nothing else may: it changes without notice.

pub use std::vec::Vec;

pub use diesel;
pub use envelope_core::{
    BoundColumn, Column, DeclaredColumn, DeclaredColumns, Deterministic, DeterministicPlaintext, Encoding,
    ExactPlaintext, Field, FieldName, FromPlaintext, KeyBatch, Keyring, ListItem, Mode, OpenError, Place,
    Plaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextRows, PlaintextWriter, Randomized,
    RowBound, RowKey, SealError, SealedRow, SearchableColumn, ToPlaintext, UnboundColumn,
};

pub use crate::{
    __backends as backends, __reads as reads, __text_backends as text_backends,
    current::open,
    dispatch::{EqTo, InList, InOrder, NeTo, SameAs, Sorted},
    kept::Kept,
    lookup::{Assigned, Lookup},
    nullable_eq::NullableEq,
    put::{ComparedByEq, Put, WriteOnly},
    sealed::{Sealed, open_row, open_value, seal_value},
    sql_type::{Ciphertext, DeclaredAs, TextCiphertext},
    value::{At, Value},
};
