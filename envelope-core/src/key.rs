//! The vocabulary of keys. Key bytes live here and nowhere else.

use core::{fmt, str};
use std::sync::Arc;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
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
#[non_exhaustive]
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
#[non_exhaustive]
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

/// What a data key is for. The two lives are separate: a search key that changes, changes stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stored as a byte; another purpose is a change of the format")]
pub enum Purpose {
    /// Randomized values. Rotates freely.
    Encrypt,
    /// Deterministic values and indexes. Long-lived: another key means other bytes for equal values.
    Search,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 2] = [Self::Encrypt, Self::Search];

    /// As it stands in key records and encryption contexts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Search => "search",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Encrypt => 1,
            Self::Search => 2,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stored as a byte; another state is a change of the format")]
pub enum KeyState {
    /// Known to readers, not written with yet.
    Pending,
    /// Written with. One for each tenant and purpose.
    Active,
    /// Reads what it wrote.
    DecryptOnly,
    /// No value names it any more; kept for backups.
    Retired,
    /// The wrapped key is gone; the record remains, so that the id is never given out again.
    Destroyed,
    /// Known to be in wrong hands: reads, for re-encryption, and never writes.
    Compromised,
}

impl KeyState {
    /// Every state, in the order of a key's life.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Active, Self::DecryptOnly, Self::Retired, Self::Destroyed, Self::Compromised];

    /// As it stands in key records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::DecryptOnly => "decrypt-only",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
            Self::Compromised => "compromised",
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Pending => 1,
            Self::Active => 2,
            Self::DecryptOnly => 3,
            Self::Retired => 4,
            Self::Destroyed => 5,
            Self::Compromised => 6,
        }
    }

    /// Whether values under the key can be opened.
    #[must_use]
    pub const fn can_open(self) -> bool {
        !matches!(self, Self::Retired | Self::Destroyed)
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

    /// HKDF-SHA-256 with an empty salt (FORMAT.md#conventions), filling `out`.
    pub(crate) fn derive<const N: usize>(&self, info: &[&[u8]]) -> Zeroizing<[u8; N]> {
        const { assert!(N <= 255 * 32, "RFC 5869 section 2.3: at most 255 blocks") }
        let mut out = Zeroizing::new([0; N]);
        Hkdf::<Sha256>::new(None, &*self.0)
            .expand_multi_info(info, &mut *out)
            .expect("the length was checked when this was compiled");
        out
    }

    /// HMAC-SHA-256 under a key derived with `label`; for the check of a key record.
    pub(crate) fn mac(&self, label: &[u8], message: &[u8]) -> Hmac<Sha256> {
        let key = self.derive::<32>(&[&length(label), label]);
        let mut mac = Hmac::new_from_slice(&*key).expect("HMAC takes keys of any length");
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

/// What a wrapped key is bound to: the provider authenticates it on every call (FORMAT.md#encryption-context).
///
/// Not a secret: key services write it to their audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionContext {
    application: Arc<str>,
    tenant: Tenant,
    id: KeyId,
    purpose: Purpose,
}

impl EncryptionContext {
    pub(crate) const fn new(application: Arc<str>, tenant: Tenant, id: KeyId, purpose: Purpose) -> Self {
        Self { application, tenant, id, purpose }
    }

    /// The application's name.
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// Whose key it is.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Which key it is.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    /// What the key is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Name and value of each part, sorted by name. The empty tenant has no part: key services refuse empty values.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            Some(("envelope:application", self.application.to_string())),
            Some(("envelope:key-id", self.id.to_string())),
            Some(("envelope:purpose", self.purpose.to_string())),
            (!self.tenant.is_default()).then(|| ("envelope:tenant", self.tenant.as_str().to_owned())),
        ]
        .into_iter()
        .flatten()
    }

    /// The same as bytes, for providers that authenticate a byte string: `lp(name) || lp(value)` for each pair.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in self.pairs() {
            push(&mut out, name.as_bytes());
            push(&mut out, value.as_bytes());
        }
        out
    }
}

/// One record of a key store: everything about a data key but the key itself (FORMAT.md#key-record).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores read and write every field")]
pub struct KeyRecord {
    /// The key's id.
    pub id: KeyId,
    /// The application that the key store belongs to.
    pub application: String,
    /// Whose key it is.
    pub tenant: Tenant,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands in its life.
    pub state: KeyState,
    /// 1 for a new record, one more with each change of state.
    pub revision: u64,
    /// When the key was made, in seconds since 1970.
    pub created_at: u64,
    /// When its state last changed, in seconds since 1970.
    pub changed_at: u64,
    /// The wrapped key; `None` once it was destroyed.
    pub wrapped: Option<WrappedKey>,
    /// Binds all of the above but `wrapped` to the data key. Empty once it was destroyed.
    pub check: Vec<u8>,
}

const RECORD_LABEL: &[u8] = b"envelope/v1/key-record";

impl KeyRecord {
    /// The encryption context that binds the wrapped key to this record.
    #[must_use]
    pub fn context(&self) -> EncryptionContext {
        EncryptionContext::new(self.application.as_str().into(), self.tenant.clone(), self.id, self.purpose)
    }

    /// Writes the check, after the record was made or changed.
    pub(crate) fn sign(&mut self, key: &DataKey) {
        self.check = key.mac(RECORD_LABEL, &self.signed_bytes()).finalize().into_bytes().to_vec();
    }

    /// Whether the check fits the record and the key, in constant time.
    pub(crate) fn is_signed_by(&self, key: &DataKey) -> bool {
        key.mac(RECORD_LABEL, &self.signed_bytes()).verify_slice(&self.check).is_ok()
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        push(&mut out, RECORD_LABEL);
        out.extend_from_slice(&self.id.get().to_be_bytes());
        push(&mut out, self.application.as_bytes());
        push(&mut out, self.tenant.as_str().as_bytes());
        out.extend_from_slice(&[self.purpose.code(), self.state.code()]);
        out.extend_from_slice(&self.revision.to_be_bytes());
        out.extend_from_slice(&self.created_at.to_be_bytes());
        out.extend_from_slice(&self.changed_at.to_be_bytes());
        // FORMAT.md#key-record: the number of further wraps.
        out.extend_from_slice(&[0, 0]);
        out
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
