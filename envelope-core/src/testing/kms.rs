//! A key service in memory.

use core::time::Duration;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use crate::{
    BoxFuture, DataKey, EncryptionContext, GeneratedKey, KeyProvider, LocalKey, ProviderError, WrappedKey,
};

/// What a [`TestKms`] answers instead of doing its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// [`ProviderError::Unreachable`].
    Outage,
    /// [`ProviderError::Throttled`].
    Throttling,
    /// [`ProviderError::Denied`].
    Denial,
    /// [`ProviderError::Disabled`].
    Disabled,
    /// [`ProviderError::NotFound`].
    NotFound,
    /// No answer at all: the future never becomes ready.
    Silence,
}

/// A key service in memory that counts its calls and fails on request. Clones are the same service.
///
/// Like the real ones it authenticates the encryption context. Release builds refuse it, unless
/// [`allow_test_provider`](crate::KeyringBuilder::allow_test_provider) asks for it.
#[derive(Clone, Debug)]
pub struct TestKms {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    key: LocalKey,
    /// The service whose wraps this one takes over.
    former: Option<TestKms>,
    faults: Mutex<Faults>,
    generated: AtomicU64,
    unwrapped: AtomicU64,
    rewrapped: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    fault: Option<Fault>,
    latency: Duration,
}

impl TestKms {
    /// A service with one new wrapping key.
    ///
    /// # Panics
    ///
    /// When the operating system gives no random bytes.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "every service has another key, which `default` would hide"
    )]
    pub fn new() -> Self {
        Self::with_former(None)
    }

    /// Another service, with a key of its own, that can still unwrap what this one wrapped: for tests of
    /// [`rewrap`](crate::Keyring::rewrap).
    ///
    /// # Panics
    ///
    /// When the operating system gives no random bytes.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self::with_former(Some(self.clone()))
    }

    fn with_former(former: Option<Self>) -> Self {
        let key = LocalKey::ephemeral().expect("the operating system gives random bytes");
        let inner = Inner {
            key,
            former,
            faults: Mutex::default(),
            generated: AtomicU64::new(0),
            unwrapped: AtomicU64::new(0),
            rewrapped: AtomicU64::new(0),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Answers every call with a fault from now on, until [`recover`](Self::recover).
    pub fn fail(&self, fault: Fault) {
        self.faults(|faults| faults.fault = Some(fault));
    }

    /// Works again.
    pub fn recover(&self) {
        self.faults(|faults| faults.fault = None);
    }

    /// Takes this long for each call from now on.
    pub fn slow_down(&self, latency: Duration) {
        self.faults(|faults| faults.latency = latency);
    }

    /// How many calls there were, failed ones included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        let load = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        load(&self.inner.generated)
            .wrapping_add(load(&self.inner.unwrapped))
            .wrapping_add(load(&self.inner.rewrapped))
    }

    /// How many keys were asked for.
    #[must_use]
    pub fn generate_calls(&self) -> u64 {
        self.inner.generated.load(Ordering::SeqCst)
    }

    /// How many keys were to be unwrapped.
    #[must_use]
    pub fn unwrap_calls(&self) -> u64 {
        self.inner.unwrapped.load(Ordering::SeqCst)
    }

    /// The key that the wrap names, here or in the former service, which must be in reach for it.
    fn owner(&self, wrapped: &WrappedKey) -> &dyn KeyProvider {
        match &self.inner.former {
            Some(former) if former.knows(wrapped.provider_key()) => former,
            _ => &self.inner.key,
        }
    }

    fn faults<R>(&self, f: impl FnOnce(&mut Faults) -> R) -> R {
        f(&mut self.inner.faults.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Counts a call, takes its time, and fails if a fault is set when the time is over.
    async fn enter(&self, counter: &AtomicU64) -> Result<(), ProviderError> {
        counter.fetch_add(1, Ordering::SeqCst);
        let latency = self.faults(|faults| faults.latency);
        if !latency.is_zero() {
            sleep(latency).await;
        }
        let injected = || "injected by the test".into();
        match self.faults(|faults| faults.fault) {
            None => Ok(()),
            Some(Fault::Outage) => Err(ProviderError::Unreachable(injected())),
            Some(Fault::Throttling) => Err(ProviderError::Throttled(injected())),
            Some(Fault::Denial) => Err(ProviderError::Denied(injected())),
            Some(Fault::Disabled) => Err(ProviderError::Disabled(injected())),
            Some(Fault::NotFound) => Err(ProviderError::NotFound(injected())),
            Some(Fault::Silence) => core::future::pending().await,
        }
    }
}

impl KeyProvider for TestKms {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        Box::pin(async move {
            self.enter(&self.inner.generated).await?;
            self.inner.key.generate_key(context).await
        })
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(async move {
            self.enter(&self.inner.unwrapped).await?;
            self.owner(wrapped).unwrap_key(wrapped, context).await
        })
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(async move {
            self.enter(&self.inner.rewrapped).await?;
            self.inner.key.wrap_key(key, context).await
        })
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(async move {
            self.enter(&self.inner.rewrapped).await?;
            let key = self.owner(wrapped).unwrap_key(wrapped, context).await?;
            self.inner.key.wrap_key(&key, context).await
        })
    }

    fn knows(&self, provider_key: &str) -> bool {
        self.inner.key.name() == provider_key
            || self.inner.former.as_ref().is_some_and(|former| former.knows(provider_key))
    }

    fn current_key(&self) -> Option<&str> {
        Some(self.inner.key.name())
    }

    fn is_for_tests(&self) -> bool {
        true
    }
}

/// A timer that needs no runtime; the caller's thread stays free.
async fn sleep(time: Duration) {
    let (done, over) = async_channel::bounded::<()>(1);
    thread::spawn(move || {
        thread::sleep(time);
        drop(done);
    });
    // The channel closes when the time is over.
    let _ = over.recv().await;
}
