//! Values that leave the database: exports, queues, files. They carry their wrapped key and need no key store to be opened.

use crate::{
    envelope::{Portable, Suite, portable_header},
    error::{MalformedValue, OpenError, SealError},
    field::{Column, Field, Mode},
    key::WrappedKey,
    keyring::Keyring,
    plaintext::{FromPlaintext, ToPlaintext},
    seal::seal_error,
    suite::NotAuthentic,
};

impl Keyring {
    /// Encrypts a value so that it can be opened by who may use the key provider, without the key store.
    ///
    /// The value is randomized whatever the column's mode is, and bound to the application, the tenant and the column's context. It is
    /// longer than a stored one by the wrapped key: about 100 bytes with a local key, 250 with AWS KMS.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal).
    pub fn export<C: Column>(
        &self,
        column: C,
        value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        let _ = column;
        let field = randomized(&C::FIELD);
        let name = field.name();
        let too_long = || SealError::WrappedKeyTooLong { field: name };
        self.with_active_record(&field, |record, key| {
            let wrapped = record.wrapped.as_ref().ok_or_else(too_long)?;
            let header =
                portable_header(record.id, wrapped.provider_key(), wrapped.bytes()).ok_or_else(too_long)?;
            let sealed = key.seal_portable(header, value).ok_or_else(too_long)?;
            sealed.map_err(|failure| seal_error(&field, failure))
        })
        .map_err(|source| SealError::Key { field: name, source })?
    }

    /// Decrypts a value that [`export`](Self::export) wrote, here or in another process of the same application and tenant.
    ///
    /// Where the key store has the key it is used from memory; else the provider is asked for it, once for each call.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; whatever the bytes are, this does not panic.
    pub async fn import<C: Column>(&self, column: C, value: &[u8]) -> Result<C::Plain, OpenError> {
        let _ = column;
        let field = randomized(&C::FIELD);
        let name = field.name();
        let portable =
            Portable::parse(value).map_err(|reason| OpenError::Malformed { field: name, reason })?;
        let id = portable.key;
        let of_key = |source| OpenError::Key { field: name, key: id, source };
        let opened = if self.has_key(id).await.map_err(of_key)? {
            self.with_key(id, Suite::Gcm, &field, |key| key.open_portable(&portable))
                .map_err(|unusable| self.open_error(&field, id, unusable))?
        } else {
            let wrapped = WrappedKey::new(portable.provider_key.to_owned(), portable.wrapped.to_vec());
            self.unwrap_foreign(id, wrapped, &field).await.map_err(of_key)?.open_portable(&portable)
        };
        let plaintext = opened.map_err(|NotAuthentic| OpenError::NotAuthentic { field: name, key: id })?;
        C::Plain::read(plaintext).map_err(|source| OpenError::Plaintext { field: name, source })
    }

    /// The name of the wrapping key that an exported value needs, for audits and routing.
    ///
    /// # Errors
    ///
    /// When the bytes are not an exported value.
    pub fn wrapping_key_of(value: &[u8]) -> Result<&str, MalformedValue> {
        Portable::parse(value).map(|portable| portable.provider_key)
    }
}

/// Exported values are randomized: nobody searches them.
fn randomized(field: &Field) -> Field {
    let name = field.name();
    Field::new(name.table(), name.column(), field.context(), Mode::Randomized)
}
