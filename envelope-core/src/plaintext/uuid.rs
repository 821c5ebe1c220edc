//! `Uuid`: its 16 bytes, in the order in which they are printed.

use uuid::Uuid;

use super::{DeterministicPlaintext, ExactPlaintext};

fixed_length! {
    Uuid, UuidBytes: 16, "a UUID", |uuid| *uuid.as_bytes(), |bytes| Some(Self::from_bytes(bytes));
}

impl ExactPlaintext for Uuid {}

impl DeterministicPlaintext for Uuid {}
