//! What the targets share: a keyring with one key that is always the same, and its columns.
#![forbid(unsafe_code)]

use std::sync::LazyLock;

use envelope_core::{Encoding, Field, KeyId, Keyring, Mode, Tenant, testing::Case};

/// A randomized column.
pub const GCM: Field = Field::new("users", "note", "users.note", Mode::Randomized);
/// A deterministic column.
pub const SIV: Field = Field::new("users", "email", "users.email", Mode::Deterministic);

/// Both, as bytes and as text.
pub const FIELDS: [Field; 4] = [GCM, SIV, GCM.encoding(Encoding::Text), SIV.encoding(Encoding::Text)];

fn case(field: Field, data_key: u8) -> Case {
    Case {
        data_key: [data_key; 32],
        key_id: KeyId::new(7).expect("7 is an id"),
        tenant: Tenant::default(),
        field,
        row: None,
    }
}

/// The keyring that opens what [`sealed`] seals.
pub fn keyring(field: &Field) -> &'static Keyring {
    static RANDOMIZED: LazyLock<Keyring> = LazyLock::new(|| case(GCM, 7).keyring());
    static DETERMINISTIC: LazyLock<Keyring> = LazyLock::new(|| case(SIV, 7).keyring());
    if field.mode() == Mode::Randomized { &RANDOMIZED } else { &DETERMINISTIC }
}

/// One with a key of the same id by which nothing is sealed: the fuzzer remembers what it has seen compared, also values.
pub fn unused(field: &Field) -> &'static Keyring {
    static RANDOMIZED: LazyLock<Keyring> = LazyLock::new(|| case(GCM, 8).keyring());
    static DETERMINISTIC: LazyLock<Keyring> = LazyLock::new(|| case(SIV, 8).keyring());
    if field.mode() == Mode::Randomized { &RANDOMIZED } else { &DETERMINISTIC }
}

/// A value whose nonce is the plaintext's beginning, so that each run makes the same.
pub fn sealed(field: &Field, plaintext: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 12];
    for (place, byte) in nonce.iter_mut().zip(plaintext) {
        *place = *byte;
    }
    case(*field, 7).seal(nonce, plaintext).value
}

/// Whether a value that opened is one that [`sealed`] made, of whatever plaintext: the fuzzer may put in one that it has seen.
pub fn is_sealed(field: &Field, value: &[u8], plaintext: &[u8]) -> bool {
    sealed(field, plaintext) == value
}
