//! Data keys that could not be had.

use std::{io, sync::Arc};

use thiserror::Error;

use super::{ProviderError, StoreError};
use crate::{
    key::{KeyId, Purpose, Tenant, TenantNameError},
    random::RandomError,
};

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
    /// The record is an older copy of itself: someone put it back.
    #[error(
        "the record of key {id} of {tenant} was put back to revision {revision}, and revision {known} was seen; it is \
         refused"
    )]
    RecordRolledBack {
        /// The record.
        id: KeyId,
        /// Its tenant.
        tenant: Tenant,
        /// What the store has.
        revision: u64,
        /// What it had.
        known: u64,
    },
    /// The record was in the key store and is not any more. Restore it: what its key sealed needs it.
    #[error("the record of key {id} of {tenant} is gone from the key store; restore it from a backup")]
    RecordGone {
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
    /// The key is not in memory, and the keyring was told not to wait for keys.
    #[error("the keys of {tenant} are not in memory; call `keyring.warm().await` before the query")]
    NotLoaded {
        /// The tenant.
        tenant: Tenant,
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
    /// The thread that fetches keys could not be started, or a key provider or key store panicked on it.
    #[error("the keyring's thread failed: {0}")]
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
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Deadline { .. } | Self::Contention { .. } => true,
            Self::Store(error) => matches!(**error, StoreError::Unavailable(_) | StoreError::Io { .. }),
            _ => false,
        }
    }

    /// Whether the record or the wrapped key is not what was written, so that asking again does not help.
    pub(crate) const fn is_damage(&self) -> bool {
        matches!(self, Self::NotUnwrapped { .. } | Self::RecordChanged { .. } | Self::RecordRolledBack { .. })
    }
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
        assert!(KeyError::Store(Arc::new(StoreError::Unavailable("locked".into()))).is_transient());
        assert!(!KeyError::Store(Arc::new(StoreError::NoTable { migration: "" })).is_transient());
    }
}
