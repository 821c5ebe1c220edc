//! Which key writes, which may still read: the keys of each tenant.

mod ahead;
mod builder;
mod column;
mod fetch;
mod renew;
mod rotate;
mod shred;
mod tenants;
mod wait;
mod want;

use core::{fmt, future::Future, time::Duration};
use std::sync::Arc;

pub use builder::KeyringBuilder;
pub use rotate::{ChangeError, KeyInfo};

use futures_util::stream::{self, StreamExt};

use self::{
    fetch::Fetch,
    tenants::{Ring, TenantKeys},
    want::{Missing, Want},
};
use crate::{
    cache::KeySet,
    clock::Moment,
    envelope::Suite,
    error::KeyError,
    field::Field,
    import::Import,
    key::{EncryptionContext, KeyId, KeyState, Purpose, Tenant, TenantNameError, WrappedKey},
    provider::KeyProvider,
    store::KeyStore,
    suite::ColumnKey,
    telemetry,
    worker::Late,
};

/// The data keys of one application, for one tenant: what seals and opens values.
///
/// Cheap to clone; clones share their keys. The whole interface for values is in [`seal`](Self::seal),
/// [`open`](Self::open) and [`lookup`](Self::lookup); the ORM crates call them through the keyring that is
/// [installed](Self::install) or in [scope](Self::scope).
///
/// A data key is unwrapped when it is first needed and stays in memory for 15 minutes. From four fifths of that time on the next use
/// renews it in the background, which asks the key provider whether the application may still have it. A key that is not
/// used is wiped at the end of its time.
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

/// How many tenants are warmed at once: each may take a connection to the key store's database.
pub(crate) const WARM_AT_ONCE: usize = 8;

/// The key that a value names could not be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    Unknown,
    Closed(KeyState),
    Key(KeyError),
}

impl From<KeyError> for Unusable {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

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
        Ok(self.of(Tenant::new(name)?))
    }

    pub(crate) fn of(&self, tenant: Tenant) -> Self {
        Self { ring: Arc::clone(&self.ring), keys: self.ring.tenant(tenant) }
    }

    /// The tenant whose values this keyring seals and opens.
    #[must_use]
    pub fn tenant_name(&self) -> &Tenant {
        &self.keys.tenant
    }

    /// Fetches the tenant's keys, and makes them when it has none, so that no codec has to wait for them.
    ///
    /// # Errors
    ///
    /// When the key provider or the key store fails.
    pub async fn warm(&self) -> Result<(), KeyError> {
        self.run(Fetch::new(&self.ring, &self.keys).run(Want::All)).await.map(|_| ())
    }

    /// As [`warm`](Self::warm), for several tenants at once.
    ///
    /// # Errors
    ///
    /// As [`warm`](Self::warm), and when a name is not one. The first error is reported; the other tenants are warm.
    pub async fn warm_tenants<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<(), KeyError> {
        let tenants = names.into_iter().map(|name| self.tenant(name)).collect::<Result<Vec<_>, _>>()?;
        let warm = stream::iter(tenants.iter().map(Self::warm)).buffer_unordered(WARM_AT_ONCE);
        warm.collect::<Vec<_>>().await.into_iter().collect()
    }

    /// As [`warm`](Self::warm), for every tenant that the key store knows, up to the bound on tenants in memory.
    ///
    /// # Errors
    ///
    /// As [`warm_tenants`](Self::warm_tenants).
    pub async fn warm_all(&self) -> Result<(), KeyError> {
        let ring = Arc::clone(&self.ring);
        let tenants = self.run(async move { ring.tenants_in_store().await }).await?;
        let names = tenants.iter().filter(|tenant| !tenant.is_default()).map(Tenant::as_str);
        self.warm().await?;
        self.warm_tenants(names.take(self.ring.max_tenants())).await
    }

    /// Who reads what something else encrypted in columns of this context.
    #[must_use]
    pub fn importer(&self, context: &str) -> Option<&Arc<dyn Import>> {
        // Nearly every keyring has none.
        if self.ring.imports.is_empty() { None } else { self.ring.imports.get(context) }
    }

    /// Every tenant that the key store knows, the default one too if it has keys.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, KeyError> {
        let ring = Arc::clone(&self.ring);
        self.run(async move { ring.tenants_in_store().await }).await
    }

    /// Unwraps a key that came with a value, when the key store does not have it. It is in memory for this call only.
    pub(crate) async fn unwrap_foreign(
        &self,
        id: KeyId,
        wrapped: WrappedKey,
        field: &Field,
    ) -> Result<ColumnKey, KeyError> {
        let context = EncryptionContext::new(
            Arc::clone(&self.ring.application),
            self.keys.tenant.clone(),
            id,
            Purpose::Encrypt,
        );
        let fetch = Fetch::new(&self.ring, &self.keys);
        let key = self.run(async move { fetch.unwrap_wrapped(id, &wrapped, &context).await }).await?;
        Ok(ColumnKey::derive(&key, id, Suite::Gcm, &self.keys.tenant, field.context(), self.ring.backend))
    }

    /// Whether the tenant's key store has the key, asked at most once in a few seconds.
    pub(crate) async fn has_key(&self, id: KeyId) -> Result<bool, KeyError> {
        let now = self.ring.clock.now();
        if let Some(set) = self.keys.set.load_full()
            && now < set.life.hard
            && set.find(id).is_none()
            && self.keys.is_believed_unknown(id, now, self.ring.lifetimes.unknown)
        {
            return Ok(false);
        }
        let set = self.run(Fetch::new(&self.ring, &self.keys).run(Want::Key(id))).await?;
        Ok(set.find(id).is_some())
    }

    /// A snapshot that has what is wanted in memory: at once, or by the miss policy.
    fn snapshot(&self, want: Want, now: Moment) -> Result<Arc<KeySet>, KeyError> {
        if let Some(set) = self.keys.set.load_full() {
            match want.check(&set, now, &self.ring.lifetimes) {
                Ok(()) => {
                    if now >= set.life.soft && self.keys.claim_rereading() {
                        // A thread that cannot be started is reported by the next miss.
                        let _ = self.ring.worker.spawn(Fetch::new(&self.ring, &self.keys).reread());
                    }
                    return Ok(set);
                }
                Err(Missing::Failed(error)) => return Err(error),
                Err(Missing::Unknown(id))
                    if self.keys.is_believed_unknown(id, now, self.ring.lifetimes.unknown) =>
                {
                    return Ok(set);
                }
                Err(Missing::Unknown(_) | Missing::Records | Missing::Purposes(_) | Missing::Keys(_)) => {}
            }
        }
        self.miss(want)
    }

    #[cold]
    fn miss(&self, want: Want) -> Result<Arc<KeySet>, KeyError> {
        telemetry::missed(&self.keys.tenant);
        let MissPolicy::Wait(deadline) = self.ring.miss else {
            return Err(self.not_loaded());
        };
        let fetch = Fetch::new(&self.ring, &self.keys).run(want);
        match self.ring.worker.wait(deadline, fetch) {
            Ok(Ok(fetched)) => fetched,
            Ok(Err(Late)) => Err(self.late(deadline)),
            Err(error) => Err(KeyError::Thread(Arc::new(error))),
        }
    }

    /// Runs a job on the keyring's thread and awaits it.
    async fn run<T: Send + 'static>(
        &self,
        job: impl Future<Output = Result<T, KeyError>> + Send + 'static,
    ) -> Result<T, KeyError> {
        self.ring.worker.run(job).await.map_err(|error| KeyError::Thread(Arc::new(error)))?
    }

    fn not_loaded(&self) -> KeyError {
        KeyError::NotLoaded { tenant: self.keys.tenant.clone() }
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
            .field("provider", &self.ring.providers.of(&self.keys.tenant))
            .finish_non_exhaustive()
    }
}
