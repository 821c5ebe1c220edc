//! What an application says once about its keys.

use core::time::Duration;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::{Keyring, MissPolicy, Need, Ring};
use crate::{
    error::KeyError,
    key::{Purpose, Tenant},
    provider::KeyProvider,
    store::KeyStore,
    worker::Worker,
};

/// Builds a [`Keyring`]; see [`Keyring::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `open` or `open_blocking`"]
pub struct KeyringBuilder {
    application: String,
    provider: Arc<dyn KeyProvider>,
    store: Arc<dyn KeyStore>,
    miss: MissPolicy,
    allow_test_provider: bool,
}

impl KeyringBuilder {
    pub(super) fn new(provider: Arc<dyn KeyProvider>, store: Arc<dyn KeyStore>) -> Self {
        Self {
            application: "envelope".into(),
            provider,
            store,
            miss: MissPolicy::Wait(Duration::from_secs(5)),
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

    /// Permits a provider that exists for tests in a build without debug assertions.
    pub const fn allow_test_provider(mut self) -> Self {
        self.allow_test_provider = true;
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

    fn build(self) -> Result<Keyring, KeyError> {
        if self.application.is_empty() || self.application.len() > 255 {
            return Err(KeyError::ApplicationName);
        }
        if self.provider.is_for_tests() && !self.allow_test_provider && !cfg!(debug_assertions) {
            return Err(KeyError::TestProvider);
        }
        let ring = Ring {
            application: self.application.into(),
            provider: self.provider,
            store: self.store,
            miss: self.miss,
            worker: Worker::default(),
            tenants: Mutex::new(HashMap::new()),
        };
        Ok(Keyring::of(Arc::new(ring), Tenant::default()))
    }
}

impl Keyring {
    /// An application that cannot write should learn so when it starts.
    fn checked(self) -> Result<Self, KeyError> {
        for purpose in Purpose::ALL {
            self.with_keys(Need::Write, |set| set.active(purpose).map(|_| ()))??;
        }
        Ok(self)
    }
}
