//! Suites with a nonce: 0x01, AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag, by one of two libraries; and what 0x02 shares with it.

use core::{fmt, ops::Range};
use std::sync::Arc;

use aes_gcm::{
    AeadInOut, AesGcm, Nonce, Tag,
    aead::consts::{U12, U16},
    aes::{Aes256, cipher::KeyInit},
};
use zeroize::Zeroizing;

#[cfg(feature = "aws-lc")]
use super::aws_lc;
use super::{
    NotAuthentic, TooLong,
    block::{Narrow, SHORT, Wide},
};
use crate::{
    envelope::{NONCE_LEN, TAG_LEN},
    key::{Depth, wipe_stack, wipe_stack_of},
};

/// Which library encrypts the values of randomized columns, AES-256-GCM. They write the same bytes and read each other's.
///
/// Everything else is done by the crates of RustCrypto whichever it is: deterministic values, indexes, columns with `xaes`, the
/// derivation of keys, local key files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CipherBackend {
    /// The crate `aes-gcm`: Rust, without a C compiler. The default.
    #[default]
    RustCrypto,
    /// The crate `aws-lc-rs`, with the feature `aws-lc`: AWS-LC, in C and assembly. An application that has to use a module with a
    /// FIPS 140 certificate turns on the feature `fips` of `aws-lc-rs` in its own `Cargo.toml`.
    #[cfg(feature = "aws-lc")]
    AwsLc,
}

/// A cipher that takes a nonce of `N` bytes.
pub(super) trait Aead<const N: usize> {
    /// Encrypts in place and returns the tag.
    fn encrypt(&self, nonce: &[u8; N], ad: &[u8], plaintext: &mut [u8]) -> Result<[u8; TAG_LEN], TooLong>;

    /// Decrypts in place; of what is not authentic nothing is to be used.
    fn decrypt(
        &self,
        nonce: &[u8; N],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic>;

    /// Opens `nonce || ciphertext || tag` into a buffer of its own.
    fn open(&self, ad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotAuthentic> {
        let (nonce, rest) = body.split_first_chunk::<N>().ok_or(NotAuthentic)?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(NotAuthentic)?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        self.decrypt(nonce, ad, &mut plaintext, tag).map(|()| plaintext)
    }

    /// Opens `nonce || ciphertext || tag` where it stands, and says where the plaintext is.
    fn open_in_place(&self, ad: &[u8], body: &mut [u8]) -> Result<Range<usize>, NotAuthentic> {
        let (nonce, rest) = body.split_first_chunk_mut::<N>().ok_or(NotAuthentic)?;
        let (ciphertext, tag) = rest.split_last_chunk_mut::<TAG_LEN>().ok_or(NotAuthentic)?;
        self.decrypt(nonce, ad, ciphertext, tag).map(|()| N..N.saturating_add(ciphertext.len()))
    }
}

/// AES-256-GCM with a ready key.
pub(super) enum Gcm {
    RustCrypto(Box<RustCrypto>),
    #[cfg(feature = "aws-lc")]
    AwsLc(aws_lc::Gcm),
}

impl Gcm {
    pub(super) fn new(key: &[u8; 32], backend: CipherBackend) -> Self {
        match backend {
            CipherBackend::RustCrypto => Self::RustCrypto(Box::new(RustCrypto::new(key))),
            #[cfg(feature = "aws-lc")]
            CipherBackend::AwsLc => Self::AwsLc(aws_lc::Gcm::new(key)),
        }
    }
}

impl Aead<NONCE_LEN> for Gcm {
    fn encrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        plaintext: &mut [u8],
    ) -> Result<[u8; TAG_LEN], TooLong> {
        match self {
            Self::RustCrypto(cipher) => cipher.encrypt(nonce, ad, plaintext),
            #[cfg(feature = "aws-lc")]
            Self::AwsLc(cipher) => cipher.encrypt(nonce, ad, plaintext),
        }
    }

    fn decrypt(
        &self,
        nonce: &[u8; NONCE_LEN],
        ad: &[u8],
        ciphertext: &mut [u8],
        tag: &[u8; TAG_LEN],
    ) -> Result<(), NotAuthentic> {
        match self {
            Self::RustCrypto(cipher) => cipher.decrypt(nonce, ad, ciphertext, tag),
            #[cfg(feature = "aws-lc")]
            Self::AwsLc(cipher) => cipher.decrypt(nonce, ad, ciphertext, tag),
        }
    }
}

/// One key schedule, for values of either length; `aes` wipes it on drop.
pub(super) struct RustCrypto {
    short: AesGcm<Narrow<Arc<Aes256>>, U12>,
    long: AesGcm<Wide, U12>,
}

impl RustCrypto {
    fn new(key: &[u8; 32]) -> Self {
        let schedule = Arc::new(Aes256::new(key.into()));
        Self { short: Narrow(Arc::clone(&schedule)).into(), long: Wide(schedule).into() }
    }
}

impl Aead<NONCE_LEN> for RustCrypto {
    fn encrypt(
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

pub(super) const fn is_short(ad: &[u8], plaintext: &[u8]) -> bool {
    plaintext.len().saturating_add(ad.len()) <= SHORT
}

/// What it leaves on the stack is below this frame.
#[inline(never)]
pub(super) fn encrypt(
    cipher: &impl AeadInOut<NonceSize = U12, TagSize = U16>,
    nonce: &[u8; NONCE_LEN],
    ad: &[u8],
    plaintext: &mut [u8],
) -> Result<[u8; TAG_LEN], TooLong> {
    cipher.encrypt_inout_detached(nonce.into(), ad, plaintext.into()).map(Into::into).map_err(|_| TooLong)
}

/// As [`encrypt`].
#[inline(never)]
pub(super) fn decrypt(
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

impl fmt::Display for CipherBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RustCrypto => "rust-crypto",
            #[cfg(feature = "aws-lc")]
            Self::AwsLc => "aws-lc",
        })
    }
}
