//! The one joint to key services: whoever holds the key that wraps data keys.

#[cfg(feature = "age")]
mod age;
#[cfg(feature = "aws-kms")]
mod aws_kms;
mod local;

use core::{fmt, future::Future, pin::Pin};
use std::sync::Arc;

#[cfg(feature = "age")]
pub use age::AgeKey;
#[cfg(feature = "aws-kms")]
pub use aws_kms::AwsKms;
pub use local::LocalKey;

use crate::{
    error::ProviderError,
    key::{DataKey, EncryptionContext, WrappedKey},
};

/// A future of a trait object: [`KeyProvider`] and [`KeyStore`](crate::KeyStore) return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A data key that a provider made, and the form of it that may be stored.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "providers build it")]
pub struct GeneratedKey {
    /// The data key.
    pub key: DataKey,
    /// The same, wrapped.
    pub wrapped: WrappedKey,
}

/// Wraps data keys: a key service, or a key file.
///
/// # Warning
///
/// An implementation must authenticate the whole encryption context. One that ignores it lets who can write the key
/// table give one tenant's key to another.
///
/// # Guarantees
///
/// The keyring calls a provider once for each data key and cache lifetime, never while a value is encoded or decoded, and
/// stores what [`generate_key`](Self::generate_key) returned before any value is sealed with it.
pub trait KeyProvider: fmt::Debug + Send + Sync + 'static {
    /// Makes a data key of 32 random bytes and wraps it.
    ///
    /// # Errors
    ///
    /// When the service does not answer or refuses.
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>>;

    /// Unwraps a data key that was wrapped with the same context.
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotAuthentic`] when the wrapped key was changed or belongs to another context; otherwise
    /// when the service does not answer or refuses.
    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>>;

    /// Wraps a data key that another provider made, under the provider's present key: for keys that are kept in several hands.
    ///
    /// # Errors
    ///
    /// When the service does not answer or refuses.
    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>>;

    /// Wraps the same data key again, under the provider's present key.
    ///
    /// # Errors
    ///
    /// As [`unwrap_key`](Self::unwrap_key).
    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>>;

    /// Whether the provider can be asked to unwrap what the key of this name wrapped.
    fn knows(&self, provider_key: &str) -> bool;

    /// The stable name of the key that new data keys are wrapped by, if the provider knows it without asking: keys that it
    /// wrapped already need not be rewrapped.
    fn current_key(&self) -> Option<&str> {
        None
    }

    /// Whether the provider is for tests: refused in release builds unless asked for by name.
    fn is_for_tests(&self) -> bool {
        false
    }
}

/// A shared provider is a provider.
impl<P: KeyProvider + ?Sized> KeyProvider for Arc<P> {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        P::generate_key(self, context)
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        P::unwrap_key(self, wrapped, context)
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        P::wrap_key(self, key, context)
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        P::rewrap_key(self, wrapped, context)
    }

    fn knows(&self, provider_key: &str) -> bool {
        P::knows(self, provider_key)
    }

    fn current_key(&self) -> Option<&str> {
        P::current_key(self)
    }

    fn is_for_tests(&self) -> bool {
        P::is_for_tests(self)
    }
}
