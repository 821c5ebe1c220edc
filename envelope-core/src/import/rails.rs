//! Active Record Encryption of Rails 7 and later: JSON with ciphertext, nonce and tag of AES-256-GCM.

use core::fmt;
use std::io::Read as _;

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead as _, KeyInit as _},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use flate2::read::ZlibDecoder;
use serde::Deserialize;
use sha1::Sha1;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Import, ImportError};
use crate::plaintext::PlaintextBytes;

/// `ActiveSupport::KeyGenerator`'s.
const ITERATIONS: u32 = 1 << 16;
const MOST_PLAINTEXT: u64 = 1 << 30;

/// Reads attributes that a Rails application declared with `encrypts`, deterministic or not.
///
/// The plaintext is what Rails encrypted: of a string its text, of other types what their serializer made of them.
pub struct RailsImport {
    cipher: Box<Aes256Gcm>,
}

impl RailsImport {
    /// Keys as the application's credentials have them: `primary_key`, or `deterministic_key` for deterministic attributes, and
    /// `key_derivation_salt`. Keys are derived with SHA-256, as since `load_defaults 7.1`.
    ///
    /// # Errors
    ///
    /// [`ImportError::Key`] when one of them is empty.
    pub fn new(key: &str, key_derivation_salt: &str) -> Result<Self, ImportError> {
        Self::derive(key, key_derivation_salt, |key, salt, out| {
            pbkdf2::pbkdf2_hmac::<Sha256>(key, salt, ITERATIONS, out);
        })
    }

    /// The same with SHA-1, as before `load_defaults 7.1`.
    ///
    /// # Errors
    ///
    /// [`ImportError::Key`] when one of them is empty.
    pub fn with_sha1(key: &str, key_derivation_salt: &str) -> Result<Self, ImportError> {
        Self::derive(key, key_derivation_salt, |key, salt, out| {
            pbkdf2::pbkdf2_hmac::<Sha1>(key, salt, ITERATIONS, out);
        })
    }

    fn derive(
        key: &str,
        salt: &str,
        derive: impl FnOnce(&[u8], &[u8], &mut [u8]),
    ) -> Result<Self, ImportError> {
        if key.is_empty() || salt.is_empty() {
            return Err(ImportError::Key);
        }
        let mut derived = Zeroizing::new([0_u8; 32]);
        derive(key.as_bytes(), salt.as_bytes(), &mut *derived);
        let cipher = Aes256Gcm::new_from_slice(&*derived).map_err(|_| ImportError::Key)?;
        Ok(Self { cipher: Box::new(cipher) })
    }
}

#[derive(Deserialize)]
struct Message {
    p: String,
    h: Headers,
}

#[derive(Deserialize)]
struct Headers {
    iv: String,
    at: String,
    /// Whether the plaintext is compressed.
    #[serde(default)]
    c: bool,
}

impl Import for RailsImport {
    fn open(&self, stored: &[u8]) -> Result<PlaintextBytes, ImportError> {
        let message: Message = serde_json::from_slice(stored).map_err(|_| ImportError::Form)?;
        let decode = |text: &str| BASE64_STANDARD.decode(text).map_err(|_| ImportError::Form);
        let nonce: [u8; 12] = decode(&message.h.iv)?.try_into().map_err(|_| ImportError::Form)?;
        let tag: [u8; 16] = decode(&message.h.at)?.try_into().map_err(|_| ImportError::Form)?;
        let mut body = decode(&message.p)?;
        body.extend_from_slice(&tag);
        let opened = self.cipher.decrypt(&nonce.into(), &*body).map_err(|_| ImportError::NotAuthentic)?;
        if !message.h.c {
            return Ok(opened.into());
        }
        let opened = Zeroizing::new(opened);
        let mut plaintext = Vec::new();
        let read = ZlibDecoder::new(&**opened).take(MOST_PLAINTEXT).read_to_end(&mut plaintext);
        let plaintext = PlaintextBytes::from(plaintext);
        read.map(|_| plaintext).map_err(|_| ImportError::Form)
    }
}

impl fmt::Debug for RailsImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RailsImport(redacted)")
    }
}
