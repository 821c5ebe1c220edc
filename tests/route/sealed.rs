//! Sealed structs, values that are bound to their row, rows that name their tenant, and values as text.

#[path = "sealed/diesel.rs"]
mod by_diesel;
#[path = "sealed/sqlx.rs"]
mod by_sqlx;
#[path = "sealed/text.rs"]
mod text;

use std::sync::Arc;

use envelope_core::{
    BoxFuture, DataKey, EncryptionContext, GeneratedKey, KeyProvider, Keyring, MemoryStore, MissPolicy,
    ProviderError, WrappedKey,
    testing::{Fault, TestKms},
};
use tokio::sync::Barrier;

/// One application on a key service that counts: a process that writes, and one that starts anew to read.
struct Application {
    kms: TestKms,
    store: Arc<MemoryStore>,
}

impl Application {
    fn new() -> Self {
        Self { kms: TestKms::new(), store: Arc::new(MemoryStore::new()) }
    }

    /// A process without keys in memory, whose codecs do not wait for any.
    fn process(&self) -> Keyring {
        Keyring::builder(self.kms.clone(), Arc::clone(&self.store))
            .allow_test_provider()
            .on_miss(MissPolicy::Fail)
            .open_blocking()
            .unwrap()
    }
}

/// Unwraps a key only once so many others are asked for.
#[derive(Debug)]
struct Together(TestKms, Arc<Barrier>);

impl KeyProvider for Together {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        self.0.generate_key(context)
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(async move {
            if !context.tenant().is_default() {
                self.1.wait().await;
            }
            self.0.unwrap_key(wrapped, context).await
        })
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.0.wrap_key(key, context)
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.0.rewrap_key(wrapped, context)
    }

    fn knows(&self, provider_key: &str) -> bool {
        self.0.knows(provider_key)
    }

    fn is_for_tests(&self) -> bool {
        true
    }
}
