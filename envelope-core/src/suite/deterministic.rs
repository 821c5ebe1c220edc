//! Suite 0x10: AEAD_AES_SIV_CMAC_512 (RFC 5297 section 6.3) without a nonce.

use core::ops::Range;
use std::sync::Mutex;

use aes_gcm::aes::Aes256;
use aes_siv::{
    KeyInit, Tag,
    siv::{Aes256Siv, CmacSiv},
};
use zeroize::Zeroizing;

use super::{
    NotAuthentic, TooLong,
    block::{Narrow, SHORT},
};
use crate::{
    envelope::TAG_LEN,
    key::{Depth, wipe_stack_of},
};

/// The key of RFC 5297 section 2.2: S2V key, then CTR key.
///
/// The cipher's own state changes with each call: one is ready for whoever comes alone, and others make theirs from the key.
pub(super) struct Siv {
    key: Box<Zeroizing<[u8; 64]>>,
    ready: Mutex<Box<Short>>,
}

type Short = CmacSiv<Narrow<Aes256>>;

impl Siv {
    pub(super) fn new(key: Box<Zeroizing<[u8; 64]>>) -> Self {
        let ready = Mutex::new(Box::new(Short::new((&**key).into())));
        Self { key, ready }
    }

    /// Encrypts in place and returns the synthetic IV.
    pub(super) fn seal(&self, ad: &[u8], plaintext: &mut [u8]) -> Result<[u8; TAG_LEN], TooLong> {
        let depth = depth(plaintext);
        let iv = self.encrypt(ad, plaintext);
        wipe_stack_of(depth);
        iv
    }

    /// Opens `synthetic IV || ciphertext` into a buffer of its own.
    pub(super) fn open(&self, ad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (iv, ciphertext) = body.split_first_chunk::<TAG_LEN>().ok_or(NotAuthentic)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let outcome = self.decrypt(ad, iv, &mut plaintext);
        wipe_stack_of(depth(&plaintext));
        outcome.map(|()| plaintext)
    }

    /// Opens `synthetic IV || ciphertext` where it stands, and says where the plaintext is.
    pub(super) fn open_in_place(&self, ad: &[u8], body: &mut [u8]) -> Result<Range<usize>, NotAuthentic> {
        let (iv, ciphertext) = body.split_first_chunk_mut::<TAG_LEN>().ok_or(NotAuthentic)?;
        let outcome = self.decrypt(ad, iv, ciphertext);
        wipe_stack_of(depth(ciphertext));
        outcome.map(|()| TAG_LEN..TAG_LEN.saturating_add(ciphertext.len()))
    }

    #[inline(never)]
    fn encrypt(&self, ad: &[u8], plaintext: &mut [u8]) -> Result<[u8; TAG_LEN], TooLong> {
        let iv = match (is_short(plaintext), self.ready.try_lock()) {
            (true, Ok(mut ready)) => ready.encrypt_inout_detached([ad], plaintext.into()),
            (true, Err(_)) => Short::new((&**self.key).into()).encrypt_inout_detached([ad], plaintext.into()),
            (false, _) => Aes256Siv::new((&**self.key).into()).encrypt_inout_detached([ad], plaintext.into()),
        };
        iv.map(Into::into).map_err(|_| TooLong)
    }

    #[inline(never)]
    fn decrypt(&self, ad: &[u8], iv: &[u8; TAG_LEN], ciphertext: &mut [u8]) -> Result<(), NotAuthentic> {
        let iv = <&Tag>::from(iv);
        let outcome = match (is_short(ciphertext), self.ready.try_lock()) {
            (true, Ok(mut ready)) => ready.decrypt_inout_detached([ad], ciphertext.into(), iv),
            (true, Err(_)) => {
                Short::new((&**self.key).into()).decrypt_inout_detached([ad], ciphertext.into(), iv)
            }
            (false, _) => {
                Aes256Siv::new((&**self.key).into()).decrypt_inout_detached([ad], ciphertext.into(), iv)
            }
        };
        outcome.map_err(|_| NotAuthentic)
    }
}

const fn is_short(text: &[u8]) -> bool {
    text.len() <= SHORT
}

const fn depth(text: &[u8]) -> Depth {
    if is_short(text) { Depth::Siv } else { Depth::All }
}
