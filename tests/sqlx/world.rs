//! What the suites share, whatever the database.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use envelope_core::{
    BoxFuture, DataKey, EncryptionContext, GeneratedKey, KeyProvider, Keyring, KeyringBuilder, MemoryStore,
    MissPolicy, ProviderError, Purpose, WrappedKey,
    testing::{TestClock, TestKms},
};
use envelope_tests::database::Kind;
use tokio::sync::Notify;

/// Which kind of database a type of SQLx is.
pub(crate) trait Named {
    const KIND: Kind;
}

impl Named for sqlx::Sqlite {
    const KIND: Kind = Kind::Sqlite;
}

impl Named for sqlx::Postgres {
    const KIND: Kind = Kind::Postgres;
}

impl Named for sqlx::MySql {
    const KIND: Kind = Kind::Mysql;
}

/// Replaces each `?`.
pub(crate) fn placeholders(text: &str, placeholder: impl Fn(usize) -> String) -> String {
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |sql, (n, part)| sql + &placeholder(n + 1) + part)
}

/// What the processes of an application share.
pub(crate) struct World {
    pub(crate) kms: Slow,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: TestClock,
}

impl World {
    pub(crate) fn new() -> Self {
        let kms = Slow { kms: TestKms::new(), gate: Arc::new(Gate::default()) };
        Self { kms, store: Arc::new(MemoryStore::new()), clock: TestClock::new() }
    }

    fn builder(&self) -> KeyringBuilder {
        Keyring::builder(self.kms.clone(), Arc::clone(&self.store)).clock(&self.clock)
    }

    /// A process in which any codec that would have to wait for a key fails, and which has no key of a tenant yet.
    pub(crate) async fn strict(&self) -> Keyring {
        self.builder().on_miss(MissPolicy::Fail).open().await.unwrap().tenant("acme").unwrap()
    }

    /// A process that has all keys.
    pub(crate) async fn warm(&self) -> Keyring {
        let keyring = self.builder().open().await.unwrap().tenant("acme").unwrap();
        keyring.warm().await.unwrap();
        keyring
    }

    /// Makes another key, and writes with it.
    pub(crate) async fn rotate(&self, keyring: &Keyring, purpose: Purpose) {
        keyring.rotate(purpose).await.unwrap();
        self.clock.advance(Duration::from_secs(17 * 60));
        keyring.promote(purpose).await.unwrap();
        keyring.warm().await.unwrap();
    }
}

/// A key service that can be made to answer only when a number of calls wait for it.
#[derive(Clone, Debug)]
pub(crate) struct Slow {
    pub(crate) kms: TestKms,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    wanted: AtomicUsize,
    waiting: AtomicUsize,
    open: Notify,
}

impl Slow {
    /// From now on the service answers when so many calls wait.
    pub(crate) fn answer_together(&self, calls: NonZeroUsize) {
        self.gate.waiting.store(0, Ordering::SeqCst);
        self.gate.wanted.store(calls.get(), Ordering::SeqCst);
    }

    async fn pass(&self) {
        // As the SDKs of key services do. Only the keyring's own thread need have a runtime of tokio.
        assert_eq!(thread::current().name(), Some("envelope-keyring"));
        tokio::time::sleep(Duration::from_millis(1)).await;
        let opened = self.gate.open.notified();
        let waiting = self.gate.waiting.fetch_add(1, Ordering::SeqCst) + 1;
        if waiting < self.gate.wanted.load(Ordering::SeqCst) {
            opened.await;
        } else {
            self.gate.open.notify_waiters();
        }
    }
}

impl KeyProvider for Slow {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        self.kms.generate_key(context)
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(async move {
            self.pass().await;
            self.kms.unwrap_key(wrapped, context).await
        })
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.kms.wrap_key(key, context)
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.kms.rewrap_key(wrapped, context)
    }

    fn knows(&self, provider_key: &str) -> bool {
        self.kms.knows(provider_key)
    }

    fn current_key(&self) -> Option<&str> {
        self.kms.current_key()
    }
}
