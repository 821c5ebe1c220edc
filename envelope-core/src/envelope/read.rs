//! What a column's stored bytes are, by its declaration: a value, its text form, or a row from before it was encrypted.

use super::{Envelope, ParseError, Suite, text};
use crate::{
    error::{MalformedValue, OpenError},
    field::{Encoding, Field, PlaintextRows},
    key::KeyId,
};

/// What a column's stored bytes are.
pub(crate) enum Stored {
    /// A value whose header was checked.
    Value(KeyId, Suite),
    /// The same in its text form, and what that encodes.
    Text(KeyId, Suite, Vec<u8>),
    /// A row from before the column was encrypted.
    Plaintext,
}

/// FORMAT.md#rules-for-readers, up to the choice of the key; before them FORMAT.md#text-form.
#[inline(always)]
pub(crate) fn parse(field: &Field, stored: &[u8]) -> Result<Stored, OpenError> {
    match field.stored_as() {
        Encoding::Bytes => match Envelope::parse(stored, field.mode()) {
            Ok(envelope) => Ok(Stored::Value(envelope.key, envelope.suite)),
            Err(ParseError::NotAnEnvelope) => no_value(field, stored),
            Err(error) => Err(parse_error(field, error)),
        },
        Encoding::Text => parse_text(field, stored),
    }
}

fn parse_text(field: &Field, stored: &[u8]) -> Result<Stored, OpenError> {
    match text::decode(stored) {
        Some(Ok(value)) => match Envelope::parse(&value, field.mode()) {
            Ok(Envelope { key, suite, .. }) => Ok(Stored::Text(key, suite, value)),
            Err(error) => Err(parse_error(field, error)),
        },
        Some(Err(text::NotBase64)) => Err(parse_error(field, ParseError::NotAnEnvelope)),
        None => no_value(field, stored),
    }
}

/// Stored bytes that are no value and do not begin like one.
#[cold]
fn no_value(field: &Field, stored: &[u8]) -> Result<Stored, OpenError> {
    let name = field.name();
    let wrong_encoding = |found| OpenError::WrongEncoding { field: name, found, declared: field.stored_as() };
    match field.stored_as() {
        // Neither byte begins any text.
        Encoding::Text if matches!(*stored, [0xFD | 0xFE, ..]) => Err(wrong_encoding(Encoding::Bytes)),
        _ if field.plaintext_rule() == PlaintextRows::Read => Ok(Stored::Plaintext),
        Encoding::Bytes if stored.starts_with(text::PREFIX) => Err(wrong_encoding(Encoding::Text)),
        _ => Err(OpenError::NotAnEnvelope { field: name }),
    }
}

#[cold]
fn parse_error(field: &Field, error: ParseError) -> OpenError {
    let name = field.name();
    match error {
        ParseError::WrongMode(found) => OpenError::WrongMode { field: name, found, declared: field.mode() },
        ParseError::Malformed(reason) => OpenError::Malformed { field: name, reason },
        // Only of a text: what is in it is no value.
        ParseError::NotAnEnvelope => OpenError::Malformed { field: name, reason: MalformedValue::Text },
    }
}
