//! Feature `config`: a keyring from a configuration file, in any format that serde reads.

mod name;
mod provider;

use core::{
    num::{NonZeroU32, NonZeroUsize},
    time::Duration,
};
use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use self::{name::Name, provider::ProviderConfig};
use crate::{
    error::{KeyError, ProviderError},
    key::TenantNameError,
    keyring::{Keyring, KeyringBuilder, MissPolicy},
    store::{FileStore, KeyStore},
};

/// What a configuration file says about an application's keys.
///
/// It names keys and never holds one: neither a file that is copied into images and repositories nor an environment variable is a
/// place for a key.
///
/// # Example
///
/// ```
/// use envelope_core::{Config, MemoryStore};
///
/// let config: Config = toml::from_str(r#"
///     application = "shop"                # bound to every key, for ever
///     algorithm = "aes-256-gcm"           # of randomized columns
///
///     cache_ttl_seconds = 900             # how long a key is in memory without the provider's renewed consent
///     stale_if_error_seconds = 0          # and how much longer when the provider is out of reach
///     provider_timeout_seconds = 5
///     on_miss = { wait_seconds = 5 }      # or "fail"
///     max_tenants = 10000
///
///     [provider]
///     kind = "aws-kms"
///     key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
///     former = []                         # keys that wrapped before; `rewrap` moves what they wrapped
///     # endpoint = "https://vpce-….kms.eu-central-1.vpce.amazonaws.com"
///
///     [[further_providers]]               # whoever else wraps every key: another region, escrow
///     kind = "age-recipient"
///     recipient = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
///
///     [tenants.acme]                      # a tenant that brings its own
///     kind = "local-key"
///     path = "/etc/shop/acme.key"
///
///     [store]                             # only for keys in a file; others are given to `builder`
///     kind = "file"
///     path = "/var/lib/shop/keys.json"
/// "#)?;
/// # let _ = config;
/// # Ok::<(), toml::de::Error>(())
/// ```
///
/// Only `application` and `provider` have to be there; the others have the defaults that [`KeyringBuilder`] has. Unknown fields are errors.
/// The error of the `toml` crate quotes the line: where a log must not show it, print its `message()`.
///
/// # Providers
///
/// | `kind` | Fields | |
/// |---|---|---|
/// | `local-key` | `path`, `create_if_missing` | a key file, [`LocalKey`](crate::LocalKey) |
/// | `aws-kms` | `key`, `former`, `endpoint`, `attempt_timeout_seconds`, `attempts` | `AwsKms`, with the feature `aws-kms` |
/// | `age-recipient` | `recipient` | the public half of an `AgeKey`, with the feature `age` |
/// | `age-identity` | `path` | the file of an `AgeKey`, for the drill |
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    application: Name,
    provider: ProviderConfig,
    #[serde(default)]
    algorithm: Algorithm,
    store: Option<StoreConfig>,
    #[serde(default)]
    further_providers: Vec<ProviderConfig>,
    #[serde(default)]
    tenants: BTreeMap<String, ProviderConfig>,
    cache_ttl_seconds: Option<NonZeroU32>,
    stale_if_error_seconds: Option<u32>,
    provider_timeout_seconds: Option<NonZeroU32>,
    on_miss: Option<OnMiss>,
    max_tenants: Option<NonZeroUsize>,
}

/// FORMAT.md#suites: randomized values have one suite so far. Who writes it down learns of it when there is another.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
enum Algorithm {
    #[default]
    #[serde(rename = "aes-256-gcm")]
    Aes256Gcm,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
enum StoreConfig {
    File { path: Name },
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OnMiss {
    Fail,
    WaitSeconds(NonZeroU32),
}

/// A configuration that makes no keyring.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// What stands there is no name of a key but looks like a key.
    #[error(
        "`{field}` looks like a key. A configuration names a key file, or a key of a key service, and never holds a key; \
         replace this one: whoever can read the configuration had it"
    )]
    HoldsKey {
        /// The field.
        field: String,
    },
    /// The provider is not compiled in.
    #[error("a provider of the kind `{kind}` needs the feature `{feature}` of envelope-core")]
    FeatureOff {
        /// The provider's kind.
        kind: &'static str,
        /// The missing feature.
        feature: &'static str,
    },
    /// The provider does not take what stands there.
    #[error("`{field}`: {source}")]
    Provider {
        /// The provider's place in the configuration.
        field: String,
        #[doc(hidden)]
        source: ProviderError,
    },
    /// A tenant's name that is not one.
    #[error("`tenants`: {0}")]
    Tenant(#[from] TenantNameError),
    /// `open` was called, and the keys are in no file.
    #[error("the configuration has no `store`; add `[store]`, or give a key store to `Config::builder`")]
    NoStore,
    /// `builder` was given a store, and the configuration has one.
    #[error("the configuration has a `store`, and the application brings another; remove `[store]`")]
    TwoStores,
    /// See [`KeyError`].
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Config {
    /// A builder with all that the configuration says, on a key store of the application's.
    ///
    /// # Errors
    ///
    /// When a field holds a key instead of a name, or a provider does not take what it is given.
    pub async fn builder(&self, store: impl KeyStore) -> Result<KeyringBuilder, ConfigError> {
        match self.store {
            None => self.builder_on(store).await,
            Some(_) => Err(ConfigError::TwoStores),
        }
    }

    /// The keyring, with the key store that the configuration names.
    ///
    /// # Errors
    ///
    /// As [`builder`](Self::builder) and [`KeyringBuilder::open`].
    pub async fn open(&self) -> Result<Keyring, ConfigError> {
        let Some(StoreConfig::File { path }) = &self.store else { return Err(ConfigError::NoStore) };
        let store = FileStore::new(path.get("store.path")?);
        Ok(self.builder_on(store).await?.open().await?)
    }

    /// A builder with all that the configuration says, on the key store that it names: for tools that are to make no key, by
    /// [`KeyringBuilder::build`]. `None` if it names no store.
    ///
    /// # Errors
    ///
    /// As [`builder`](Self::builder).
    pub async fn builder_of_store(&self) -> Result<Option<KeyringBuilder>, ConfigError> {
        let Some(StoreConfig::File { path }) = &self.store else { return Ok(None) };
        let store = FileStore::new(path.get("store.path")?);
        Ok(Some(self.builder_on(store).await?))
    }

    async fn builder_on(&self, store: impl KeyStore) -> Result<KeyringBuilder, ConfigError> {
        let Algorithm::Aes256Gcm = self.algorithm;
        let application = self.application.get("application")?;
        let timeout = self.provider_timeout_seconds.map(seconds);
        let mut builder =
            Keyring::builder(self.provider.open("provider", timeout).await?, store).application(application);
        for (index, provider) in self.further_providers.iter().enumerate() {
            let place = format!("further_providers[{index}]");
            builder = builder.also_wrapped_by(provider.open(&place, timeout).await?);
        }
        for (tenant, provider) in &self.tenants {
            let place = format!("tenants.{tenant}");
            builder = builder.tenant_provider(tenant, provider.open(&place, timeout).await?)?;
        }
        if let Some(ttl) = self.cache_ttl_seconds {
            builder = builder.cache_ttl(seconds(ttl));
        }
        if let Some(grace) = self.stale_if_error_seconds {
            builder = builder.stale_if_error(Duration::from_secs(grace.into()));
        }
        if let Some(timeout) = timeout {
            builder = builder.provider_timeout(timeout);
        }
        if let Some(count) = self.max_tenants {
            builder = builder.max_tenants(count);
        }
        Ok(match self.on_miss {
            Some(OnMiss::Fail) => builder.on_miss(MissPolicy::Fail),
            Some(OnMiss::WaitSeconds(limit)) => builder.on_miss(MissPolicy::Wait(seconds(limit))),
            None => builder,
        })
    }
}

fn seconds(count: NonZeroU32) -> Duration {
    Duration::from_secs(count.get().into())
}
