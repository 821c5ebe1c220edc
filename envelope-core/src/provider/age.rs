//! A key pair that is kept offline (feature `age`): what is wrapped to its public half opens when all else is lost.

use core::fmt;
use std::{fs, future::ready, path::Path};

use age::x25519::{Identity, Recipient};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{BoxFuture, GeneratedKey, KeyProvider, local};
use crate::{
    error::ProviderError,
    key::{DataKey, EncryptionContext, WrappedKey, push},
};

const LABEL: &[u8] = b"envelope/v1/age-wrap";

/// An X25519 key pair of the [age] format, as `age-keygen` makes it.
///
/// An application holds the public half only and wraps every data key to it, beside its key service
/// ([`also_wrapped_by`](crate::KeyringBuilder::also_wrapped_by)). The private half lies in a safe. The drill for the loss of the key service
/// is a keyring whose only provider is [`identity_file`](Self::identity_file).
///
/// # Security
///
/// Who has the public half can wrap a key of their own, so a key store that was written by someone else may hold keys that they know.
/// Such keys open nothing that the application sealed.
///
/// # Example
///
/// ```
/// use envelope_core::{AgeKey, Keyring, LocalKey, MemoryStore};
///
/// // The application: the public half.
/// let escrow = AgeKey::recipient("age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")?;
/// let keyring =
///     Keyring::builder(LocalKey::ephemeral()?, MemoryStore::new()).also_wrapped_by(escrow).open_blocking()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [age]: https://c2sp.org/age
pub struct AgeKey {
    name: String,
    recipient: Recipient,
    identity: Option<Identity>,
}

impl AgeKey {
    /// The public half, `age1…`: it wraps and does not unwrap.
    ///
    /// # Errors
    ///
    /// When the text is not an X25519 recipient.
    pub fn recipient(text: &str) -> Result<Self, ProviderError> {
        let recipient: Recipient =
            text.parse().map_err(|_| ProviderError::NotAnAgeRecipient(text.to_owned()))?;
        Ok(Self { name: format!("age:{recipient}"), recipient, identity: None })
    }

    /// The pair, from the file that `age-keygen` wrote: lines that begin with `#`, and one `AGE-SECRET-KEY-1…`.
    ///
    /// # Errors
    ///
    /// When the file is missing, is not for its owner only, or has no such line.
    pub fn identity_file(path: impl AsRef<Path>) -> Result<Self, ProviderError> {
        let path = path.as_ref();
        local::check_secret_file(path)?;
        let text = fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|source| ProviderError::KeyFileIo { path: path.into(), source })?;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(ProviderError::KeyFileDamaged(path.into()));
        };
        let identity: Identity = line.parse().map_err(|_| ProviderError::KeyFileDamaged(path.into()))?;
        let recipient = identity.to_public();
        Ok(Self { name: format!("age:{recipient}"), recipient, identity: Some(identity) })
    }

    fn wrap(&self, key: &DataKey, context: &EncryptionContext) -> Result<WrappedKey, ProviderError> {
        // age authenticates no associated data: the context goes in front of the key.
        let mut payload = Zeroizing::new(Vec::with_capacity(4096));
        payload.extend_from_slice(&prefix(context));
        payload.extend_from_slice(key.expose_secret());
        let bytes = age::encrypt(&self.recipient, &payload)
            .map_err(|error| ProviderError::Unreachable(error.into()))?;
        Ok(WrappedKey::new(self.name.clone(), bytes))
    }

    fn unwrap(&self, wrapped: &WrappedKey, context: &EncryptionContext) -> Result<DataKey, ProviderError> {
        if wrapped.provider_key() != self.name {
            let found = wrapped.provider_key().to_owned();
            return Err(ProviderError::WrongKey { found, expected: self.name.clone() });
        }
        let Some(identity) = &self.identity else {
            return Err(ProviderError::Denied("the private half of the age key is not here".into()));
        };
        let payload = age::decrypt(identity, wrapped.bytes())
            .map(Zeroizing::new)
            .map_err(|_| ProviderError::NotAuthentic)?;
        let (bound, key) = payload.split_last_chunk().ok_or(ProviderError::NotAuthentic)?;
        if bool::from(bound.ct_eq(&prefix(context))) {
            Ok(DataKey::from_bytes(key))
        } else {
            Err(ProviderError::NotAuthentic)
        }
    }
}

/// What stands in front of the key: `lp(label) || the encoded encryption context`.
fn prefix(context: &EncryptionContext) -> Vec<u8> {
    let mut prefix = Vec::new();
    push(&mut prefix, LABEL);
    prefix.extend_from_slice(&context.to_bytes());
    prefix
}

impl KeyProvider for AgeKey {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        let generated = DataKey::random().map_err(ProviderError::from).and_then(|key| {
            let wrapped = self.wrap(&key, context)?;
            Ok(GeneratedKey { key, wrapped })
        });
        Box::pin(ready(generated))
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(ready(self.unwrap(wrapped, context)))
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(ready(self.wrap(key, context)))
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(ready(self.unwrap(wrapped, context).and_then(|key| self.wrap(&key, context))))
    }

    fn knows(&self, provider_key: &str) -> bool {
        provider_key == self.name
    }

    fn current_key(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl fmt::Debug for AgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AgeKey({})", self.name)
    }
}
