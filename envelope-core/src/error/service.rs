//! Key providers and key stores that did not do their work.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::random::RandomError;

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
    /// The name is not one that this provider takes: a KMS key is named by its ARN, since an alias can be moved to another key.
    #[error("`{0}` is not the ARN of a KMS key; `AwsKms::resolve` finds the ARN of an alias or key id")]
    NotAnArn(String),
    /// The text is not a public key of the age format.
    #[error("`{0}` is not an age recipient: those begin with `age1`")]
    NotAnAgeRecipient(String),
    /// There is no such key.
    #[error("there is no such key: {0}")]
    NotFound(#[source] BoxError),
    /// The wrapped key was wrapped by another key of the provider.
    #[error("the data key is wrapped by `{found}`, and the provider has `{expected}`")]
    WrongKey {
        /// The name in the record, or in the service's answer.
        found: String,
        /// The provider's key, or the one that was asked.
        expected: String,
    },
    /// The wrapped key does not authenticate: damage, or another encryption context.
    #[error("the wrapped key is not authentic: it was changed, or wrapped with another encryption context")]
    NotAuthentic,
    /// The key service answered, and not with what was asked for.
    #[error("the key service answered {0}")]
    BadAnswer(String),
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
    /// The database has no key table yet.
    #[error("the database has no table `envelope_keys`; run the migration {migration}")]
    NoTable {
        /// Which, and where it is found.
        migration: &'static str,
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
