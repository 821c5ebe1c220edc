//! Records in memory, for tests.

use std::{
    future::ready,
    sync::{Mutex, PoisonError},
};

use super::{BoxFuture, Commit, KeyChange, KeyStore, apply, tenants_of};
use crate::{
    error::StoreError,
    key::{KeyRecord, Tenant},
};

/// Keeps records for as long as the process lives: for tests.
///
/// Values that outlive the process can never be opened again.
#[derive(Debug, Default)]
pub struct MemoryStore {
    records: Mutex<Vec<KeyRecord>>,
}

impl MemoryStore {
    /// A store without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store with these records, as they were taken from another.
    #[must_use]
    pub fn with_records(records: Vec<KeyRecord>) -> Self {
        Self { records: Mutex::new(records) }
    }

    /// A copy of every record.
    #[must_use]
    pub fn records(&self) -> Vec<KeyRecord> {
        self.lock(|records| records.clone())
    }

    /// Puts other records in the place of all of them, as someone who can write the key table might.
    #[cfg(feature = "testing")]
    pub fn overwrite(&self, records: Vec<KeyRecord>) {
        self.lock(|present| *present = records);
    }

    fn lock<R>(&self, f: impl FnOnce(&mut Vec<KeyRecord>) -> R) -> R {
        f(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KeyStore for MemoryStore {
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        let records = self.lock(|records| records.iter().filter(|r| r.tenant == *tenant).cloned().collect());
        Box::pin(ready(Ok(records)))
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        Box::pin(ready(Ok(self.lock(|records| tenants_of(records)))))
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        Box::pin(ready(Ok(self.lock(|records| apply(records, changes)))))
    }
}
