//! The providers that a configuration can name.

use core::{num::NonZeroU32, time::Duration};
use std::sync::Arc;

use serde::Deserialize;

use super::{ConfigError, name::Name};
use crate::{
    error::ProviderError,
    provider::{KeyProvider, LocalKey},
};

/// Every kind can be read, whatever is compiled in: what is missing is said when the provider is opened.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(
    not(all(feature = "aws-kms", feature = "age")),
    expect(dead_code, reason = "the fields of a provider that is not compiled in")
)]
pub(super) enum ProviderConfig {
    LocalKey {
        path: Name,
        #[serde(default)]
        create_if_missing: bool,
    },
    AwsKms {
        key: Name,
        #[serde(default)]
        former: Vec<Name>,
        endpoint: Option<Name>,
        attempt_timeout_seconds: Option<NonZeroU32>,
        attempts: Option<NonZeroU32>,
    },
    AgeRecipient {
        recipient: Name,
    },
    AgeIdentity {
        path: Name,
    },
}

impl ProviderConfig {
    /// The provider, whose one call may take so long.
    pub(super) async fn open(
        &self,
        place: &str,
        timeout: Option<Duration>,
    ) -> Result<Arc<dyn KeyProvider>, ConfigError> {
        let failed = |source: ProviderError| ConfigError::Provider { field: place.to_owned(), source };
        let field = |name: &str| format!("{place}.{name}");
        match self {
            Self::LocalKey { path, create_if_missing } => {
                let path = path.get(&field("path"))?;
                let key =
                    if *create_if_missing { LocalKey::open_or_create(path) } else { LocalKey::open(path) };
                Ok(Arc::new(key.map_err(failed)?))
            }
            #[cfg(feature = "aws-kms")]
            Self::AwsKms { key, former, endpoint, attempt_timeout_seconds, attempts } => {
                let key = key.get(&field("key"))?;
                let former = former.iter().map(|name| name.get(&field("former")));
                let former = former.collect::<Result<Vec<_>, _>>()?;
                let mut kms = crate::provider::AwsKms::from_env(key).await.map_err(failed)?;
                for name in former {
                    kms = kms.formerly(name).map_err(failed)?;
                }
                if let Some(url) = endpoint {
                    kms = kms.endpoint(url.get(&field("endpoint"))?);
                }
                let attempt = attempt_timeout_seconds.map(super::seconds);
                Ok(Arc::new(kms.timeouts_or_default(attempt, timeout, attempts.map(NonZeroU32::get))))
            }
            #[cfg(feature = "age")]
            Self::AgeRecipient { recipient } => {
                let key = crate::provider::AgeKey::recipient(recipient.get(&field("recipient"))?);
                Ok(Arc::new(key.map_err(failed)?))
            }
            #[cfg(feature = "age")]
            Self::AgeIdentity { path } => {
                let key = crate::provider::AgeKey::identity_file(path.get(&field("path"))?);
                Ok(Arc::new(key.map_err(failed)?))
            }
            #[cfg(not(feature = "aws-kms"))]
            Self::AwsKms { .. } => {
                let _: Option<Duration> = timeout;
                Err(ConfigError::FeatureOff { kind: "aws-kms", feature: "aws-kms" })
            }
            #[cfg(not(feature = "age"))]
            Self::AgeRecipient { .. } => {
                Err(ConfigError::FeatureOff { kind: "age-recipient", feature: "age" })
            }
            #[cfg(not(feature = "age"))]
            Self::AgeIdentity { .. } => Err(ConfigError::FeatureOff { kind: "age-identity", feature: "age" }),
        }
    }
}
