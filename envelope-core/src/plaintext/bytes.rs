//! Buffers for plaintext: one to write into, one that was opened. Neither leaves a copy behind.

use core::{fmt, mem, ops};
use std::borrow::Cow;

use zeroize::{Zeroize, Zeroizing};

use super::{PlaintextError, ToPlaintext};

/// Where [`ToPlaintext::write`](crate::ToPlaintext::write) appends its bytes.
///
/// When the buffer has to grow, the old one is wiped before it is freed.
pub struct PlaintextWriter<'a> {
    buffer: &'a mut Vec<u8>,
    /// Bytes that must stay free behind the plaintext, so that a tag can be appended without moving it.
    reserve: usize,
    refused: Option<PlaintextError>,
}

impl<'a> PlaintextWriter<'a> {
    /// Appends to `buffer` and keeps `reserve` bytes free behind what is written.
    pub(crate) const fn new(buffer: &'a mut Vec<u8>, reserve: usize) -> Self {
        Self { buffer, reserve, refused: None }
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        let needed = self.buffer.len().saturating_add(bytes.len()).saturating_add(self.reserve);
        if needed > self.buffer.capacity() {
            let mut grown = Vec::with_capacity(needed.saturating_mul(2));
            grown.extend_from_slice(self.buffer);
            mem::replace(self.buffer, grown).zeroize();
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that the value has no encoding. Nothing is sealed then: whoever asked for it gets the error.
    pub fn refuse(&mut self, error: PlaintextError) {
        self.refused.get_or_insert(error);
    }

    /// Appends a plaintext with its length, in four bytes, before it.
    pub(super) fn write_with_length(&mut self, plaintext: &(impl ToPlaintext + ?Sized)) {
        let place = self.buffer.len();
        self.write(&[0; 4]);
        let start = self.buffer.len();
        plaintext.write(self);
        let length = u32::try_from(self.buffer.len().saturating_sub(start));
        match (length, self.buffer.get_mut(place..start)) {
            (Ok(length), Some(place)) => place.copy_from_slice(&length.to_be_bytes()),
            _ => self.refuse(PlaintextError::new("one of parts of less than 2^32 bytes")),
        }
    }

    /// Whether all that was to be written was.
    pub(crate) const fn finish(self) -> Result<(), PlaintextError> {
        match self.refused {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for PlaintextWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlaintextWriter").finish_non_exhaustive()
    }
}

/// An opened value: its plaintext bytes, wiped on drop.
pub struct PlaintextBytes(Zeroizing<Vec<u8>>);

impl PlaintextBytes {
    pub(crate) const fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self(bytes)
    }

    /// Bytes that were never encrypted.
    pub(crate) fn of(bytes: Cow<'_, [u8]>) -> Self {
        Self(Zeroizing::new(bytes.into_owned()))
    }

    /// Takes the buffer over without a copy. From here on wiping it is the caller's affair.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        mem::take(&mut *self.0)
    }
}

/// For an [`Import`](crate::Import); the buffer is wiped on drop.
impl From<Vec<u8>> for PlaintextBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl ops::Deref for PlaintextBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PlaintextBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlaintextBytes({} bytes)", self.0.len())
    }
}
