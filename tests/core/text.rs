//! Values as text: one text for each value, and no other text is taken for one.

use envelope_core::{Encoding, Field, Keyring, MalformedValue, Mode, OpenError, PlaintextRows, testing};

const RANDOMIZED: Field =
    Field::new("users", "note", "users.note", Mode::Randomized).encoding(Encoding::Text);
const DETERMINISTIC: Field =
    Field::new("users", "mail", "users.mail", Mode::Deterministic).encoding(Encoding::Text);
const BYTES: Field = Field::new("users", "note", "users.note", Mode::Randomized);

const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn text(keyring: &Keyring, field: &Field, value: &str) -> String {
    String::from_utf8(keyring.seal_field(field, value).unwrap()).unwrap()
}

fn open(keyring: &Keyring, field: &Field, text: &str) -> Result<String, OpenError> {
    keyring.open_field(field, text.as_bytes())
}

#[test]
fn every_truncation_and_every_other_digit_is_refused() {
    let keyring = testing::keyring();
    for field in [RANDOMIZED, DETERMINISTIC, RANDOMIZED.plaintext_rows(PlaintextRows::Read)] {
        for value in ["", "x", "xy", "xyz"] {
            let whole = text(&keyring, &field, value);
            assert_eq!(open(&keyring, &field, &whole).unwrap(), value);
            for end in 4..whole.len() {
                let error = open(&keyring, &field, &whole[..end]).unwrap_err();
                let is_refused =
                    matches!(error, OpenError::Malformed { .. } | OpenError::NotAuthentic { .. });
                assert!(is_refused, "{end}: {error}");
            }
            for at in 4..whole.len() {
                let next = DIGITS.find(&whole[at..=at]).unwrap() + 1;
                let other = &DIGITS[next % 64..=next % 64];
                let changed = format!("{}{other}{}", &whole[..at], &whole[at + 1..]);
                assert!(open(&keyring, &field, &changed).is_err(), "{at}");
                for other in ["=", " ", "\n", "_", "é", "\0"] {
                    let changed = format!("{}{other}{}", &whole[..at], &whole[at + 1..]);
                    let error = open(&keyring, &field, &changed).unwrap_err();
                    let is_text = matches!(error, OpenError::Malformed { reason: MalformedValue::Text, .. });
                    assert!(is_text, "{at} {other:?}: {error}");
                }
            }
        }
    }
}

#[test]
fn what_does_not_begin_like_a_value_is_plaintext_only_where_that_is_read() {
    let keyring = testing::keyring();
    let reads = RANDOMIZED.plaintext_rows(PlaintextRows::Read);
    for plain in ["", "e", "env", "ENV:/gEA", " env:/gEA", "Env:x", "likes tea"] {
        assert_eq!(open(&keyring, &reads, plain).unwrap(), plain);
        let error = open(&keyring, &RANDOMIZED, plain).unwrap_err();
        assert!(matches!(error, OpenError::NotAnEnvelope { .. }), "{error}");
    }
    let error = open(&keyring, &reads, "env:").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot open users.note: the text begins with `env:` and is not the text of a value"
    );
}

#[test]
fn bytes_and_text_are_the_same_value() {
    let keyring = testing::keyring();
    let value = keyring.seal_field(&BYTES, "x").unwrap();
    for field in [RANDOMIZED, RANDOMIZED.plaintext_rows(PlaintextRows::Read)] {
        let error = keyring.open_field::<String>(&field, &value).unwrap_err();
        assert!(matches!(error, OpenError::WrongEncoding { found: Encoding::Bytes, .. }), "{error}");
    }
    let as_text = text(&keyring, &RANDOMIZED, "x");
    let error = open(&keyring, &BYTES, &as_text).unwrap_err();
    assert!(matches!(error, OpenError::WrongEncoding { found: Encoding::Text, .. }), "{error}");
    // In a column of bytes it is plaintext, where that is read, as FORMAT.md#rules-for-readers has it.
    assert_eq!(open(&keyring, &BYTES.plaintext_rows(PlaintextRows::Read), &as_text).unwrap(), as_text);
    let lookup = keyring.lookup_field(&DETERMINISTIC, "x").unwrap();
    assert_eq!(lookup, [text(&keyring, &DETERMINISTIC, "x").into_bytes()]);
}
