//! Suite 0x01 by AWS-LC.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::{NotAuthentic, TooLong, randomized::Aead};
use crate::{
    envelope::{NONCE_LEN, TAG_LEN},
    key::{Depth, wipe_stack_of},
};

/// The key schedule, which AWS-LC keeps on its own heap and wipes when it is freed. (`LessSafe`: nonces are the caller's affair.)
pub(super) struct Gcm(LessSafeKey);

impl Gcm {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of AES-256 has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    #[inline(never)]
    fn seal(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(ad), plaintext).map_err(|_| TooLong)?;
        tag.as_ref().try_into().map_err(|_| TooLong)
    }

    #[inline(never)]
    fn open(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.0
            .open_in_place_separate_tag(nonce, Aad::from(ad), tag, ciphertext)
            .map(drop)
            .map_err(|_| NotAuthentic)
    }
}

impl Aead<NONCE_LEN> for Gcm {
    fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        let tag = self.seal(nonce, ad, plaintext);
        wipe_stack_of(Depth::Hash);
        tag
    }

    fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic> {
        let outcome = Self::open(self, nonce, ad, ciphertext, tag);
        wipe_stack_of(Depth::Hash);
        outcome
    }
}
