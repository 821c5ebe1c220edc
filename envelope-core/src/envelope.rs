//! The layout of a stored value: parse it, write it. No cryptography (FORMAT.md#value).

mod read;
mod stored;
pub(crate) mod text;

#[cfg(test)]
mod tests;

pub(crate) use read::{Stored, parse};
pub use stored::ValueHeader;

use crate::{
    error::MalformedValue,
    field::{Field, Mode},
    key::{KeyId, push},
};

/// The first byte of every value. It never occurs in UTF-8.
const VERSION: u8 = 0xFE;
/// The first byte of values that carry their own wrapped key.
const SELF_CONTAINED: u8 = 0xFD;

/// Version, suite and key id: the part that is authenticated as it stands.
pub(crate) const HEADER_LEN: usize = 6;
/// Nonce of suite 0x01.
pub(crate) const NONCE_LEN: usize = 12;
/// Nonce of suite 0x02.
pub(crate) const XAES_NONCE_LEN: usize = 24;
/// Tag of suites 0x01 and 0x02, and synthetic IV of suite 0x10.
pub(crate) const TAG_LEN: usize = 16;
/// The most plaintext that a value may hold.
pub(crate) const MAX_PLAINTEXT: usize = 1 << 30;

/// The suites that this version reads and writes (FORMAT.md#suites).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Suite {
    /// AES-256-GCM.
    Gcm,
    /// XAES-256-GCM.
    Xaes,
    /// AES-256-SIV.
    Siv,
    /// HMAC-SHA-256, of an index.
    Hmac,
}

impl Suite {
    pub(crate) const ALL: [Self; 3] = [Self::Gcm, Self::Xaes, Self::Siv];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Gcm => 0x01,
            Self::Xaes => 0x02,
            Self::Siv => 0x10,
            Self::Hmac => 0x20,
        }
    }

    /// How many bytes a value has beyond its plaintext; of an index, beyond its term.
    pub(crate) const fn overhead(self) -> usize {
        match self {
            Self::Gcm => HEADER_LEN + NONCE_LEN + TAG_LEN,
            Self::Xaes => HEADER_LEN + XAES_NONCE_LEN + TAG_LEN,
            Self::Siv => HEADER_LEN + TAG_LEN,
            Self::Hmac => HEADER_LEN,
        }
    }

    /// The suite that a column's values are written with.
    pub(crate) const fn of(field: &Field) -> Self {
        match field.mode() {
            Mode::Randomized if field.is_xaes() => Self::Xaes,
            mode => Self::of_mode(mode),
        }
    }

    /// That of columns which say nothing else.
    pub(crate) const fn of_mode(mode: Mode) -> Self {
        match mode {
            Mode::Randomized => Self::Gcm,
            Mode::Deterministic => Self::Siv,
            Mode::Index => Self::Hmac,
        }
    }

    pub(crate) const fn mode(self) -> Mode {
        match self {
            Self::Gcm | Self::Xaes => Mode::Randomized,
            Self::Siv => Mode::Deterministic,
            Self::Hmac => Mode::Index,
        }
    }
}

/// The header of a value under `key`.
pub(crate) const fn header(suite: Suite, key: KeyId) -> [u8; HEADER_LEN] {
    let [a, b, c, d] = key.get().to_be_bytes();
    [VERSION, suite.code(), a, b, c, d]
}

/// The key that stored bytes name if they are a value, as bytes or as text, which is not checked further.
pub(crate) fn named_key(stored: &[u8]) -> Option<KeyId> {
    let named = |bytes: &[u8]| match *bytes {
        [VERSION, 0x01 | 0x02 | 0x10, a, b, c, d, _, ..] => KeyId::new(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    };
    named(stored).or_else(|| named(&text::start(stored)?))
}

/// Bytes that were not accepted as an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    /// They do not begin with the version byte.
    NotAnEnvelope,
    /// The suite is one of the other mode.
    WrongMode(Mode),
    Malformed(MalformedValue),
}

/// A stored value whose header was checked: its lengths fit its suite, and its key id names a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) suite: Suite,
    pub(crate) key: KeyId,
    /// Everything after the header: nonce, ciphertext and tag in the order of the suite.
    body: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Accepts exactly the byte strings that FORMAT.md#rules-for-readers lets through rules 1 to 4 for a column of the
    /// declared mode.
    pub(crate) fn parse(bytes: &'a [u8], declared: Mode) -> Result<Self, ParseError> {
        use MalformedValue::{KeyIdZero, SelfContained, TooLong, Truncated, UnknownSuite};
        let (suite, rest) = match *bytes {
            [VERSION, suite, ref rest @ ..] => (suite, rest),
            [VERSION] => return Err(ParseError::Malformed(Truncated)),
            [SELF_CONTAINED, ..] => return Err(ParseError::Malformed(SelfContained)),
            _ => return Err(ParseError::NotAnEnvelope),
        };
        let suite = match suite {
            0x01 => Suite::Gcm,
            0x02 => Suite::Xaes,
            0x10 => Suite::Siv,
            other => return Err(ParseError::Malformed(UnknownSuite(other))),
        };
        // No downgrade to the other mode, whatever else is wrong with the bytes.
        if suite.mode() != declared {
            return Err(ParseError::WrongMode(suite.mode()));
        }
        let Some((id, body)) = rest.split_first_chunk() else {
            return Err(ParseError::Malformed(Truncated));
        };
        match bytes.len().checked_sub(suite.overhead()) {
            None => return Err(ParseError::Malformed(Truncated)),
            Some(plaintext) if plaintext > MAX_PLAINTEXT => return Err(ParseError::Malformed(TooLong)),
            Some(_) => {}
        }
        let key = KeyId::new(u32::from_be_bytes(*id)).ok_or(ParseError::Malformed(KeyIdZero))?;
        Ok(Self { suite, key, body })
    }
}

/// A value that carries its own wrapped key, for data that leaves the database (FORMAT.md#self-contained-value).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Portable<'a> {
    pub(crate) key: KeyId,
    /// The provider's name of the key that wraps.
    pub(crate) provider_key: &'a str,
    pub(crate) wrapped: &'a [u8],
    /// All up to the nonce; authenticated as it stands.
    pub(crate) header: &'a [u8],
    /// Nonce, ciphertext and tag.
    pub(crate) body: &'a [u8],
}

/// The longest name of a wrapping key, and the longest wrapped key: four times what key services give.
pub(crate) const MAX_PROVIDER_KEY: usize = 8192;
pub(crate) const MAX_WRAPPED: usize = 24_576;

/// The header of a value that carries its own wrapped key, or nothing if that is too long for one.
pub(crate) fn portable_header(key: KeyId, provider_key: &str, wrapped: &[u8]) -> Option<Vec<u8>> {
    if provider_key.len() > MAX_PROVIDER_KEY || wrapped.len() > MAX_WRAPPED {
        return None;
    }
    let mut header = vec![SELF_CONTAINED, Suite::Gcm.code()];
    header.extend_from_slice(&key.get().to_be_bytes());
    push(&mut header, provider_key.as_bytes());
    push(&mut header, wrapped);
    Some(header)
}

impl<'a> Portable<'a> {
    /// Accepts exactly what [`portable_header`] begins and a suite's body ends.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, MalformedValue> {
        use MalformedValue::{KeyIdZero, TooLong, Truncated, UnknownSuite};
        let (suite, rest) = match *bytes {
            [SELF_CONTAINED, suite, ref rest @ ..] => (suite, rest),
            [SELF_CONTAINED] => return Err(Truncated),
            _ => return Err(MalformedValue::NotSelfContained),
        };
        if suite != Suite::Gcm.code() {
            return Err(UnknownSuite(suite));
        }
        let (id, rest) = rest.split_first_chunk().ok_or(Truncated)?;
        let key = KeyId::new(u32::from_be_bytes(*id)).ok_or(KeyIdZero)?;
        let (provider_key, rest) = part(rest, MAX_PROVIDER_KEY)?;
        let provider_key = core::str::from_utf8(provider_key).map_err(|_| MalformedValue::KeyName)?;
        let (wrapped, body) = part(rest, MAX_WRAPPED)?;
        match body.len().checked_sub(NONCE_LEN.saturating_add(TAG_LEN)) {
            None => return Err(Truncated),
            Some(plaintext) if plaintext > MAX_PLAINTEXT => return Err(TooLong),
            Some(_) => {}
        }
        let (header, _) = bytes.split_at(bytes.len().saturating_sub(body.len()));
        Ok(Self { key, provider_key, wrapped, header, body })
    }
}

/// Takes `lp(x)` off the front.
fn part(bytes: &[u8], longest: usize) -> Result<(&[u8], &[u8]), MalformedValue> {
    let truncated = MalformedValue::Truncated;
    let (length, rest) = bytes.split_first_chunk().ok_or(truncated)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length > longest {
        return Err(MalformedValue::TooLong);
    }
    rest.split_at_checked(length).ok_or(truncated)
}
