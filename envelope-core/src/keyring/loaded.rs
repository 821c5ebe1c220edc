//! Keys in memory: a snapshot that is never changed, only replaced.

use core::fmt;
use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;

use super::Need;
use crate::{
    envelope::Suite,
    error::KeyError,
    key::{DataKey, KeyId, KeyRecord, KeyState, Purpose, Tenant},
    suite::ColumnKey,
};

/// The keys of one tenant.
#[derive(Debug)]
pub(crate) struct KeySet {
    tenant: Tenant,
    keys: Vec<LoadedKey>,
}

impl KeySet {
    pub(super) const fn new(tenant: Tenant, keys: Vec<LoadedKey>) -> Self {
        Self { tenant, keys }
    }

    /// The purposes for which a tenant with these records never had a key.
    pub(super) fn missing(records: &[KeyRecord]) -> Vec<Purpose> {
        Purpose::ALL.into_iter().filter(|purpose| records.iter().all(|r| r.purpose != *purpose)).collect()
    }

    pub(super) fn satisfies(&self, need: Need) -> bool {
        let has = |purpose| self.keys.iter().any(|key| key.purpose == purpose);
        need == Need::Read || Purpose::ALL.into_iter().all(has)
    }

    /// The key that a value names.
    pub(crate) fn find(&self, id: KeyId) -> Option<&LoadedKey> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// The key to write with.
    pub(crate) fn active(&self, purpose: Purpose) -> Result<&LoadedKey, KeyError> {
        let is_active = |key: &&LoadedKey| key.purpose == purpose && key.state == KeyState::Active;
        let key = self
            .keys
            .iter()
            .find(is_active)
            .ok_or_else(|| KeyError::NoActive { tenant: self.tenant.clone(), purpose })?;
        key.key.as_ref().map_err(Clone::clone)?;
        Ok(key)
    }

    /// The keys that a stored deterministic value may be under, the active one first.
    pub(crate) fn searchable(&self) -> impl Iterator<Item = &LoadedKey> {
        let live = |active: bool| {
            self.keys.iter().filter(move |key| {
                key.purpose == Purpose::Search
                    && key.state.can_open()
                    && (key.state == KeyState::Active) == active
            })
        };
        live(true).chain(live(false))
    }
}

/// One data key with the column keys that were derived from it so far.
pub(crate) struct LoadedKey {
    id: KeyId,
    tenant: Tenant,
    purpose: Purpose,
    state: KeyState,
    /// Why a key cannot be used is told when something needs it: one damaged record does not close all others.
    key: Result<DataKey, KeyError>,
    columns: ArcSwap<HashMap<(Suite, &'static str), Arc<ColumnKey>>>,
}

impl LoadedKey {
    pub(super) fn new(record: &KeyRecord, key: Result<DataKey, KeyError>) -> Self {
        Self {
            id: record.id,
            tenant: record.tenant.clone(),
            purpose: record.purpose,
            state: record.state,
            key,
            columns: ArcSwap::default(),
        }
    }

    pub(crate) const fn state(&self) -> KeyState {
        self.state
    }

    /// Runs `f` with the key of one column. It is derived once and found again without a lock.
    pub(crate) fn with_column<R>(
        &self,
        suite: Suite,
        context: &'static str,
        f: impl FnOnce(&ColumnKey) -> R,
    ) -> Result<R, KeyError> {
        if let Some(column) = self.columns.load().get(&(suite, context)) {
            return Ok(f(column));
        }
        let data_key = self.key.as_ref().map_err(Clone::clone)?;
        let column = Arc::new(ColumnKey::derive(data_key, self.id, suite, &self.tenant, context));
        self.columns.rcu(|columns| {
            let mut columns = HashMap::clone(columns);
            columns.insert((suite, context), Arc::clone(&column));
            columns
        });
        Ok(f(&column))
    }
}

impl fmt::Debug for LoadedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LoadedKey({}, {}, {})", self.id, self.purpose, self.state)
    }
}
