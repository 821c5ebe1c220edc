//! Which key writes, which may still read: the keys of each tenant, fetched once and kept in memory.

mod builder;
mod loaded;

use core::{fmt, time::Duration};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use arc_swap::ArcSwapOption;
use async_lock::Mutex as AsyncMutex;

pub use builder::KeyringBuilder;
pub(crate) use loaded::{KeySet, LoadedKey};

use crate::{
    error::{KeyError, ProviderError},
    key::{KeyId, KeyRecord, KeyState, Purpose, Tenant, TenantNameError},
    provider::KeyProvider,
    store::{Commit, KeyChange, KeyStore},
    worker::{Late, Worker},
};

/// The data keys of one application, for one tenant: what seals and opens values.
///
/// Cheap to clone; clones share their keys. The whole interface for values is in [`seal`](Self::seal),
/// [`open`](Self::open) and [`lookup`](Self::lookup); the ORM crates call them through the keyring that is
/// [installed](Self::install) or in [scope](Self::scope).
///
/// # Example
///
/// ```
/// use envelope_core::{Keyring, LocalKey, MemoryStore};
///
/// let provider = LocalKey::ephemeral()?; // `LocalKey::open("app.key")?`, or a key service
/// let keyring = Keyring::builder(provider, MemoryStore::new()).application("shop").open_blocking()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Keyring {
    ring: Arc<Ring>,
    keys: Arc<TenantKeys>,
}

/// What a codec does when the keys it needs are not in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum MissPolicy {
    /// Wait while the keyring's own thread fetches them, for no longer than this. The default, with 5 seconds.
    ///
    /// The waiting thread is blocked: on an async runtime call [`Keyring::warm`] first.
    Wait(Duration),
    /// Fail at once with an error that names [`Keyring::warm`].
    Fail,
}

/// What all tenants of an application share.
#[derive(Debug)]
struct Ring {
    application: Arc<str>,
    provider: Arc<dyn KeyProvider>,
    store: Arc<dyn KeyStore>,
    miss: MissPolicy,
    worker: Worker,
    tenants: Mutex<HashMap<Tenant, Arc<TenantKeys>>>,
}

struct TenantKeys {
    tenant: Tenant,
    /// `None` until they were fetched.
    set: ArcSwapOption<KeySet>,
    /// One fetch at a time.
    fetching: AsyncMutex<()>,
}

/// What the caller is about to do with the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Open values: a tenant that has no keys gets none.
    Read,
    /// Seal values or search: missing keys are created.
    Write,
}

/// How often keys are created anew when other processes create some at the same moment.
const ATTEMPTS: usize = 8;

impl Keyring {
    /// Starts to build a keyring on a key provider and a key store.
    pub fn builder(provider: impl KeyProvider, store: impl KeyStore) -> KeyringBuilder {
        KeyringBuilder::new(Arc::new(provider), Arc::new(store))
    }

    /// The same application's keys for another tenant. They are fetched, or made, at their first use.
    ///
    /// # Errors
    ///
    /// When the name is empty or has more than 255 bytes.
    pub fn tenant(&self, name: &str) -> Result<Self, TenantNameError> {
        Ok(Self::of(Arc::clone(&self.ring), Tenant::new(name)?))
    }

    /// The tenant whose values this keyring seals and opens.
    #[must_use]
    pub fn tenant_name(&self) -> &Tenant {
        &self.keys.tenant
    }

    /// Fetches the tenant's keys, or makes them, so that no codec has to wait for them.
    ///
    /// # Errors
    ///
    /// When the key provider or the key store fails.
    pub async fn warm(&self) -> Result<(), KeyError> {
        let fetch = fetch(Arc::clone(&self.ring), Arc::clone(&self.keys), Need::Write);
        self.ring.worker.run(fetch).await.map_err(|error| KeyError::Thread(Arc::new(error)))??;
        Ok(())
    }

    fn of(ring: Arc<Ring>, tenant: Tenant) -> Self {
        let keys = {
            let mut tenants = ring.tenants.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(TenantKeys::new(tenant.clone()));
            Arc::clone(tenants.entry(tenant.clone()).or_insert_with(new))
        };
        Self { ring, keys }
    }

    /// Runs `f` with the tenant's keys: at once when they are in memory, else by the miss policy.
    pub(crate) fn with_keys<R>(&self, need: Need, f: impl FnOnce(&KeySet) -> R) -> Result<R, KeyError> {
        match &*self.keys.set.load() {
            Some(set) if set.satisfies(need) => Ok(f(set)),
            _ => self.miss(need).map(|set| f(&set)),
        }
    }

    #[cold]
    fn miss(&self, need: Need) -> Result<Arc<KeySet>, KeyError> {
        let MissPolicy::Wait(deadline) = self.ring.miss else {
            return Err(self.late(Duration::ZERO));
        };
        let fetch = fetch(Arc::clone(&self.ring), Arc::clone(&self.keys), need);
        match self.ring.worker.wait(deadline, fetch) {
            Ok(Ok(fetched)) => fetched,
            Ok(Err(Late)) => Err(self.late(deadline)),
            Err(error) => Err(KeyError::Thread(Arc::new(error))),
        }
    }

    fn late(&self, waited: Duration) -> KeyError {
        KeyError::Deadline { tenant: self.keys.tenant.clone(), seconds: waited.as_secs_f32() }
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("application", &self.ring.application)
            .field("tenant", &self.keys.tenant.as_str())
            .field("provider", &self.ring.provider)
            .finish_non_exhaustive()
    }
}

impl TenantKeys {
    fn new(tenant: Tenant) -> Self {
        Self { tenant, set: ArcSwapOption::empty(), fetching: AsyncMutex::new(()) }
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantKeys").field(&self.tenant).finish()
    }
}

/// Reads a tenant's records, makes what is missing, and unwraps what can be read. Runs on the keyring's thread.
async fn fetch(ring: Arc<Ring>, keys: Arc<TenantKeys>, need: Need) -> Result<Arc<KeySet>, KeyError> {
    let _one_at_a_time = keys.fetching.lock().await;
    if let Some(set) = keys.set.load_full()
        && set.satisfies(need)
    {
        return Ok(set);
    }
    for _ in 0..ATTEMPTS {
        let records = ring.load(&keys.tenant).await?;
        let missing = match need {
            Need::Read => Vec::new(),
            Need::Write => KeySet::missing(&records),
        };
        let mut created = Vec::new();
        for purpose in missing {
            created.push(ring.create(&keys.tenant, purpose).await?);
        }
        // Stored before anything is sealed: a key that only memory knows would take its values along.
        if !created.is_empty() {
            let inserts: Vec<_> =
                created.iter().map(|(record, _)| KeyChange::Insert(record.clone())).collect();
            match ring.store.commit(&inserts).await.map_err(|error| KeyError::Store(Arc::new(error)))? {
                Commit::Done => {}
                Commit::Conflict => continue,
            }
        }
        let mut loaded: Vec<_> =
            created.into_iter().map(|(record, key)| LoadedKey::new(&record, Ok(key))).collect();
        for record in &records {
            loaded.push(ring.unwrap(record).await?);
        }
        let set = Arc::new(KeySet::new(keys.tenant.clone(), loaded));
        keys.set.store(Some(Arc::clone(&set)));
        return Ok(set);
    }
    Err(KeyError::Contention { tenant: keys.tenant.clone() })
}

impl Ring {
    async fn load(&self, tenant: &Tenant) -> Result<Vec<KeyRecord>, KeyError> {
        let records = self.store.load(tenant).await.map_err(|error| KeyError::Store(Arc::new(error)))?;
        let mut ids = HashSet::new();
        for record in &records {
            // Before anything is computed from a record, its parts are known to be bounded.
            if record.application != *self.application {
                return Err(KeyError::OtherApplication {
                    id: record.id,
                    found: record.application.clone(),
                    expected: self.application.to_string(),
                });
            }
            if record.tenant != *tenant || !ids.insert(record.id) {
                return Err(KeyError::RecordChanged { id: record.id, tenant: tenant.clone() });
            }
        }
        for purpose in Purpose::ALL {
            let mut actives = records.iter().filter(|r| r.purpose == purpose && r.state == KeyState::Active);
            if let (Some(first), Some(second)) = (actives.next(), actives.next()) {
                return Err(KeyError::TwoActive {
                    tenant: tenant.clone(),
                    purpose,
                    first: first.id,
                    second: second.id,
                });
            }
        }
        Ok(records)
    }

    async fn create(
        &self,
        tenant: &Tenant,
        purpose: Purpose,
    ) -> Result<(KeyRecord, crate::key::DataKey), KeyError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.as_secs());
        let mut record = KeyRecord {
            id: KeyId::random()?,
            application: self.application.to_string(),
            tenant: tenant.clone(),
            purpose,
            state: KeyState::Active,
            revision: 1,
            created_at: now,
            changed_at: now,
            wrapped: None,
            check: Vec::new(),
        };
        let generated =
            self.provider.generate_key(&record.context()).await.map_err(|error| key_error(&record, error))?;
        record.wrapped = Some(generated.wrapped);
        record.sign(&generated.key);
        Ok((record, generated.key))
    }

    /// An error of the provider that may pass fails the whole fetch; a record that is damaged spoils itself only.
    async fn unwrap(&self, record: &KeyRecord) -> Result<LoadedKey, KeyError> {
        let changed = || KeyError::RecordChanged { id: record.id, tenant: record.tenant.clone() };
        if !record.state.can_open() {
            return Ok(LoadedKey::new(record, Err(changed())));
        }
        let Some(wrapped) = &record.wrapped else {
            return Ok(LoadedKey::new(record, Err(changed())));
        };
        match self.provider.unwrap_key(wrapped, &record.context()).await {
            Ok(key) if record.is_signed_by(&key) => Ok(LoadedKey::new(record, Ok(key))),
            Ok(_) => Ok(LoadedKey::new(record, Err(changed()))),
            Err(error) => match key_error(record, error) {
                error @ KeyError::NotUnwrapped { .. } => Ok(LoadedKey::new(record, Err(error))),
                error => Err(error),
            },
        }
    }
}

fn key_error(record: &KeyRecord, error: ProviderError) -> KeyError {
    match error {
        ProviderError::Random(error) => KeyError::Random(error),
        ProviderError::Unreachable(_) | ProviderError::Throttled(_) | ProviderError::KeyFileIo { .. } => {
            KeyError::Unavailable(Arc::new(error))
        }
        ProviderError::Denied(_) | ProviderError::Disabled(_) | ProviderError::NotFound(_) => {
            KeyError::Denied(Arc::new(error))
        }
        error => {
            KeyError::NotUnwrapped { id: record.id, tenant: record.tenant.clone(), source: Arc::new(error) }
        }
    }
}
