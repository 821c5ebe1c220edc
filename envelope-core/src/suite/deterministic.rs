//! Suite 0x10: AEAD_AES_SIV_CMAC_512 (RFC 5297 section 6.3) without a nonce.

use core::ops::Range;

use aes_siv::{KeyInit, Tag, siv::Aes256Siv};
use zeroize::Zeroizing;

use super::{NotAuthentic, TooLong};
use crate::{envelope::TAG_LEN, key::wipe_stack};

/// The key of RFC 5297 section 2.2: S2V key, then CTR key.
///
/// The cipher's own state changes with each call, so it is made anew from the key.
pub(super) struct Siv(Box<Zeroizing<[u8; 64]>>);

impl Siv {
    pub(super) const fn new(key: Box<Zeroizing<[u8; 64]>>) -> Self {
        Self(key)
    }

    fn cipher(&self) -> Aes256Siv {
        Aes256Siv::new((&**self.0).into())
    }

    /// Encrypts in place and returns the synthetic IV.
    pub(super) fn seal(&self, ad: &[u8], plaintext: &mut [u8]) -> Result<[u8; TAG_LEN], TooLong> {
        let iv = self.encrypt(ad, plaintext);
        wipe_stack();
        iv
    }

    /// Opens `synthetic IV || ciphertext` into a buffer of its own.
    pub(super) fn open(&self, ad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (iv, ciphertext) = body.split_first_chunk::<TAG_LEN>().ok_or(NotAuthentic)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let outcome = self.decrypt(ad, iv, &mut plaintext);
        wipe_stack();
        outcome.map(|()| plaintext)
    }

    /// Opens `synthetic IV || ciphertext` where it stands, and says where the plaintext is.
    pub(super) fn open_in_place(&self, ad: &[u8], body: &mut [u8]) -> Result<Range<usize>, NotAuthentic> {
        let (iv, ciphertext) = body.split_first_chunk_mut::<TAG_LEN>().ok_or(NotAuthentic)?;
        let outcome = self.decrypt(ad, iv, ciphertext);
        wipe_stack();
        outcome.map(|()| TAG_LEN..TAG_LEN.saturating_add(ciphertext.len()))
    }

    #[inline(never)]
    fn encrypt(&self, ad: &[u8], plaintext: &mut [u8]) -> Result<[u8; TAG_LEN], TooLong> {
        let iv = self.cipher().encrypt_inout_detached([ad], plaintext.into()).map_err(|_| TooLong)?;
        Ok(iv.into())
    }

    #[inline(never)]
    fn decrypt(&self, ad: &[u8], iv: &[u8; TAG_LEN], ciphertext: &mut [u8]) -> Result<(), NotAuthentic> {
        self.cipher()
            .decrypt_inout_detached([ad], ciphertext.into(), <&Tag>::from(iv))
            .map_err(|_| NotAuthentic)
    }
}
