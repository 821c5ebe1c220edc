//! A store that several keyrings share, as processes share a key table: it counts, and it fails on request.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use envelope_core::{
    BoxFuture, Commit, KeyChange, KeyRecord, KeyStore, Keyring, KeyringBuilder, MemoryStore, MissPolicy,
    StoreError, Tenant, testing::TestKms,
};

use super::columns::{UserEmail, UserNote};

/// Clones are the same store.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedStore(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    store: MemoryStore,
    loads: AtomicU64,
    commits: AtomicU64,
    conflicts: AtomicU64,
    is_broken: AtomicBool,
}

impl SharedStore {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn records(&self) -> Vec<KeyRecord> {
        self.0.store.records()
    }

    /// How often records were read.
    pub(super) fn loads(&self) -> u64 {
        self.0.loads.load(Ordering::SeqCst)
    }

    /// How often something was to be stored.
    pub(super) fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::SeqCst)
    }

    /// Answers the next commits with a conflict.
    pub(super) fn conflict(&self, times: u64) {
        self.0.conflicts.store(times, Ordering::SeqCst);
    }

    /// Fails every call from now on, or works again.
    pub(super) fn set_broken(&self, is_broken: bool) {
        self.0.is_broken.store(is_broken, Ordering::SeqCst);
    }

    /// A keyring on this store and the key service, as another process would have it.
    pub(super) fn keyring(&self, kms: &TestKms) -> KeyringBuilder {
        Keyring::builder(kms.clone(), self.clone()).allow_test_provider()
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.0.is_broken.load(Ordering::SeqCst) {
            true => Err(StoreError::Unavailable("injected by the test".into())),
            false => Ok(()),
        }
    }
}

impl KeyStore for SharedStore {
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        self.0.loads.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            self.check()?;
            self.0.store.load(tenant).await
        })
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        self.0.store.tenants()
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        self.0.commits.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            self.check()?;
            let take = |left: u64| left.checked_sub(1);
            if self.0.conflicts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                return Ok(Commit::Conflict);
            }
            self.0.store.commit(changes).await
        })
    }
}

/// A key service, and a store with the keys of the tenants `acme` and of none; and a value of each.
pub(super) fn stored() -> (TestKms, SharedStore, Vec<u8>, Vec<u8>) {
    let (kms, store) = (TestKms::new(), SharedStore::new());
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    let value = keyring.seal(UserNote, "x").unwrap();
    let acme = keyring.tenant("acme").unwrap();
    acme.seal(UserEmail, "x").unwrap();
    let acme_value = acme.seal(UserNote, "x").unwrap();
    (kms, store, value, acme_value)
}

/// A tenant's keyring whose keys are not in memory yet.
pub(super) fn cold(kms: &TestKms, store: &SharedStore, policy: MissPolicy) -> Keyring {
    store.keyring(kms).on_miss(policy).open_blocking().unwrap().tenant("acme").unwrap()
}
