//! Suite 0x10: AEAD_AES_SIV_CMAC_512 (RFC 5297 section 6.3) without a nonce.

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
        let plaintext = self.decrypt(ad, body);
        wipe_stack();
        plaintext
    }

    #[inline(never)]
    fn encrypt(&self, ad: &[u8], plaintext: &mut [u8]) -> Result<[u8; TAG_LEN], TooLong> {
        let iv = self.cipher().encrypt_inout_detached([ad], plaintext.into()).map_err(|_| TooLong)?;
        Ok(iv.into())
    }

    #[inline(never)]
    fn decrypt(&self, ad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (iv, ciphertext) = body.split_first_chunk::<TAG_LEN>().ok_or(NotAuthentic)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        self.cipher()
            .decrypt_inout_detached([ad], plaintext.as_mut_slice().into(), <&Tag>::from(iv))
            .map_err(|_| NotAuthentic)?;
        Ok(plaintext)
    }
}
