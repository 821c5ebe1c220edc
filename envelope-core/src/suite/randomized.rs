//! Suite 0x01: AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag.

use core::ops::Range;

use std::sync::Arc;

use aes_gcm::{
    AeadInOut, AesGcm, Nonce, Tag,
    aead::consts::{U12, U16},
    aes::{Aes256, cipher::KeyInit},
};
use zeroize::Zeroizing;

use super::{
    NotAuthentic, TooLong,
    block::{Narrow, SHORT, Wide},
};
use crate::{
    envelope::{NONCE_LEN, TAG_LEN},
    key::{Depth, wipe_stack, wipe_stack_of},
};

/// One key schedule, for values of either length; `aes` wipes it on drop.
pub(super) struct Gcm {
    short: AesGcm<Narrow<Arc<Aes256>>, U12>,
    long: AesGcm<Wide, U12>,
}

impl Gcm {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let schedule = Arc::new(Aes256::new(key.into()));
        Self { short: Narrow(Arc::clone(&schedule)).into(), long: Wide(schedule).into() }
    }

    /// Encrypts in place and returns the tag.
    pub(super) fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        if is_short(ad, plaintext) {
            let tag = encrypt(&self.short, nonce, ad, plaintext);
            wipe_stack_of(Depth::Block);
            tag
        } else {
            let tag = encrypt(&self.long, nonce, ad, plaintext);
            wipe_stack();
            tag
        }
    }

    /// Opens `nonce || ciphertext || tag` into a buffer of its own.
    pub(super) fn open(&self, ad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (nonce, rest) = body.split_first_chunk::<NONCE_LEN>().ok_or(NotAuthentic)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(NotAuthentic)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        let outcome = self.decrypt(nonce, ad, &mut plaintext, tag);
        outcome.map(|()| plaintext)
    }

    /// Opens `nonce || ciphertext || tag` where it stands, and says where the plaintext is.
    pub(super) fn open_in_place(&self, ad: &[u8], body: &mut [u8]) -> Result<Range<usize>, NotAuthentic> {
        let (nonce, rest) = body.split_first_chunk_mut::<NONCE_LEN>().ok_or(NotAuthentic)?;
        let (ciphertext, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(NotAuthentic)?;
        let outcome = self.decrypt(nonce, ad, ciphertext, tag);
        outcome.map(|()| NONCE_LEN..NONCE_LEN.saturating_add(ciphertext.len()))
    }

    fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic> {
        if is_short(ad, ciphertext) {
            let outcome = decrypt(&self.short, nonce, ad, ciphertext, tag);
            wipe_stack_of(Depth::Block);
            outcome
        } else {
            let outcome = decrypt(&self.long, nonce, ad, ciphertext, tag);
            wipe_stack();
            outcome
        }
    }
}

const fn is_short(ad: &[u8], plaintext: &[u8]) -> bool {
    plaintext.len().saturating_add(ad.len()) <= SHORT
}

/// What it leaves on the stack is below this frame.
#[inline(never)]
fn encrypt(
    cipher: &impl AeadInOut<NonceSize = U12, TagSize = U16>,
    nonce: &[u8; NONCE_LEN],
    ad: &[u8],
    plaintext: &mut [u8],
) -> Result<[u8; TAG_LEN], TooLong> {
    cipher.encrypt_inout_detached(nonce.into(), ad, plaintext.into()).map(Into::into).map_err(|_| TooLong)
}

/// As [`encrypt`].
#[inline(never)]
fn decrypt(
    cipher: &impl AeadInOut<NonceSize = U12, TagSize = U16>,
    nonce: &[u8; NONCE_LEN],
    ad: &[u8],
    ciphertext: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), NotAuthentic> {
    cipher
        .decrypt_inout_detached(<&Nonce<_>>::from(nonce), ad, ciphertext.into(), <&Tag>::from(tag))
        .map_err(|_| NotAuthentic)
}
