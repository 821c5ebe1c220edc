//! The keys that a batch of rows needs, fetched before any of its values is sealed or opened.

use core::fmt;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use envelope_core::{Field, IndexKey, KeyError, KeyId, KeyInfo, KeyState, Keyring, Mode, Purpose, Tenant};

use super::error::OpsError;

pub(crate) struct Keys {
    keyring: Keyring,
    /// The keys that each tenant's values are to be under.
    active: Mutex<BTreeMap<Tenant, Active>>,
    /// Every key that was met in the key store.
    known: Mutex<BTreeSet<KeyId>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Active {
    encrypt: Option<KeyId>,
    search: Option<KeyId>,
    /// The pending search key, or the active one.
    newest: Option<KeyId>,
}

impl Keys {
    pub(crate) fn new(keyring: &Keyring) -> Self {
        Self { keyring: keyring.clone(), active: Mutex::default(), known: Mutex::default() }
    }

    pub(crate) const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub(crate) fn of(&self, tenant: &Tenant) -> Keyring {
        // Only the default tenant has an empty name.
        self.keyring.tenant(tenant.as_str()).unwrap_or_else(|_| self.keyring.clone())
    }

    /// What is believed of the active keys is asked for again: one may be promoted meanwhile.
    pub(crate) fn forget(&self) {
        self.active.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Fetches what sealing for a tenant needs. A tenant who gets no keys any more is no error yet: its rows will be.
    pub(crate) async fn warm(&self, tenant: &Tenant, modes: &BTreeSet<Purpose>) -> Result<(), OpsError> {
        if self.active.lock().unwrap_or_else(PoisonError::into_inner).contains_key(tenant) {
            return Ok(());
        }
        let keyring = self.of(tenant);
        for purpose in modes {
            match keyring.warm_for(*purpose).await {
                Ok(()) | Err(KeyError::NoActive { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut active = Active::default();
        let keys = keyring.keys().await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).extend(keys.iter().map(|key| key.id));
        for key in keys.iter().filter(|key| key.state == KeyState::Active) {
            match key.purpose {
                Purpose::Encrypt => active.encrypt = Some(key.id),
                Purpose::Search => active.search = Some(key.id),
            }
        }
        let is_pending = |key: &&KeyInfo| key.purpose == Purpose::Search && key.state == KeyState::Pending;
        active.newest = keys.iter().find(is_pending).map(|key| key.id).or(active.search);
        self.active.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone(), active);
        // Reading the records forgot the keys themselves.
        for purpose in modes {
            match keyring.warm_for(*purpose).await {
                Ok(()) | Err(KeyError::NoActive { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Whether a tenant that was [warm](Self::warm) once has the key.
    pub(crate) fn knows(&self, key: KeyId) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(&key)
    }

    /// The key that a tenant's values of a column are to be under, once it is [warm](Self::warm).
    pub(crate) fn wanted(&self, tenant: &Tenant, field: &Field) -> Option<KeyId> {
        let active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        let active = active.get(tenant)?;
        match (purpose(field.mode()), field.written_under()) {
            (Purpose::Encrypt, _) => active.encrypt,
            (Purpose::Search, IndexKey::Active) => active.search,
            (Purpose::Search, IndexKey::Newest) => active.newest,
        }
    }

    /// Fetches the keys that a tenant's values name. One that is refused is the failure of its values; an outage is everybody's.
    pub(crate) async fn fetch<'v>(
        &self,
        tenant: &Tenant,
        values: impl IntoIterator<Item = &'v [u8]>,
    ) -> Result<(), OpsError> {
        let keyring = self.of(tenant);
        let missing: BTreeSet<_> =
            values.into_iter().filter_map(|value| keyring.missing_key(value)).collect();
        for key in missing {
            match keyring.fetch_key(key).await {
                Err(error) if error.is_transient() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

/// Whose keys values of a mode are under.
pub(crate) const fn purpose(mode: Mode) -> Purpose {
    match mode {
        Mode::Randomized => Purpose::Encrypt,
        Mode::Deterministic | Mode::Index => Purpose::Search,
    }
}
