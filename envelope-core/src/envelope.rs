//! The layout of a stored value: parse it, write it. No cryptography (FORMAT.md#value).

use crate::{error::MalformedValue, field::Mode, key::KeyId};

/// The first byte of every value. It never occurs in UTF-8.
const VERSION: u8 = 0xFE;
/// The first byte of values that carry their own wrapped key; reserved.
const SELF_CONTAINED: u8 = 0xFD;

/// Version, suite and key id: the part that is authenticated as it stands.
pub(crate) const HEADER_LEN: usize = 6;
/// Nonce of suite 0x01.
pub(crate) const NONCE_LEN: usize = 12;
/// Tag of suite 0x01 and synthetic IV of suite 0x10.
pub(crate) const TAG_LEN: usize = 16;
/// The most plaintext that a value may hold.
pub(crate) const MAX_PLAINTEXT: usize = 1 << 30;

/// The suites that this version reads and writes (FORMAT.md#suites).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Suite {
    /// AES-256-GCM.
    Gcm,
    /// AES-256-SIV.
    Siv,
}

impl Suite {
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Gcm => 0x01,
            Self::Siv => 0x10,
        }
    }

    /// How many bytes a value has beyond its plaintext.
    pub(crate) const fn overhead(self) -> usize {
        match self {
            Self::Gcm => HEADER_LEN + NONCE_LEN + TAG_LEN,
            Self::Siv => HEADER_LEN + TAG_LEN,
        }
    }

    pub(crate) const fn of(mode: Mode) -> Self {
        match mode {
            Mode::Randomized => Self::Gcm,
            Mode::Deterministic => Self::Siv,
        }
    }

    pub(crate) const fn mode(self) -> Mode {
        match self {
            Self::Gcm => Mode::Randomized,
            Self::Siv => Mode::Deterministic,
        }
    }
}

/// The header of a value under `key`.
pub(crate) const fn header(suite: Suite, key: KeyId) -> [u8; HEADER_LEN] {
    let [a, b, c, d] = key.get().to_be_bytes();
    [VERSION, suite.code(), a, b, c, d]
}

/// Bytes that were not accepted as an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParseError {
    /// They do not begin with the version byte.
    NotAnEnvelope,
    Malformed(MalformedValue),
}

/// A stored value whose header was checked: its lengths fit its suite, and its key id names a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Envelope<'a> {
    pub(crate) suite: Suite,
    pub(crate) key: KeyId,
    /// Everything after the header: nonce, ciphertext and tag in the order of the suite.
    pub(crate) body: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Accepts exactly the byte strings that FORMAT.md#rules-for-readers lets through rules 1 to 4 (but for the
    /// column's mode, which its caller knows).
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        use MalformedValue::{KeyIdZero, SelfContained, TooLong, Truncated, UnknownSuite};
        let (suite, rest) = match *bytes {
            [VERSION, suite, ref rest @ ..] => (suite, rest),
            [VERSION] => return Err(ParseError::Malformed(Truncated)),
            [SELF_CONTAINED, ..] => return Err(ParseError::Malformed(SelfContained)),
            _ => return Err(ParseError::NotAnEnvelope),
        };
        let suite = match suite {
            0x01 => Suite::Gcm,
            0x10 => Suite::Siv,
            other => return Err(ParseError::Malformed(UnknownSuite(other))),
        };
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
