//! The one joint to key services: whoever holds the key that wraps data keys.

mod local;

use core::{fmt, future::Future, pin::Pin};

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

    /// Whether the provider is for tests: refused in release builds unless asked for by name.
    fn is_for_tests(&self) -> bool {
        false
    }
}
