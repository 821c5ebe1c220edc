//! What tools read off stored bytes without any key.

use super::{HEADER_LEN, Suite, VERSION, header, text};
use crate::{
    field::{Encoding, Field, Mode},
    key::KeyId,
};

/// What the first bytes of a stored value say. Nothing here is authenticated: only opening the value tells whether it is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueHeader {
    key: KeyId,
    suite: Suite,
    encoding: Encoding,
}

impl ValueHeader {
    /// That of stored bytes, or of their first 6 (12 characters, of text); `None` if they do not begin like a value that this version writes.
    #[must_use]
    pub fn of(stored: &[u8]) -> Option<Self> {
        let (bytes, encoding) = match text::header(stored) {
            Some(bytes) => (bytes, Encoding::Text),
            None => (*stored.first_chunk::<HEADER_LEN>()?, Encoding::Bytes),
        };
        let [VERSION, suite, a, b, c, d] = bytes else { return None };
        let suite = Suite::ALL.into_iter().find(|known| known.code() == suite)?;
        let key = KeyId::new(u32::from_be_bytes([a, b, c, d]))?;
        Some(Self { key, suite, encoding })
    }

    /// The header of values of that key, mode and encoding, of the suite that columns of the mode are written with if they do not say
    /// `xaes`.
    #[must_use]
    pub const fn new(key: KeyId, mode: Mode, encoding: Encoding) -> Self {
        Self { key, suite: Suite::of_mode(mode), encoding }
    }

    /// The headers that values of that key, mode and encoding may have: one for each suite of the mode.
    pub fn all(key: KeyId, mode: Mode, encoding: Encoding) -> impl Iterator<Item = Self> {
        let xaes = (mode == Mode::Randomized).then_some(Self { key, suite: Suite::Xaes, encoding });
        [Self::new(key, mode, encoding)].into_iter().chain(xaes)
    }

    /// Whether new values of the column have this header, but for their key.
    #[must_use]
    pub fn is_of(&self, field: &Field) -> bool {
        self.suite == Suite::of(field) && self.encoding == field.stored_as()
    }

    /// The key that the value names.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// The mode that its suite is of.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.suite.mode()
    }

    /// How the value is stored.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The number of the suite in FORMAT.md#suites.
    #[must_use]
    pub const fn suite(&self) -> u8 {
        self.suite.code()
    }

    /// What all values with this header begin with, and no others: 6 bytes, or 12 characters of text.
    #[must_use]
    pub fn prefix(&self) -> Vec<u8> {
        let header = header(self.suite, self.key);
        match self.encoding {
            Encoding::Bytes => header.to_vec(),
            Encoding::Text => text::encode(&header),
        }
    }

    /// Whether bytes begin as only values do, though they may be damaged ones: nobody may take them for plaintext.
    #[must_use]
    pub fn is_begun_by(stored: &[u8], encoding: Encoding) -> bool {
        match encoding {
            Encoding::Bytes => matches!(stored, [0xFD | VERSION, ..]),
            Encoding::Text => stored.starts_with(text::PREFIX),
        }
    }
}
