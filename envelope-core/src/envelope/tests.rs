//! The parsers alone, without a key or a cipher, so that Miri can run them: `./tests/run miri`.

use super::{
    Envelope, HEADER_LEN, MAX_PROVIDER_KEY, ParseError, Portable, Suite, header, named_key, portable_header,
    stored::ValueHeader, text,
};
use crate::{
    error::MalformedValue,
    field::{Encoding, Mode},
    key::KeyId,
};

const KEY: KeyId = KeyId::new(0x0102_0304).unwrap();

fn modes() -> [Mode; 3] {
    [Mode::Randomized, Mode::Deterministic, Mode::Index]
}

/// All that looks at stored bytes.
fn parse_all(bytes: &[u8]) {
    for mode in modes() {
        if let Ok(envelope) = Envelope::parse(bytes, mode) {
            assert_eq!(envelope.suite.mode(), mode);
            assert_eq!(bytes[..HEADER_LEN], header(envelope.suite, envelope.key));
            assert_eq!(named_key(bytes), Some(envelope.key));
        }
    }
    if let Ok(portable) = Portable::parse(bytes) {
        let again = portable_header(portable.key, portable.provider_key, portable.wrapped).unwrap();
        assert_eq!([&again, portable.body].concat(), bytes);
    }
    let _ = named_key(bytes);
    let _ = ValueHeader::of(bytes).map(|header| header.prefix());
    for encoding in [Encoding::Bytes, Encoding::Text] {
        let _ = ValueHeader::is_begun_by(bytes, encoding);
    }
    let _ = text::decode(bytes);
}

fn values() -> Vec<Vec<u8>> {
    let mut values = vec![portable_header(KEY, "local:abc", &[5; 61]).unwrap()];
    values.extend([Suite::Gcm, Suite::Siv, Suite::Hmac].map(|suite| header(suite, KEY).to_vec()));
    values.iter_mut().for_each(|value| value.extend_from_slice(&[9; 29]));
    values
}

#[test]
fn nothing_that_is_stored_panics() {
    for first in 0..=u8::MAX {
        parse_all(&[first]);
    }
    for value in values() {
        let as_text = text::encode(&value);
        for whole in [&value[..], &as_text] {
            for length in 0..=whole.len() {
                parse_all(&whole[..length]);
                parse_all(&whole[length..]);
            }
            for at in 0..whole.len().min(24) {
                for byte in [0, 1, 0x10, 0x20, 0x7F, 0x80, 0xFD, 0xFE, 0xFF] {
                    let mut changed = whole.to_vec();
                    changed[at] = byte;
                    parse_all(&changed);
                }
            }
        }
    }
}

#[test]
fn lengths_that_go_beyond_the_end_are_refused() {
    let value = &values()[0];
    // Where the two lengths stand.
    for at in [6, 6 + 2 + "local:abc".len()] {
        for length in [u16::MAX, 0x7FFF, 200] {
            let mut changed = value.clone();
            changed[at..at + 2].copy_from_slice(&length.to_be_bytes());
            let refused = Portable::parse(&changed);
            assert!(
                matches!(refused, Err(MalformedValue::TooLong | MalformedValue::Truncated)),
                "{refused:?}"
            );
        }
    }
    assert!(portable_header(KEY, &"x".repeat(MAX_PROVIDER_KEY + 1), &[]).is_none());
    assert_eq!(
        Envelope::parse(&[0xFE, 1, 0, 0, 0, 0], Mode::Randomized),
        Err(ParseError::Malformed(MalformedValue::Truncated))
    );
}
