//! `nonce || ciphertext || tag`, as many applications write it by hand.

use core::fmt;

use aes_gcm::Aes256Gcm;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use chacha20poly1305::{
    ChaCha20Poly1305,
    aead::{Aead as _, KeyInit as _, Payload},
};

use super::{Import, ImportError};
use crate::plaintext::PlaintextBytes;

const NONCE_LEN: usize = 12;
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Reads `nonce || ciphertext || tag` of AES-256-GCM or ChaCha20-Poly1305, with a nonce of 12 bytes, as bytes or as base64.
pub struct RawImport {
    cipher: Cipher,
    is_base64: bool,
    associated_data: Vec<u8>,
}

enum Cipher {
    Gcm(Box<Aes256Gcm>),
    ChaCha(Box<ChaCha20Poly1305>),
}

impl RawImport {
    /// Values of AES-256-GCM under a key of 32 bytes.
    ///
    /// # Errors
    ///
    /// [`ImportError::Key`] when it has another length.
    pub fn aes_256_gcm(key: &[u8]) -> Result<Self, ImportError> {
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| ImportError::Key)?;
        Ok(Self::new(Cipher::Gcm(Box::new(cipher))))
    }

    /// Values of ChaCha20-Poly1305 under a key of 32 bytes.
    ///
    /// # Errors
    ///
    /// [`ImportError::Key`] when it has another length.
    pub fn chacha20_poly1305(key: &[u8]) -> Result<Self, ImportError> {
        let cipher = ChaCha20Poly1305::new_from_slice(key).map_err(|_| ImportError::Key)?;
        Ok(Self::new(Cipher::ChaCha(Box::new(cipher))))
    }

    const fn new(cipher: Cipher) -> Self {
        Self { cipher, is_base64: false, associated_data: Vec::new() }
    }

    /// The values are base64, of the standard alphabet or of that of URLs, with or without padding.
    #[must_use]
    pub fn base64(mut self) -> Self {
        self.is_base64 = true;
        self
    }

    /// All values were sealed with this associated data. Without it: none.
    #[must_use]
    pub fn associated_data(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.associated_data = bytes.into();
        self
    }
}

impl Import for RawImport {
    fn open(&self, stored: &[u8]) -> Result<PlaintextBytes, ImportError> {
        let decoded;
        let value = if self.is_base64 {
            let is_url = stored.iter().any(|byte| matches!(byte, b'-' | b'_'));
            let engine = if is_url { &URL } else { &STANDARD };
            decoded = engine.decode(stored.trim_ascii()).map_err(|_| ImportError::Form)?;
            &*decoded
        } else {
            stored
        };
        let (nonce, body) = value.split_first_chunk::<NONCE_LEN>().ok_or(ImportError::Form)?;
        if body.len() < 16 {
            return Err(ImportError::Form);
        }
        let payload = Payload { msg: body, aad: &self.associated_data };
        let opened = match &self.cipher {
            Cipher::Gcm(cipher) => cipher.decrypt(nonce.into(), payload),
            Cipher::ChaCha(cipher) => cipher.decrypt(nonce.into(), payload),
        };
        opened.map(PlaintextBytes::from).map_err(|_| ImportError::NotAuthentic)
    }
}

impl fmt::Debug for RawImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.cipher {
            Cipher::Gcm(_) => "RawImport(AES-256-GCM, redacted)",
            Cipher::ChaCha(_) => "RawImport(ChaCha20-Poly1305, redacted)",
        })
    }
}
