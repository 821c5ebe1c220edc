//! Rows that are opened together: the keys that all of them need are fetched first, and once.

use core::fmt;
use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};

use crate::{
    envelope::named_key,
    error::OpenError,
    field::{Field, FieldName},
    key::{KeyId, Tenant},
    keyring::{Keyring, WARM_AT_ONCE},
    row::Place,
};

/// A row whose encrypted fields are sealed: what `#[encrypt(sealed)]` emits for a struct that can be read.
pub trait SealedRow: Sized {
    /// The struct with its plaintext.
    type Row;
    /// One of its encrypted columns, for errors that are all columns'.
    const FIRST: FieldName;

    /// Adds the keys that the row's values are under.
    fn add_keys(&self, keys: &mut KeyBatch);

    /// Decrypts the row.
    ///
    /// # Errors
    ///
    /// That of the first field that does not open.
    fn open_row(self, keyring: &Keyring) -> Result<Self::Row, OpenError>;
}

/// The keys that a number of stored values are under.
#[derive(Default)]
pub struct KeyBatch {
    /// For each tenant that a row names, and for the keyring's own; with one column that needs the key.
    keys: BTreeMap<Option<Tenant>, BTreeMap<KeyId, FieldName>>,
}

impl KeyBatch {
    /// Adds the key of a value. What is no value is passed over: opening it says what it is.
    pub fn add(&mut self, field: &Field, place: &Place, stored: &[u8]) {
        let key = named_key(stored);
        let tenant = place.tenant().map(Result::as_ref).transpose();
        if let (Some(key), Ok(tenant)) = (key, tenant) {
            self.keys.entry(tenant.cloned()).or_default().insert(key, field.name());
        }
    }
}

impl fmt::Debug for KeyBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.keys).finish()
    }
}

impl Keyring {
    /// Decrypts rows. The keys that are not in memory are fetched before, in one batch for each tenant, without blocking.
    ///
    /// # Errors
    ///
    /// When a key cannot be fetched; else that of the first value that does not open.
    pub async fn open_rows<S: SealedRow>(
        &self,
        rows: impl IntoIterator<Item = S>,
    ) -> Result<Vec<S::Row>, OpenError> {
        let rows: Vec<S> = rows.into_iter().collect();
        let mut keys = KeyBatch::default();
        rows.iter().for_each(|row| row.add_keys(&mut keys));
        self.fetch(keys).await?;
        rows.into_iter().map(|row| row.open_row(self)).collect()
    }

    /// As [`open_rows`](Self::open_rows), for code that is not async. The thread waits for the keys.
    ///
    /// # Errors
    ///
    /// As [`open_rows`](Self::open_rows).
    pub fn open_rows_blocking<S: SealedRow>(
        &self,
        rows: impl IntoIterator<Item = S>,
    ) -> Result<Vec<S::Row>, OpenError> {
        pollster::block_on(self.open_rows(rows))
    }

    async fn fetch(&self, batch: KeyBatch) -> Result<(), OpenError> {
        let own = self.tenant_name();
        let tenants = batch.keys.into_iter().filter_map(|(tenant, keys)| match tenant {
            None => Some((self.clone(), keys)),
            Some(tenant) if tenant == *own || own.is_default() => Some((self.of(tenant), keys)),
            // The rows of another tenant, which this keyring does not open.
            Some(_) => None,
        });
        let fetch = async |(keyring, keys): (Self, BTreeMap<KeyId, FieldName>)| {
            keyring.fetch_keys(keys.keys().copied()).await.map_err(|(key, source)| {
                let field = keys.get(&key).copied();
                field.map(|field| OpenError::Key { field, key, source })
            })
        };
        let outcomes: Vec<_> =
            stream::iter(tenants).map(fetch).buffer_unordered(WARM_AT_ONCE).collect().await;
        // A key of which it is not known who needs it is reported where it is used.
        outcomes.into_iter().find_map(|outcome| outcome.err().flatten()).map_or(Ok(()), Err)
    }
}
