//! What generated code may name, and nothing else may: it changes without notice.

pub use std::vec::Vec;

pub use diesel;
pub use envelope_core::{
    BoundColumn, Buckets, Candidates, Column, DeclaredColumn, DeclaredColumns, Deterministic,
    DeterministicPlaintext, Encoded, Encoding, Exact, ExactPlaintext, Field, FieldName, Find, Found,
    FromPlaintext, Index, IndexKey, KeyBatch, Keyring, ListItem, Mode, Normalizer, OpenError, Ordered,
    OrderedPlaintext, Part, Place, Plaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextRows,
    PlaintextWriter, Randomized, RowBound, RowKey, SealError, SealedRow, Search, SearchableColumn, Take,
    TermTable, Terms, TextPlaintext, ToPlaintext, UnboundColumn, index_parts, index_whole,
};

pub use crate::current::search;
pub use crate::{
    __backends as backends, __reads as reads, __text_backends as text_backends,
    current::open,
    dispatch::{EqTo, FindsCandidates, InList, InOrder, NeTo, SameAs, Sorted},
    dsl,
    kept::Kept,
    lookup::{Assigned, Lookup},
    methods::EncryptedExpressionMethods,
    nullable_eq::NullableEq,
    put::{ComparedByEq, Put, WriteOnly},
    sealed::{Sealed, open_row, open_value, seal_value},
    search::IndexExpression,
    sql_type::{Ciphertext, DeclaredAs, TextCiphertext},
    value::{At, Forms, Value},
};
