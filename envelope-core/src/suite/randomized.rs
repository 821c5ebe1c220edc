//! Suite 0x01: AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag.

use core::ops::Range;

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit, Nonce, Tag};
use zeroize::Zeroizing;

use super::{NotAuthentic, TooLong};
use crate::{
    envelope::{NONCE_LEN, TAG_LEN},
    key::wipe_stack,
};

/// The key schedule, which `aes-gcm` wipes on drop.
pub(super) struct Gcm(Aes256Gcm);

impl Gcm {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Encrypts in place and returns the tag.
    pub(super) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        let tag = self.encrypt(nonce, ad, plaintext);
        wipe_stack();
        tag
    }

    /// Opens `nonce || ciphertext || tag` into a buffer of its own.
    pub(super) fn open(&self, ad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (nonce, rest) = body.split_first_chunk::<NONCE_LEN>().ok_or(NotAuthentic)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(NotAuthentic)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let outcome = self.decrypt(nonce, ad, &mut plaintext, tag);
        wipe_stack();
        outcome.map(|()| plaintext)
    }

    /// Opens `nonce || ciphertext || tag` where it stands, and says where the plaintext is.
    pub(super) fn open_in_place(&self, ad: &[u8], body: &mut [u8]) -> Result<Range<usize>, NotAuthentic> {
        let (nonce, rest) = body.split_first_chunk_mut::<NONCE_LEN>().ok_or(NotAuthentic)?;
        let (ciphertext, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(NotAuthentic)?;
        let outcome = self.decrypt(nonce, ad, ciphertext, tag);
        wipe_stack();
        outcome.map(|()| NONCE_LEN..NONCE_LEN.saturating_add(ciphertext.len()))
    }

    /// On processors with wide vectors the cipher copies its round keys to the stack, of which the first are the key.
    #[inline(never)]
    fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        self.0.encrypt_inout_detached(nonce.into(), ad, plaintext.into()).map(Into::into).map_err(|_| TooLong)
    }

    #[inline(never)]
    fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic> {
        self.0
            .decrypt_inout_detached(<&Nonce<_>>::from(nonce), ad, ciphertext.into(), <&Tag>::from(tag))
            .map_err(|_| NotAuthentic)
    }
}
