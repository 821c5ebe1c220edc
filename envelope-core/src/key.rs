//! The vocabulary of keys. Key bytes live here and nowhere else.

mod context;
mod life;
mod record;

use core::{fmt, str};
use std::sync::Arc;

pub use context::EncryptionContext;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
pub use life::{KeyState, Purpose};
pub use record::KeyRecord;
use sha2::Sha256;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::random::{self, RandomError};

/// Names a data key in every value that it sealed: 1 to 2^32 − 1, written as 8 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u32);

impl KeyId {
    /// `None` for 0, which names no key.
    #[must_use]
    pub const fn new(id: u32) -> Option<Self> {
        if id == 0 { None } else { Some(Self(id)) }
    }

    /// The number in the header of a value.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// A fresh id from the operating system's generator.
    pub(crate) fn random() -> Result<Self, RandomError> {
        loop {
            let mut bytes = [0; 4];
            random::fill(&mut bytes)?;
            if let Some(id) = Self::new(u32::from_be_bytes(bytes)) {
                return Ok(id);
            }
        }
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// The text is not a key id: 8 hexadecimal digits, not all zero.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a key id is 8 hexadecimal digits, not all zero")]
#[expect(clippy::exhaustive_structs, reason = "matched by name; there is nothing to add")]
pub struct KeyIdError;

impl str::FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(text: &str) -> Result<Self, KeyIdError> {
        if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(KeyIdError);
        }
        u32::from_str_radix(text, 16).ok().and_then(Self::new).ok_or(KeyIdError)
    }
}

/// Whose keys: the customer, organisation or account that data belongs to.
///
/// [`Tenant::default`] is the only tenant of an application without tenants; it cannot be asked for by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tenant(Arc<str>);

/// The text is not a tenant's name.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a tenant's name has 1 to 255 bytes; an application without tenants uses the keyring as it is")]
#[expect(clippy::exhaustive_structs, reason = "matched by name; there is nothing to add")]
pub struct TenantNameError;

impl Tenant {
    /// A tenant by name, which is UTF-8 of 1 to 255 bytes. Names are compared byte by byte.
    ///
    /// # Errors
    ///
    /// When the name is empty (usually a missing value that would put one customer's data under everybody's
    /// key) or longer than 255 bytes.
    pub fn new(name: &str) -> Result<Self, TenantNameError> {
        if name.is_empty() { Err(TenantNameError) } else { Self::from_stored(name) }
    }

    /// The name as a key record has it, where empty means the default tenant.
    ///
    /// # Errors
    ///
    /// When it is longer than 255 bytes.
    pub fn from_stored(name: &str) -> Result<Self, TenantNameError> {
        if name.len() > 255 { Err(TenantNameError) } else { Ok(Self(name.into())) }
    }

    /// The name; empty for the default tenant.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the tenant of an application without tenants.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self("".into())
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_default() { f.write_str("the default tenant") } else { write!(f, "tenant `{}`", self.0) }
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({:?})", &*self.0)
    }
}

/// A plaintext data key: 32 bytes that are wiped on drop and cannot be printed, cloned or serialised.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct DataKey(Box<[u8; Self::LEN]>);

impl DataKey {
    /// The length in bytes.
    pub const LEN: usize = 32;

    /// A key from the operating system's generator, for providers that do not generate keys themselves.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random bytes.
    pub fn random() -> Result<Self, RandomError> {
        let mut key = Self(Box::new([0; Self::LEN]));
        random::fill(&mut *key.0)?;
        Ok(key)
    }

    /// A key that a provider unwrapped. The caller wipes `bytes`.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::LEN]) -> Self {
        let mut key = Self(Box::new([0; Self::LEN]));
        key.0.copy_from_slice(bytes);
        key
    }

    /// The bytes, for a provider that wraps them.
    #[must_use]
    pub fn expose_secret(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// HKDF-SHA-256 with an empty salt (FORMAT.md#conventions). On the heap from the beginning: what is moved leaves a copy.
    pub(crate) fn derive<const N: usize>(&self, info: &[&[u8]]) -> Box<Zeroizing<[u8; N]>> {
        const { assert!(N <= 255 * 32, "RFC 5869 section 2.3: at most 255 blocks") }
        let mut out = Box::new(Zeroizing::new([0; N]));
        self.expand(info, &mut **out);
        wipe_stack();
        out
    }

    #[inline(never)]
    fn expand(&self, info: &[&[u8]], out: &mut [u8]) {
        Hkdf::<Sha256>::new(None, &*self.0)
            .expand_multi_info(info, out)
            .expect("the length was checked when `derive` was compiled");
    }

    /// HMAC-SHA-256 under a key derived with `label`; for the check of a key record.
    pub(crate) fn mac(&self, label: &[u8], message: &[u8]) -> Hmac<Sha256> {
        let key = self.derive::<32>(&[&length(label), label]);
        let mut mac = Hmac::new_from_slice(&**key).expect("HMAC takes keys of any length");
        mac.update(message);
        mac
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(redacted)")
    }
}

/// A data key as its provider wrapped it. Not a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The provider's stable name of the key that wraps: an ARN, never an alias.
    provider_key: String,
    bytes: Vec<u8>,
}

impl WrappedKey {
    /// What a provider wrapped under its key `provider_key`.
    #[must_use]
    pub const fn new(provider_key: String, bytes: Vec<u8>) -> Self {
        Self { provider_key, bytes }
    }

    /// The provider's stable name of the wrapping key.
    #[must_use]
    pub fn provider_key(&self) -> &str {
        &self.provider_key
    }

    /// The wrapped key, opaque to all but the provider.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({}, {} bytes)", self.provider_key, self.bytes.len())
    }
}

/// `u16` length of a part, as in `lp(x)` of FORMAT.md#conventions.
///
/// Every part that reaches this was bounded before: labels are constants, contexts and tenants have at most 255 bytes, an
/// application's name is checked by the builder.
pub(crate) fn length(part: &[u8]) -> [u8; 2] {
    u16::try_from(part.len()).expect("parts are bounded when they enter").to_be_bytes()
}

/// Appends `lp(part)`.
pub(crate) fn push(out: &mut Vec<u8>, part: &[u8]) {
    out.extend_from_slice(&length(part));
    out.extend_from_slice(part);
}

/// How deep the calls of an algorithm reach, of which each leaves on the stack what it moved there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Depth {
    /// A hash.
    Hash,
    /// AES-GCM, block by block.
    Block,
    /// AES-SIV, block by block.
    Siv,
    /// Everything: ciphers with wide vectors, key schedules, HKDF.
    All,
}

impl Depth {
    /// In [`PIECE`]s. Without optimisation values are copied from frame to frame.
    const fn pieces(self) -> usize {
        match self {
            _ if cfg!(debug_assertions) => 33,
            Self::Hash => 1,
            Self::Block => 2,
            Self::Siv => 3,
            Self::All => 7,
        }
    }
}

/// Wiped at a time: more is slower than several of these, since the C library changes to another way of filling memory.
const PIECE: usize = 2000;

/// As [`wipe_stack_of`], after anything.
#[inline(never)]
pub(crate) fn wipe_stack() {
    wipe_pieces(Depth::All.pieces());
}

/// Overwrites what the calls before left on the stack: ciphers wipe themselves where they are dropped, and not the places from which
/// they were moved while they were made.
#[inline(always)]
pub(crate) fn wipe_stack_of(depth: Depth) {
    wipe_pieces(depth.pieces());
}

#[inline(never)]
fn wipe_pieces(left: usize) {
    // Mutable, so that it is no constant elsewhere.
    let mut below = [0_u8; PIECE];
    core::hint::black_box(&mut below);
    if left > 1 {
        wipe_pieces(left.saturating_sub(1));
        // The frame is this call's own until the pieces below it are wiped.
        core::hint::black_box(&mut below);
    }
}
