//! The vocabulary of errors: one enum for each direction. Variants say what the caller can do.
//!
//! No message holds plaintext, key bytes or ciphertext.

use std::{io, path::PathBuf, sync::Arc};

use thiserror::Error;

use crate::{
    field::{FieldName, Mode},
    key::{KeyId, KeyState, Purpose, Tenant, TenantNameError},
    plaintext::PlaintextError,
    random::RandomError,
};

/// No keyring is in force where an ORM encodes or decodes a value.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "no keyring: call `keyring.install()` when the application starts, or run this inside \
     `keyring.scope(future)` or `keyring.with(|| …)`; a spawned task needs its own `scope`"
)]
#[non_exhaustive]
pub struct NoKeyring;

/// A value was not sealed; nothing was stored.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// See [`NoKeyring`].
    #[error("cannot seal {field}: {source}")]
    NoKeyring {
        /// The column.
        field: FieldName,
        #[doc(hidden)]
        source: NoKeyring,
    },
    /// The tenant's keys could not be had.
    #[error("cannot seal {field}: {source}")]
    Key {
        /// The column.
        field: FieldName,
        /// Why not, and whether to try again.
        source: KeyError,
    },
    /// The plaintext has more than 2^30 bytes.
    #[error("cannot seal {field}: the plaintext has {length} bytes, more than 2^30")]
    TooLong {
        /// The column.
        field: FieldName,
        /// The plaintext's length in bytes.
        length: usize,
    },
    /// See [`RandomError`].
    #[error("cannot seal {field}: {source}")]
    Random {
        /// The column.
        field: FieldName,
        #[doc(hidden)]
        source: RandomError,
    },
    /// A lookup in a randomized column, through a [`Field`](crate::Field) whose mode is not known at compile time.
    #[error("cannot search {field}: it is randomized; declare it `#[encrypt(deterministic)]`")]
    NotSearchable {
        /// The column.
        field: FieldName,
    },
}

/// A stored value was not opened.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// See [`NoKeyring`].
    #[error("cannot open {field}: {source}")]
    NoKeyring {
        /// The column.
        field: FieldName,
        #[doc(hidden)]
        source: NoKeyring,
    },
    /// The key could not be had. The value may be perfectly good.
    #[error("cannot open {field} (key {key}): {source}")]
    Key {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
        /// Why not, and whether to try again.
        source: KeyError,
    },
    /// The key store has no such key for this tenant.
    #[error("cannot open {field}: {tenant} has no key {key}; the value is of another tenant or key store")]
    UnknownKey {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
        /// The tenant whose keyring was asked.
        tenant: Tenant,
    },
    /// The key exists and is not used for reading any more.
    #[error("cannot open {field}: key {key} is {state}")]
    KeyRetired {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
        /// Retired or destroyed.
        state: KeyState,
    },
    /// The value does not authenticate: it was changed, or it was sealed for another column, row, tenant or key. Which of
    /// these cannot be told, and is not for an attacker to know.
    #[error(
        "cannot open {field} (key {key}): not authentic; it was changed, or sealed for another column, row or tenant"
    )]
    NotAuthentic {
        /// The column.
        field: FieldName,
        /// The key that the value names.
        key: KeyId,
    },
    /// The bytes are not an envelope: most likely a row from before the column was encrypted.
    #[error(
        "cannot open {field}: the stored bytes are not an envelope; if the table still holds plaintext rows, \
         declare the field `#[encrypt(plaintext = \"read\")]` while they are being encrypted"
    )]
    NotAnEnvelope {
        /// The column.
        field: FieldName,
    },
    /// The bytes begin like an envelope and are not one that this version can read.
    #[error("cannot open {field}: {reason}")]
    Malformed {
        /// The column.
        field: FieldName,
        /// What is wrong with the bytes.
        reason: MalformedValue,
    },
    /// The value was sealed in the other mode than the column is declared with.
    #[error("cannot open {field}: the value is {found:?} and the column is declared {declared:?}")]
    WrongMode {
        /// The column.
        field: FieldName,
        /// The value's mode.
        found: Mode,
        /// The column's mode.
        declared: Mode,
    },
    /// The value is authentic, but not of the field's type: its type was changed since.
    #[error("cannot open {field}: {source}")]
    Plaintext {
        /// The column.
        field: FieldName,
        /// What was expected.
        source: PlaintextError,
    },
}

/// What is wrong with bytes that begin like an envelope (FORMAT.md#rules-for-readers).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedValue {
    /// Shorter than the overhead of its suite.
    #[error("the value is truncated")]
    Truncated,
    /// More than 2^30 bytes of plaintext.
    #[error("the value is longer than 2^30 bytes")]
    TooLong,
    /// A suite that this version does not know.
    #[error("the value has the unknown suite {0:#04x}; it may be of a later version")]
    UnknownSuite(u8),
    /// The form that carries its own wrapped key, which this version does not read.
    #[error("the value carries its own wrapped key, which this version does not read")]
    SelfContained,
    /// Key id 0 names no key.
    #[error("the value names key 0")]
    KeyIdZero,
}

/// A tenant's data keys could not be had.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The provider could not be reached, or did not answer in time. Try again.
    #[error("the key provider is unavailable: {0}")]
    Unavailable(#[source] Arc<ProviderError>),
    /// The provider refused: a permission is missing, or the key is disabled.
    #[error("the key provider denies the key: {0}")]
    Denied(#[source] Arc<ProviderError>),
    /// The provider answered, and the wrapped key does not unwrap: another wrapping key, another encryption context, or damage.
    #[error("key {id} of {tenant} does not unwrap: {source}")]
    NotUnwrapped {
        /// The record.
        id: KeyId,
        /// Its tenant.
        tenant: Tenant,
        #[doc(hidden)]
        source: Arc<ProviderError>,
    },
    /// The key store could not be read or written.
    #[error("the key store failed: {0}")]
    Store(#[source] Arc<StoreError>),
    /// The record's check does not fit: someone changed the record.
    #[error("the record of key {id} of {tenant} was changed after it was written; it is refused")]
    RecordChanged {
        /// The record.
        id: KeyId,
        /// Its tenant.
        tenant: Tenant,
    },
    /// The key store belongs to another application, or the application was renamed in the configuration.
    #[error("key {id} belongs to the application `{found}`, and this keyring is of `{expected}`")]
    OtherApplication {
        /// The record.
        id: KeyId,
        /// The record's application.
        found: String,
        /// The keyring's.
        expected: String,
    },
    /// Two records of one tenant are both active; at least one is an older copy.
    #[error(
        "{tenant} has two active {purpose} keys, {first} and {second}; one is an older copy of its record"
    )]
    TwoActive {
        /// The tenant.
        tenant: Tenant,
        /// What they are for.
        purpose: Purpose,
        /// One.
        first: KeyId,
        /// The other.
        second: KeyId,
    },
    /// The tenant has keys for this purpose, and none is active.
    #[error("{tenant} has no active {purpose} key")]
    NoActive {
        /// The tenant.
        tenant: Tenant,
        /// For what.
        purpose: Purpose,
    },
    /// The keys did not arrive before the deadline. They are still being fetched; `keyring.warm().await` waits for them.
    #[error(
        "the keys of {tenant} did not arrive within {seconds} s; call `keyring.warm().await` before the query, so that \
         no codec has to wait"
    )]
    Deadline {
        /// The tenant.
        tenant: Tenant,
        /// How long was waited.
        seconds: f32,
    },
    /// Other processes kept creating keys at the same moment. Try again.
    #[error("the keys of {tenant} kept changing while they were created")]
    Contention {
        /// The tenant.
        tenant: Tenant,
    },
    /// See [`RandomError`].
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The thread that fetches keys could not be started.
    #[error("the keyring's thread could not be started: {0}")]
    Thread(#[source] Arc<io::Error>),
    /// A tenant's name that is not one.
    #[error(transparent)]
    Tenant(#[from] TenantNameError),
    /// An application's name that is not one.
    #[error("an application's name has 1 to 255 bytes")]
    ApplicationName,
    /// A provider that exists for tests, in a release build.
    #[error(
        "this provider is for tests and was refused in a release build; `allow_test_provider()` permits it"
    )]
    TestProvider,
}

impl KeyError {
    /// Whether the same call can succeed later without anyone changing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Deadline { .. } | Self::Contention { .. } | Self::Store(_)
        )
    }
}

/// A key provider did not generate, unwrap or rewrap a key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// No answer, or not in time. Try again.
    #[error("no answer from the key service: {0}")]
    Unreachable(#[source] BoxError),
    /// Too many calls. Try again, later.
    #[error("the key service throttles: {0}")]
    Throttled(#[source] BoxError),
    /// The caller may not use the key.
    #[error("the key service denies access: {0}")]
    Denied(#[source] BoxError),
    /// The key is disabled or about to be deleted.
    #[error("the key is disabled: {0}")]
    Disabled(#[source] BoxError),
    /// There is no such key.
    #[error("there is no such key: {0}")]
    NotFound(#[source] BoxError),
    /// The wrapped key was wrapped by another key of the provider.
    #[error("the wrapped key names the wrapping key `{found}`, and the provider has `{expected}`")]
    WrongKey {
        /// The name in the record.
        found: String,
        /// The provider's key.
        expected: String,
    },
    /// The wrapped key does not authenticate: damage, or another encryption context.
    #[error("the wrapped key is not authentic: it was changed, or wrapped with another encryption context")]
    NotAuthentic,
    /// The key file does not exist.
    #[error("there is no key file {0:?}; `LocalKey::create` makes one")]
    KeyFileMissing(PathBuf),
    /// The key file exists already, and was left as it is.
    #[error("the key file {0:?} exists already; a new key would make what the old one wrapped unreadable")]
    KeyFileExists(PathBuf),
    /// Others than the owner may read or write the key file.
    #[error(
        "the key file {path:?} has mode {mode:04o}: others than its owner can use it; run `chmod 600` on it"
    )]
    KeyFileExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is not what `LocalKey::create` wrote.
    #[error("the key file {0:?} is damaged: restore it from its backup")]
    KeyFileDamaged(PathBuf),
    /// The key file could not be read or written.
    #[error("the key file {path:?}: {source}")]
    KeyFileIo {
        /// The file.
        path: PathBuf,
        #[doc(hidden)]
        source: io::Error,
    },
    /// See [`RandomError`].
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// The cause of a provider's or store's error, as its own library reports it.
pub type BoxError = Box<dyn core::error::Error + Send + Sync>;

/// A key store did not read or write its records.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store could not be reached. Try again.
    #[error("the key store is unavailable: {0}")]
    Unavailable(#[source] BoxError),
    /// A file could not be read or written.
    #[error("{path:?}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        #[doc(hidden)]
        source: io::Error,
    },
    /// The store holds something that is not a key record.
    #[error("{place}: {reason}")]
    Damaged {
        /// The file, or the table and row.
        place: String,
        /// What is wrong.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transient_errors_are_those_that_pass_by_themselves() {
        let timeout = ProviderError::Unreachable("timed out".into());
        assert!(KeyError::Unavailable(Arc::new(timeout)).is_transient());
        let denied = ProviderError::Denied("no".into());
        assert!(!KeyError::Denied(Arc::new(denied)).is_transient());
    }
}
