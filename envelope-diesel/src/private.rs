//! What generated code may name, and nothing else may: it changes without notice.

pub use std::vec::Vec;

pub use diesel;
pub use envelope_core::{
    Column, Deterministic, DeterministicPlaintext, ExactPlaintext, Field, FromPlaintext, ListItem, Mode,
    Plaintext, PlaintextBytes, PlaintextError, PlaintextRows, PlaintextWriter, Randomized, SearchableColumn,
    ToPlaintext,
};

pub use crate::{
    __backends as backends,
    current::open,
    dispatch::{EqTo, InList, InOrder, NeTo, SameAs, Sorted},
    kept::Kept,
    lookup::{Assigned, Lookup},
    nullable_eq::NullableEq,
    put::{ComparedByEq, Put, WriteOnly},
    sql_type::{Ciphertext, DeclaredAs},
    value::Value,
};
