//! Sealed structs, values that are bound to their row, rows that name their tenant, and values as text.

#[path = "sealed/sqlx.rs"]
mod by_sqlx;
#[path = "sealed/text.rs"]
mod text;

use std::sync::Arc;

use envelope_core::{
    BoxFuture, DataKey, EncryptionContext, GeneratedKey, KeyProvider, ProviderError, WrappedKey,
    testing::TestKms,
};
use tokio::sync::Barrier;

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
