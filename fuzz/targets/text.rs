//! The text form: each value has one text, and no other text opens.
#![no_main]

use envelope_core::{Encoding, OpenError};
use envelope_fuzz::{GCM, SIV, keyring, sealed, unused};
use libfuzzer_sys::fuzz_target;

/// RFC 4648 section 4, without padding.
const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fuzz_target!(|input: &[u8]| {
    let Some((how, rest)) = input.split_first() else { return };
    for field in [GCM, SIV] {
        let field = field.encoding(Encoding::Text);
        let value = sealed(&field, rest);
        // With a text of its own, or one digit exchanged, or cut, or prolonged.
        let own = text(&value);
        let mut other = own.clone();
        let at = usize::from(*how) % own.len();
        match (rest.len() % 4, rest.first()) {
            (0, _) => {}
            (1, Some(byte)) => other[at] = *byte,
            (2, Some(byte)) => other.insert(at, *byte),
            _ => other.truncate(at),
        }
        let opened = keyring(&field).open_field::<Vec<u8>>(&field, &other);
        if other == own {
            assert_eq!(opened.expect("it is the value's text"), rest);
        } else if let Ok(plaintext) = opened {
            assert_eq!(other, text(&sealed(&field, &plaintext)), "it is not a value's text");
        }
        // Any text, and any digits behind the prefix.
        for stored in [input.to_vec(), [b"env:", input].concat(), text(input)] {
            let error = unused(&field).open_field::<Vec<u8>>(&field, &stored).expect_err("nobody sealed it");
            if matches!(error, OpenError::NotAnEnvelope { .. }) {
                assert!(!stored.starts_with(b"env:"));
            }
        }
    }
});

/// FORMAT.md#text-form, written a second time.
fn text(value: &[u8]) -> Vec<u8> {
    let mut text = b"env:".to_vec();
    for chunk in value.chunks(3) {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|digit| DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
    }
    text
}
