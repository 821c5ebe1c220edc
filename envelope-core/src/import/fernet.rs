//! Fernet tokens, as Python's `cryptography` writes them: AES-128-CBC, then HMAC-SHA-256.

use core::fmt;

use aes::Aes128;
use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::Pkcs7},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Import, ImportError};
use crate::plaintext::PlaintextBytes;

const VERSION: u8 = 0x80;
const TAG_LEN: usize = 32;

/// Reads Fernet tokens, under any of several keys as `MultiFernet` does. How old a token is does not matter.
pub struct FernetImport {
    /// For signing, for encryption.
    keys: Vec<Zeroizing<[[u8; 16]; 2]>>,
}

impl FernetImport {
    /// Keys as `Fernet.generate_key()` makes them: 32 bytes in base64 of the alphabet of URLs.
    ///
    /// # Errors
    ///
    /// [`ImportError::Key`] when one is not of that form, or there is none.
    pub fn new<'k>(keys: impl IntoIterator<Item = &'k str>) -> Result<Self, ImportError> {
        let read = |text: &str| {
            let bytes = Zeroizing::new(BASE64_URL_SAFE.decode(text.trim()).map_err(|_| ImportError::Key)?);
            let (halves, rest) = bytes.as_chunks::<16>();
            match (halves, rest) {
                ([signing, encryption], []) => Ok(Zeroizing::new([*signing, *encryption])),
                _ => Err(ImportError::Key),
            }
        };
        let keys = keys.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(ImportError::Key) } else { Ok(Self { keys }) }
    }
}

impl Import for FernetImport {
    fn open(&self, stored: &[u8]) -> Result<PlaintextBytes, ImportError> {
        let token = BASE64_URL_SAFE.decode(stored.trim_ascii()).map_err(|_| ImportError::Form)?;
        let (signed, tag) = token.split_last_chunk::<TAG_LEN>().ok_or(ImportError::Form)?;
        // Version, 8 bytes of time, the initialisation vector, the ciphertext.
        let [VERSION, _, _, _, _, _, _, _, _, rest @ ..] = signed else { return Err(ImportError::Form) };
        let (iv, ciphertext) = rest.split_first_chunk::<16>().ok_or(ImportError::Form)?;
        for key in &self.keys {
            let [signing, encryption] = &**key;
            let mut mac = Hmac::<Sha256>::new_from_slice(signing).map_err(|_| ImportError::Key)?;
            mac.update(signed);
            // The tag commits to its key, so trying several is harmless.
            if mac.verify_slice(tag).is_ok() {
                let cipher = Decryptor::<Aes128>::new(encryption.into(), iv.into());
                let plaintext = cipher.decrypt_padded_vec::<Pkcs7>(ciphertext);
                return plaintext.map(PlaintextBytes::from).map_err(|_| ImportError::NotAuthentic);
            }
        }
        Err(ImportError::NotAuthentic)
    }
}

impl fmt::Debug for FernetImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FernetImport({} keys, redacted)", self.keys.len())
    }
}
