//! What an application says once about its keys.

use core::{num::NonZeroUsize, time::Duration};
use std::{collections::HashMap, sync::Arc};

use super::{
    Keyring, MissPolicy,
    tenants::{Lifetimes, Providers, Ring, Settings},
    want::Want,
};
use crate::{
    clock::{Clock, SystemClock},
    error::KeyError,
    import::Import,
    key::{Purpose, Tenant, TenantNameError},
    provider::KeyProvider,
    store::KeyStore,
    suite::CipherBackend,
};

/// How many tenants are in memory at most, unless the builder is told otherwise.
const MAX_TENANTS: NonZeroUsize = NonZeroUsize::new(10_000).expect("10,000 is not zero");

/// After how many values of one column a process asks for a new key: sixteen processes together stay below 2^32.
const ROTATE_AFTER: u64 = 1 << 28;

/// Builds a [`Keyring`]; see [`Keyring::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `open` or `open_blocking`"]
pub struct KeyringBuilder {
    application: String,
    providers: Providers,
    store: Arc<dyn KeyStore>,
    miss: MissPolicy,
    cache: Duration,
    stale_if_error: Duration,
    provider_timeout: Duration,
    max_tenants: NonZeroUsize,
    rotate_after: u64,
    clock: Arc<dyn Clock>,
    backend: CipherBackend,
    imports: HashMap<Box<str>, Arc<dyn Import>>,
    allow_test_provider: bool,
}

impl KeyringBuilder {
    pub(super) fn new(provider: Arc<dyn KeyProvider>, store: Arc<dyn KeyStore>) -> Self {
        Self {
            application: "envelope".into(),
            providers: Providers { default: provider, of_tenants: HashMap::new(), further: Vec::new() },
            store,
            miss: MissPolicy::Wait(Duration::from_secs(5)),
            cache: Duration::from_secs(15 * 60),
            stale_if_error: Duration::ZERO,
            provider_timeout: Duration::from_secs(5),
            max_tenants: MAX_TENANTS,
            rotate_after: ROTATE_AFTER,
            clock: Arc::new(SystemClock),
            backend: CipherBackend::default(),
            imports: HashMap::new(),
            allow_test_provider: false,
        }
    }

    /// The application's name, of 1 to 255 bytes, which every wrapped key is bound to. It can never be changed: keys
    /// of another name are refused. The default is `envelope`.
    pub fn application(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// What a codec does when the keys it needs are not in memory.
    pub const fn on_miss(mut self, policy: MissPolicy) -> Self {
        self.miss = policy;
        self
    }

    /// How long a data key stays in memory without the provider's renewed consent. The default is 15 minutes.
    ///
    /// It is also how long a new key waits before it is written with, so that every process has learnt it.
    pub const fn cache_ttl(mut self, ttl: Duration) -> Self {
        self.cache = ttl;
        self
    }

    /// How much longer a key may be used when the provider is out of reach at the end of its time. The default is not at all.
    ///
    /// Each such key is reported by a warning and the counter `envelope_stale_keys_total`. A provider that denies is obeyed
    /// at once.
    pub const fn stale_if_error(mut self, grace: Duration) -> Self {
        self.stale_if_error = grace;
        self
    }

    /// How long one call of the provider, or of the key store, may take. The default is 5 seconds.
    pub const fn provider_timeout(mut self, limit: Duration) -> Self {
        self.provider_timeout = limit;
        self
    }

    /// How many tenants' keys are in memory at most; those not asked for longest are dropped. The default is 10,000.
    pub const fn max_tenants(mut self, count: NonZeroUsize) -> Self {
        self.max_tenants = count;
        self
    }

    /// After how many values of one randomized column this process asks for a new key, as [`Keyring::rotate`] does. The default is
    /// 2^28; one key may seal 2^32 values of a column, counted over all processes.
    pub const fn rotate_after(mut self, values: u64) -> Self {
        self.rotate_after = values;
        self
    }

    /// Which library encrypts the values of randomized columns. All write the same bytes, so processes of one application may
    /// differ in it.
    pub const fn cipher(mut self, backend: CipherBackend) -> Self {
        self.backend = backend;
        self
    }

    /// A tenant that brings its own key provider.
    ///
    /// # Errors
    ///
    /// When the name is empty or has more than 255 bytes.
    pub fn tenant_provider(
        mut self,
        tenant: &str,
        provider: impl KeyProvider,
    ) -> Result<Self, TenantNameError> {
        self.providers.of_tenants.insert(Tenant::new(tenant)?, Arc::new(provider));
        Ok(self)
    }

    /// A further provider that wraps every new key too: another region, an offline key. It is asked for a key when
    /// the first provider is out of reach, and not when that denies.
    ///
    /// A key is used only when every provider has wrapped it.
    pub fn also_wrapped_by(mut self, provider: impl KeyProvider) -> Self {
        self.providers.further.push(Arc::new(provider));
        self
    }

    /// Who reads values in columns of this context that something else encrypted. They open like the column's own, and searches do not find
    /// them, until they are re-encrypted.
    pub fn import(mut self, context: impl Into<Box<str>>, importer: impl Import) -> Self {
        self.imports.insert(context.into(), Arc::new(importer));
        self
    }

    /// Permits a provider that exists for tests in a build without debug assertions.
    pub const fn allow_test_provider(mut self) -> Self {
        self.allow_test_provider = true;
        self
    }

    /// Another clock than the machine's.
    #[cfg(feature = "testing")]
    pub(crate) fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Fetches the keys of the default tenant, and makes them when the store has none.
    ///
    /// # Errors
    ///
    /// When the provider or the store fails, or when an active key does not unwrap: a wrong key file, another
    /// application's key store, a changed record.
    pub async fn open(self) -> Result<Keyring, KeyError> {
        let keyring = self.build()?;
        keyring.warm().await?;
        keyring.checked()
    }

    /// As [`open`](Self::open), for code that is not async: waits for as long as the provider and the store take.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_blocking(self) -> Result<Keyring, KeyError> {
        let keyring = self.build()?;
        pollster::block_on(keyring.warm())?;
        keyring.checked()
    }

    /// The keyring, with no key in memory and without asking anyone: keys are fetched when they are needed.
    ///
    /// For whoever administers keys and may not unwrap them: [`Keyring::rewrap`] and [`Keyring::keys`] need none. Applications call
    /// [`open`](Self::open), which finds mistakes when they start.
    ///
    /// # Errors
    ///
    /// When the application's name is not one, or a provider for tests is in a release build.
    pub fn build(self) -> Result<Keyring, KeyError> {
        if self.application.is_empty() || self.application.len() > 255 {
            return Err(KeyError::ApplicationName);
        }
        if self.providers.any_is_for_tests() && !self.allow_test_provider && !cfg!(debug_assertions) {
            return Err(KeyError::TestProvider);
        }
        let lifetimes = Lifetimes {
            cache: self.cache,
            stale_if_error: self.stale_if_error,
            provider: self.provider_timeout,
            unknown: Duration::from_secs(5).min(self.cache),
            failure: Duration::from_secs(1).min(self.cache),
            promotion: promotion_age(self.cache),
        };
        let ring = Arc::new(Ring::new(Settings {
            application: self.application.into(),
            providers: self.providers,
            store: self.store,
            miss: self.miss,
            lifetimes,
            clock: self.clock,
            backend: self.backend,
            rotate_after: self.rotate_after,
            max_tenants: self.max_tenants,
            imports: self.imports,
        }));
        let keys = ring.tenant(Tenant::default());
        Ok(Keyring { ring, keys })
    }
}

/// How old a pending key has to be before it is written with: any process has read the records since, or may not rely on them
/// any more. A fifteenth (a minute, by default) is for machines whose calendars differ, and a second for calendars that count in seconds.
fn promotion_age(cache: Duration) -> Duration {
    cache.saturating_add(cache.checked_div(15).unwrap_or_default()).saturating_add(Duration::from_secs(1))
}

impl Keyring {
    /// An application that cannot write should learn so when it starts.
    fn checked(self) -> Result<Self, KeyError> {
        for purpose in Purpose::ALL {
            self.snapshot(Want::Active(purpose), self.ring.clock.now())?;
        }
        Ok(self)
    }
}
