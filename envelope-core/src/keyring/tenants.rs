//! What all tenants of an application share, and what each has for itself.

use core::{
    fmt,
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwapOption;
use async_lock::Mutex as AsyncMutex;
use lru::LruCache;

use super::MissPolicy;
use crate::{
    cache::{KeySet, Life, Wear},
    clock::{Clock, Moment},
    error::KeyError,
    import::Import,
    key::{KeyId, KeyRecord, Tenant, WrappedKey},
    provider::KeyProvider,
    random,
    store::KeyStore,
    suite::CipherBackend,
    worker::Worker,
};

/// What all tenants share.
#[derive(Debug)]
pub(super) struct Ring {
    pub(super) application: Arc<str>,
    pub(super) providers: Providers,
    pub(super) store: Arc<dyn KeyStore>,
    pub(super) miss: MissPolicy,
    pub(super) lifetimes: Lifetimes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) backend: CipherBackend,
    pub(super) worker: Worker,
    /// After how many values of one column this process asks for a new key.
    pub(super) rotate_after: u64,
    /// Who reads what something else encrypted, by the column's context.
    pub(super) imports: HashMap<Box<str>, Arc<dyn Import>>,
    tenants: Mutex<LruCache<Tenant, Arc<TenantKeys>>>,
}

/// What the builder hands over.
pub(super) struct Settings {
    pub(super) application: Arc<str>,
    pub(super) providers: Providers,
    pub(super) store: Arc<dyn KeyStore>,
    pub(super) miss: MissPolicy,
    pub(super) lifetimes: Lifetimes,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) backend: CipherBackend,
    pub(super) rotate_after: u64,
    pub(super) max_tenants: NonZeroUsize,
    pub(super) imports: HashMap<Box<str>, Arc<dyn Import>>,
}

/// Who wraps whose keys.
#[derive(Debug)]
pub(super) struct Providers {
    pub(super) default: Arc<dyn KeyProvider>,
    /// Tenants that bring their own.
    pub(super) of_tenants: HashMap<Tenant, Arc<dyn KeyProvider>>,
    /// Who else wraps every key, and is asked for it when the first is out of reach.
    pub(super) further: Vec<Arc<dyn KeyProvider>>,
}

impl Providers {
    pub(super) fn of(&self, tenant: &Tenant) -> &Arc<dyn KeyProvider> {
        self.of_tenants.get(tenant).unwrap_or(&self.default)
    }

    /// Who may be asked for a record's key, in order: the tenant's provider for what it knows, and only then the others for the
    /// rest. A record that names nothing that the tenant's provider knows is nobody's: who can write the key table must not be able
    /// to go round a provider that denies.
    pub(super) fn candidates<'a>(
        &'a self,
        record: &'a KeyRecord,
    ) -> Vec<(&'a Arc<dyn KeyProvider>, &'a WrappedKey)> {
        let own = self.of(&record.tenant);
        let wraps = || record.wrapped.iter().chain(&record.further_wraps);
        let (known, others): (Vec<_>, Vec<_>) = wraps().partition(|wrap| own.knows(wrap.provider_key()));
        if known.is_empty() {
            return Vec::new();
        }
        let others = others.into_iter().filter_map(|wrap| {
            let provider = self.further.iter().find(|provider| provider.knows(wrap.provider_key()))?;
            Some((provider, wrap))
        });
        known.into_iter().map(|wrap| (own, wrap)).chain(others).collect()
    }

    pub(super) fn any_is_for_tests(&self) -> bool {
        self.default.is_for_tests()
            || self.of_tenants.values().chain(&self.further).any(|provider| provider.is_for_tests())
    }
}

/// How long things last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lifetimes {
    /// How long a key is in memory at most, and how long records may be relied on.
    pub(super) cache: Duration,
    /// How much longer a key may be used whose renewal fails because the provider is out of reach.
    pub(super) stale_if_error: Duration,
    /// How long a provider may take.
    pub(super) provider: Duration,
    /// How long an unknown key id is believed to be unknown.
    pub(super) unknown: Duration,
    /// How long a failure is remembered.
    pub(super) failure: Duration,
    /// How old a pending key has to be before it is written with.
    pub(super) promotion: Duration,
}

impl Lifetimes {
    /// A lifetime that begins now. Its soft end is between 72 and 80 % of it, so that processes that started together do not
    /// call the provider together.
    pub(super) fn life(&self, now: Moment) -> Life {
        let mut byte = [0];
        // Without random bytes there is no jitter, and nothing else is amiss.
        let _ = random::fill(&mut byte);
        let [jitter] = byte;
        let part =
            |of: u64| u64::try_from(self.cache.as_millis()).unwrap_or(u64::MAX).saturating_mul(of) >> 12;
        // 4096 parts: 3277 are four fifths, of which up to 319 are given back.
        let jitter = u64::from(jitter).saturating_mul(5) >> 2;
        let soft = Duration::from_millis(part(3277_u64.saturating_sub(jitter)));
        Life { soft: now.saturating_add(soft), hard: now.saturating_add(self.cache) }
    }
}

/// What one tenant has.
pub(super) struct TenantKeys {
    pub(super) tenant: Tenant,
    /// `None` until the records were read.
    pub(super) set: ArcSwapOption<KeySet>,
    /// Whoever publishes a snapshot.
    publishing: Mutex<()>,
    /// One read or change of the records at a time.
    pub(super) records: AsyncMutex<()>,
    /// How many reads of the records were begun.
    pub(super) reads: AtomicU64,
    /// One call for each key at a time.
    unwrapping: Mutex<HashMap<KeyId, Arc<AsyncMutex<()>>>>,
    /// Someone reads the records again in the background.
    pub(super) rereading: AtomicBool,
    /// How many values were sealed with each column's key. Keys are renewed; this goes on.
    wear: Mutex<HashMap<(KeyId, &'static str), Arc<Wear>>>,
    /// Ids that the store did not have when it was asked, and when that was.
    unknown: Mutex<Vec<(KeyId, Moment)>>,
}

/// How many ids the store is asked for before the first of them may be asked for again: stray ids do not keep it busy.
const MOST_UNKNOWN: usize = 4;

impl Ring {
    pub(super) fn new(settings: Settings) -> Self {
        let Settings {
            application,
            providers,
            store,
            miss,
            lifetimes,
            clock,
            backend,
            rotate_after,
            max_tenants,
            imports,
        } = settings;
        let tenants = Mutex::new(LruCache::new(max_tenants));
        Self {
            application,
            providers,
            store,
            miss,
            lifetimes,
            clock,
            backend,
            worker: Worker::default(),
            rotate_after,
            imports,
            tenants,
        }
    }

    /// The tenant's keys; those of the tenant that was asked for least recently may be dropped for them.
    pub(super) fn tenant(&self, tenant: Tenant) -> Arc<TenantKeys> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(tenants.get_or_insert(tenant.clone(), || Arc::new(TenantKeys::new(tenant))))
    }

    /// How many tenants are in memory at most.
    pub(super) fn max_tenants(&self) -> usize {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).cap().get()
    }

    pub(super) async fn tenants_in_store(&self) -> Result<Vec<Tenant>, KeyError> {
        self.store.tenants().await.map_err(|error| KeyError::Store(Arc::new(error)))
    }
}

impl TenantKeys {
    pub(super) fn new(tenant: Tenant) -> Self {
        Self {
            tenant,
            set: ArcSwapOption::empty(),
            publishing: Mutex::new(()),
            records: AsyncMutex::new(()),
            reads: AtomicU64::new(0),
            unwrapping: Mutex::default(),
            rereading: AtomicBool::new(false),
            wear: Mutex::default(),
            unknown: Mutex::default(),
        }
    }

    /// Puts another snapshot in the place of the present one, of which it is made.
    pub(super) fn publish(&self, f: impl FnOnce(Option<&KeySet>) -> Option<KeySet>) -> Option<Arc<KeySet>> {
        let _one_at_a_time = self.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let present = self.set.load_full();
        match f(present.as_deref()) {
            Some(next) => {
                let next = Arc::new(next);
                self.set.store(Some(Arc::clone(&next)));
                Some(next)
            }
            None => present,
        }
    }

    /// The lock under which a key is unwrapped.
    pub(super) fn unwrapping(&self, id: KeyId) -> Arc<AsyncMutex<()>> {
        Arc::clone(self.unwrapping.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default())
    }

    /// The counter of a column's key.
    pub(super) fn wear(&self, id: KeyId, context: &'static str) -> Arc<Wear> {
        Arc::clone(self.wear.lock().unwrap_or_else(PoisonError::into_inner).entry((id, context)).or_default())
    }

    /// Whether the store was asked for the id not long ago, or for so many others that it is not asked now.
    pub(super) fn is_believed_unknown(&self, id: KeyId, now: Moment, while_for: Duration) -> bool {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.retain(|(_, asked)| now.saturating_sub(*asked) < while_for);
        unknown.len() >= MOST_UNKNOWN || unknown.iter().any(|(other, _)| *other == id)
    }

    /// The store was asked for the id and does not have it.
    pub(super) fn remember_unknown(&self, id: KeyId, now: Moment, while_for: Duration) {
        if !self.is_believed_unknown(id, now, while_for) {
            self.unknown.lock().unwrap_or_else(PoisonError::into_inner).push((id, now));
        }
    }

    /// Whether the caller is to read the records again.
    pub(super) fn claim_rereading(&self) -> bool {
        !self.rereading.swap(true, Ordering::AcqRel)
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantKeys").field(&self.tenant).finish()
    }
}
