//! Stored bytes that someone changed: a typed error, never a panic, never a value.

use envelope_core::{
    Column, Field, KeyId, Keyring, MalformedValue, Mode, OpenError, PlaintextRows, Tenant,
    testing::{self, Case},
};

use super::columns::{UserEmail, UserNote};

const FIELDS: [Field; 2] = [UserNote::FIELD, UserEmail::FIELD];
const HEADER: usize = 6;

fn case(field: Field) -> Case {
    Case {
        data_key: [7; 32],
        key_id: KeyId::new(0x0100_0000).unwrap(),
        tenant: Tenant::default(),
        field,
        row: None,
    }
}

/// A keyring, and values of different lengths that it opens.
fn sealed(field: Field) -> (Keyring, Vec<Vec<u8>>) {
    let case = case(field);
    let values: Vec<_> = ["", "a", "alice@example.com", "a text of more than two blocks of the cipher"]
        .into_iter()
        .map(|text| case.seal([9; 12], text.as_bytes()).value)
        .collect();
    let keyring = case.keyring();
    for value in &values {
        keyring.open_field::<Vec<u8>>(&field, value).unwrap();
    }
    (keyring, values)
}

fn refusal(keyring: &Keyring, field: &Field, value: &[u8]) -> OpenError {
    match keyring.open_field::<Vec<u8>>(field, value) {
        Ok(plaintext) => panic!("{value:02x?} opens as {plaintext:02x?}"),
        Err(error) => error,
    }
}

/// Whether the error is the one that FORMAT.md#rules-for-readers asks for when the byte at `at` was changed.
fn is_due(error: &OpenError, at: usize, byte: u8) -> bool {
    match (at, error) {
        (0, OpenError::Malformed { reason: MalformedValue::SelfContained, .. }) => byte == 0xFD,
        (0, OpenError::NotAnEnvelope { .. }) => byte != 0xFD,
        (1, OpenError::WrongMode { .. }) => matches!(byte, 0x01 | 0x02 | 0x10),
        // The other suite of its mode, for which an empty value is too short.
        (1, OpenError::NotAuthentic { .. }) => byte == 0x02,
        (1, OpenError::Malformed { reason: MalformedValue::Truncated, .. }) => byte == 0x02,
        (1, OpenError::Malformed { reason: MalformedValue::UnknownSuite(suite), .. }) => *suite == byte,
        // The key id is 01000000, so one change of its first byte gives zero.
        (2, OpenError::Malformed { reason: MalformedValue::KeyIdZero, .. }) => byte == 0,
        (2..HEADER, OpenError::UnknownKey { .. }) => true,
        (HEADER.., OpenError::NotAuthentic { .. }) => true,
        _ => false,
    }
}

#[test]
fn every_change_of_a_byte_is_refused() {
    for field in FIELDS {
        let (keyring, values) = sealed(field);
        for value in values {
            for at in 0..value.len() {
                for byte in (0..=u8::MAX).filter(|byte| *byte != value[at]) {
                    let mut changed = value.clone();
                    changed[at] = byte;
                    let error = refusal(&keyring, &field, &changed);
                    assert!(is_due(&error, at, byte), "byte {at} of {value:02x?} made {byte:02x}: {error}");
                }
            }
        }
    }
}

#[test]
fn every_truncation_is_refused() {
    for field in FIELDS {
        let (keyring, values) = sealed(field);
        let overhead = values[0].len();
        for value in values {
            for length in 0..value.len() {
                let error = refusal(&keyring, &field, &value[..length]);
                let is_due = match error {
                    OpenError::NotAnEnvelope { .. } => length == 0,
                    OpenError::Malformed { reason: MalformedValue::Truncated, .. } => {
                        (1..overhead).contains(&length)
                    }
                    OpenError::NotAuthentic { .. } => length >= overhead,
                    _ => false,
                };
                assert!(is_due, "{length} bytes of {value:02x?}: {error}");
                // Also from the front, and from within: what is left may begin like an envelope.
                refusal(&keyring, &field, &value[length + 1..]);
                let mut without_one = value.clone();
                without_one.remove(length);
                refusal(&keyring, &field, &without_one);
            }
        }
    }
}

#[test]
fn every_further_byte_is_refused() {
    for field in FIELDS {
        let (keyring, values) = sealed(field);
        for value in values {
            for byte in 0..=u8::MAX {
                let longer = [&value[..], &[byte]].concat();
                assert!(matches!(refusal(&keyring, &field, &longer), OpenError::NotAuthentic { .. }));
            }
            for count in 2..=64 {
                let longer = [&value[..], &vec![0; count]].concat();
                assert!(matches!(refusal(&keyring, &field, &longer), OpenError::NotAuthentic { .. }));
            }
            // Inserted, not appended. A byte of the same value beside it gives one string, so no byte is left out.
            for at in 0..value.len() {
                let mut longer = value.clone();
                longer.insert(at, value[at] ^ 1);
                refusal(&keyring, &field, &longer);
            }
            refusal(&keyring, &field, &[&value[..], &value[..]].concat());
        }
    }
}

#[test]
fn random_bytes_are_refused() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for field in FIELDS {
        let keyring = case(field).keyring();
        for _ in 0..50_000 {
            let bytes = random.bytes(120);
            let error = refusal(&keyring, &field, &bytes);
            if !matches!(bytes.first(), Some(0xFD | 0xFE)) {
                assert!(matches!(error, OpenError::NotAnEnvelope { .. }), "{bytes:02x?}: {error}");
            }
        }
    }
}

#[test]
fn random_bytes_behind_a_valid_header_are_refused() {
    let mut random = Random(0xD1B5_4A32_D192_ED03);
    for field in FIELDS {
        let (keyring, values) = sealed(field);
        let overhead = values[0].len();
        for round in 0..50_000 {
            // Now and then with the nonce or synthetic IV of a real value.
            let kept = if round % 4 == 0 { 18 } else { HEADER };
            let bytes = [&values[2][..kept], &random.bytes(100)].concat();
            match refusal(&keyring, &field, &bytes) {
                OpenError::NotAuthentic { .. } => assert!(bytes.len() >= overhead),
                OpenError::Malformed { reason: MalformedValue::Truncated, .. } => {
                    assert!(bytes.len() < overhead);
                }
                error => panic!("{bytes:02x?}: {error}"),
            }
        }
    }
}

/// The parts of two values do not make a third.
#[test]
fn spliced_values_are_refused() {
    for field in FIELDS {
        let case = case(field);
        let keyring = case.keyring();
        let one = case.seal([1; 12], b"the first value").value;
        let other = case.seal([2; 12], b"another's value").value;
        assert_eq!(one.len(), other.len());
        for from in HEADER..one.len() {
            for to in from + 1..=one.len() {
                let mut spliced = one.clone();
                spliced[from..to].copy_from_slice(&other[from..to]);
                if spliced != one && spliced != other {
                    assert!(matches!(refusal(&keyring, &field, &spliced), OpenError::NotAuthentic { .. }));
                }
            }
        }
    }
}

#[test]
fn a_value_opens_in_no_other_column() {
    let keyring = testing::keyring();
    for mode in [Mode::Randomized, Mode::Deterministic] {
        let own = Field::new("users", "email", "users.email", mode);
        let value = keyring.seal_field(&own, "alice@example.com").unwrap();
        for context in
            ["users.emails", "users.emai", "Users.email", "users.email ", "users", ".email", "email"]
        {
            let other = Field::new("users", "email", context, mode);
            assert!(matches!(refusal(&keyring, &other, &value), OpenError::NotAuthentic { .. }), "{context}");
        }
        // Columns that share a context share values; their names are for messages only.
        let shared = Field::new("archive", "mail", "users.email", mode);
        assert_eq!(keyring.open_field::<String>(&shared, &value).unwrap(), "alice@example.com");
        for other_mode in [Mode::Randomized, Mode::Deterministic].into_iter().filter(|other| *other != mode) {
            let other = Field::new("users", "email", "users.email", other_mode);
            assert!(matches!(refusal(&keyring, &other, &value), OpenError::WrongMode { .. }));
            // Nor when it says that it is of the other mode: each suite has column keys of its own.
            let mut relabelled = value.clone();
            relabelled[1] ^= 0x11;
            assert!(matches!(refusal(&keyring, &other, &relabelled), OpenError::NotAuthentic { .. }));
        }
    }
}

#[test]
fn a_value_opens_for_no_other_tenant() {
    let keyring = testing::keyring();
    let acme = keyring.tenant("acme").unwrap();
    let globex = keyring.tenant("globex").unwrap();
    for field in FIELDS {
        let value = acme.seal_field(&field, "alice@example.com").unwrap();
        for other in [&globex, &keyring] {
            assert!(matches!(refusal(other, &field, &value), OpenError::UnknownKey { .. }));
            // Nor when it is relabelled with the other tenant's key.
            let theirs = other.seal_field(&field, "x").unwrap();
            let relabelled = [&theirs[..HEADER], &value[HEADER..]].concat();
            assert!(matches!(refusal(other, &field, &relabelled), OpenError::NotAuthentic { .. }));
        }
        // One data key under two tenants' names does not help either, though no key store would hold such a thing.
        let sealed = Case { tenant: Tenant::new("acme").unwrap(), ..case(field) }.seal([3; 12], b"x").value;
        let other = Case { tenant: Tenant::new("globex").unwrap(), ..case(field) }.keyring();
        assert!(matches!(refusal(&other, &field, &sealed), OpenError::NotAuthentic { .. }));
    }
}

#[test]
fn a_value_opens_under_no_other_key() {
    for field in FIELDS {
        let value = case(field).seal([3; 12], b"x").value;
        let other_key = Case { data_key: [8; 32], ..case(field) }.keyring();
        assert!(matches!(refusal(&other_key, &field, &value), OpenError::NotAuthentic { .. }));
        let other_id = Case { key_id: KeyId::new(5).unwrap(), ..case(field) };
        assert!(matches!(refusal(&other_id.keyring(), &field, &value), OpenError::UnknownKey { .. }));
        let relabelled = [&other_id.seal([3; 12], b"x").value[..HEADER], &value[HEADER..]].concat();
        assert!(matches!(refusal(&other_id.keyring(), &field, &relabelled), OpenError::NotAuthentic { .. }));
    }
}

/// The rule for rows that are not encrypted yet is about those rows only: an envelope that was tampered with never comes
/// out as if it were plaintext.
#[test]
fn a_column_under_migration_refuses_changed_values_too() {
    for field in FIELDS {
        let (keyring, values) = sealed(field);
        let field = field.plaintext_rows(PlaintextRows::Read);
        assert_eq!(keyring.open_field::<String>(&field, b"alice@example.com").unwrap(), "alice@example.com");
        assert_eq!(keyring.open_field::<String>(&field, b"").unwrap(), "");
        for value in values {
            for at in 1..value.len() {
                let mut changed = value.clone();
                changed[at] ^= 1;
                assert!(is_due(&refusal(&keyring, &field, &changed), at, changed[at]));
            }
            for length in 1..value.len() {
                refusal(&keyring, &field, &value[..length]);
            }
            let mut later_version = value.clone();
            later_version[0] = 0xFD;
            refusal(&keyring, &field, &later_version);
        }
    }
}

/// The length is looked at before any key is asked for, and before anything is copied.
#[test]
fn a_value_that_is_too_long_is_refused() {
    for (field, overhead) in [(UserNote::FIELD, 34), (UserEmail::FIELD, 22)] {
        let keyring = case(field).keyring();
        let mut value = vec![0; overhead + (1 << 30) + 1];
        value[..HEADER].copy_from_slice(&case(field).seal([0; 12], b"").value[..HEADER]);
        let error = refusal(&keyring, &field, &value);
        assert!(matches!(error, OpenError::Malformed { reason: MalformedValue::TooLong, .. }), "{error}");
    }
}

/// xorshift64*: the same bytes in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Up to `most` bytes.
    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let length = self.next() % (most + 1);
        (0..length).map(|_| self.next().to_be_bytes()[0]).collect()
    }
}
