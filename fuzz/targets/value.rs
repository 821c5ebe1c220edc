//! Stored bytes, in a column of either mode: an error or the value that was sealed, and no panic.
#![no_main]

use envelope_core::{Encoding, Field, Keyring, OpenError, PlaintextRows, ValueHeader};
use envelope_fuzz::{FIELDS, GCM, SIV, is_sealed, keyring, sealed, unused};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    any_bytes(input);
    if let [how, at_high, at_low, length, rest @ ..] = input {
        changed(*how, usize::from(u16::from_be_bytes([*at_high, *at_low])), (*length).into(), rest);
    }
});

fn any_bytes(stored: &[u8]) {
    let _ = ValueHeader::of(stored).map(|header| (header.prefix(), format!("{header:?}")));
    let _ = Keyring::wrapping_key_of(stored);
    for encoding in [Encoding::Bytes, Encoding::Text] {
        let _ = ValueHeader::is_begun_by(stored, encoding);
    }
    for field in FIELDS {
        // Nobody who has no key makes a value that opens.
        let opened = unused(&field).open_field::<Vec<u8>>(&field, stored);
        let error = opened.expect_err("the key is not known to the fuzzer");
        let _ = (error.to_string(), format!("{error:?}"));
        let migrating = field.plaintext_rows(PlaintextRows::Read);
        match unused(&field).open_field::<Vec<u8>>(&migrating, stored) {
            // As it stands, and never the bytes of a value.
            Ok(plaintext) => {
                assert_eq!(plaintext, stored);
                assert!(!matches!(stored.first(), Some(0xFD | 0xFE)));
            }
            Err(_) => assert!(!matches!(error, OpenError::NotAnEnvelope { .. })),
        }
    }
    let _ = unused(&GCM).missing_key(stored);
    let _ = pollster::block_on(unused(&GCM).import(Portable, stored));
}

/// A real value with one change.
fn changed(how: u8, at: usize, length: usize, rest: &[u8]) {
    for field in [GCM, SIV] {
        let plaintext = &rest[..rest.len().min(length)];
        let value = sealed(&field, plaintext);
        let at = at % value.len();
        let mut other = value.clone();
        match how % 5 {
            0 => other[at] = rest.first().copied().unwrap_or_default(),
            1 => other.truncate(at),
            2 => other.splice(at..at, rest.iter().copied()).for_each(drop),
            3 => other.splice(at.., rest.iter().copied()).for_each(drop),
            _ => drop(other.drain(..at)),
        }
        let opened = keyring(&field).open_field::<Vec<u8>>(&field, &other);
        if other == value {
            assert_eq!(opened.expect("nothing was changed"), plaintext);
        } else if let Ok(plaintext) = opened {
            assert!(is_sealed(&field, &other, &plaintext), "something was changed");
        }
    }
}

/// The column of exported values.
#[derive(Clone, Copy, Debug)]
struct Portable;

impl envelope_core::Column for Portable {
    type Plain = Vec<u8>;
    type Mode = envelope_core::Randomized;
    const FIELD: Field = GCM;
}
