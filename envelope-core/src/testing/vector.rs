//! Values with a chosen key and nonce, and the steps on the way to them: what a vector is made of.

use core::fmt;
use std::future::ready;

use crate::{
    BoxFuture, EncryptionContext, Field, GeneratedKey, KeyProvider, KeyState, Keyring, MemoryStore, Mode,
    ProviderError, WrappedKey,
    envelope::{Envelope, Suite},
    key::{DataKey, KeyId, KeyRecord, Purpose, Tenant},
    plaintext::PlaintextError,
    random::RandomError,
    row::RowKey,
    suite::{CipherBackend, ColumnKey, NonceSource, column_key, hashed},
    terms,
};

/// The key, the tenant and the column of a vector.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "tests build it from a vector's lines")]
pub struct Case {
    /// The data key.
    pub data_key: [u8; DataKey::LEN],
    /// Its id.
    pub key_id: KeyId,
    /// Whose key it is.
    pub tenant: Tenant,
    /// The column.
    pub field: Field,
    /// The row that the value is bound to, if it is bound to one.
    pub row: Option<RowKey>,
}

/// A value and what was computed on the way to it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Steps {
    /// FORMAT.md#column-keys.
    pub column_key: Vec<u8>,
    /// FORMAT.md#associated-data.
    pub associated_data: Vec<u8>,
    /// The stored bytes.
    pub value: Vec<u8>,
}

/// The terms of a value in an index, and what was computed on the way to them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexSteps {
    /// FORMAT.md#column-keys.
    pub column_key: Vec<u8>,
    /// What is hashed for each, FORMAT.md#index-terms.
    pub hashed: Vec<Vec<u8>>,
    /// The stored bytes, sorted.
    pub terms: Vec<Vec<u8>>,
}

impl Case {
    /// Seals with a nonce of the caller's choice, of 12 bytes, or of 24 in a column with `xaes`. A deterministic column does not use it.
    ///
    /// # Panics
    ///
    /// When the plaintext has more than 2^30 bytes, or the nonce another length.
    #[must_use]
    pub fn seal(&self, nonce: impl AsRef<[u8]>, plaintext: &[u8]) -> Steps {
        self.seal_with(CipherBackend::default(), nonce, plaintext)
    }

    /// As [`seal`](Self::seal), by another library.
    ///
    /// # Panics
    ///
    /// As [`seal`](Self::seal).
    #[must_use]
    pub fn seal_with(&self, backend: CipherBackend, nonce: impl AsRef<[u8]>, plaintext: &[u8]) -> Steps {
        let column = self.column_of(self.suite(), backend);
        Steps {
            column_key: self.column_key(),
            associated_data: column.associated_data(self.row.as_ref()),
            value: column
                .seal(self.row.as_ref(), Fixed(nonce.as_ref()), plaintext)
                .expect("vectors are short"),
        }
    }

    /// The terms of a plaintext encoding in an index.
    ///
    /// # Errors
    ///
    /// When the index makes none of it.
    ///
    /// # Panics
    ///
    /// When the field is no index.
    pub fn terms(&self, encoded: &[u8]) -> Result<IndexSteps, PlaintextError> {
        let index = self.field.index().expect("the case's field is an index");
        let texts = terms::texts(index, encoded)?;
        let column = self.column();
        let mut terms: Vec<_> = texts.iter().map(|text| column.term(index, text)).collect();
        terms.sort_unstable();
        terms.dedup();
        Ok(IndexSteps {
            column_key: self.column_key(),
            hashed: texts.iter().map(|text| hashed(index, text)).collect(),
            terms,
        })
    }

    /// Opens a value that is bound to a row. `None` if it is not authentic.
    #[must_use]
    pub fn open(&self, value: &[u8]) -> Option<Vec<u8>> {
        let envelope = Envelope::parse(value, self.field.mode()).ok()?;
        (envelope.key == self.key_id)
            .then(|| {
                self.column_of(envelope.suite, CipherBackend::default()).open(self.row.as_ref(), value).ok()
            })
            .flatten()
            .map(|plaintext| plaintext.to_vec())
    }

    /// A keyring of the case's tenant that has the case's key and no other of that purpose.
    ///
    /// # Panics
    ///
    /// When the operating system gives no thread.
    #[must_use]
    pub fn keyring(&self) -> Keyring {
        self.keyring_with(CipherBackend::default())
    }

    /// As [`keyring`](Self::keyring), with another library for the values of randomized columns.
    ///
    /// # Panics
    ///
    /// As [`keyring`](Self::keyring).
    #[must_use]
    pub fn keyring_with(&self, backend: CipherBackend) -> Keyring {
        let purpose = match self.field.mode() {
            Mode::Randomized => Purpose::Encrypt,
            Mode::Deterministic | Mode::Index => Purpose::Search,
        };
        let mut record = KeyRecord {
            id: self.key_id,
            application: "envelope".into(),
            tenant: self.tenant.clone(),
            purpose,
            state: KeyState::Active,
            revision: 1,
            created_at: 0,
            changed_at: 0,
            wrapped: Some(WrappedKey::new("fixed".into(), Vec::new())),
            further_wraps: Vec::new(),
            check: Vec::new(),
        };
        record.sign(&self.data_key());
        let provider = FixedKey { id: self.key_id, key: self.data_key };
        let keyring = Keyring::builder(provider, MemoryStore::with_records(vec![record]))
            .cipher(backend)
            .allow_test_provider()
            .open_blocking()
            .expect("a key provider and a store in memory do not fail");
        match self.tenant.is_default() {
            true => keyring,
            false => keyring.tenant(self.tenant.as_str()).expect("the name was checked before"),
        }
    }

    fn column(&self) -> ColumnKey {
        self.column_of(self.suite(), CipherBackend::default())
    }

    fn column_of(&self, suite: Suite, backend: CipherBackend) -> ColumnKey {
        let context = self.field.context();
        ColumnKey::derive(&self.data_key(), self.key_id, suite, &self.tenant, context, backend)
    }

    fn column_key(&self) -> Vec<u8> {
        column_key(&self.data_key(), self.key_id, self.suite(), &self.tenant, self.field.context()).to_vec()
    }

    const fn suite(&self) -> Suite {
        Suite::of(&self.field)
    }

    fn data_key(&self) -> DataKey {
        DataKey::from_bytes(&self.data_key)
    }
}

struct Fixed<'n>(&'n [u8]);

impl NonceSource for Fixed<'_> {
    fn nonce<const N: usize>(self, nonce: &mut [u8; N]) -> Result<(), RandomError> {
        nonce.copy_from_slice(self.0);
        Ok(())
    }
}

/// Unwraps one key to known bytes; others are as random as anywhere.
struct FixedKey {
    id: KeyId,
    key: [u8; DataKey::LEN],
}

impl KeyProvider for FixedKey {
    fn generate_key<'a>(
        &'a self,
        _: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        let generated = DataKey::random().map_err(ProviderError::from);
        let wrapped = WrappedKey::new("fixed".into(), Vec::new());
        Box::pin(ready(generated.map(|key| GeneratedKey { key, wrapped })))
    }

    fn unwrap_key<'a>(
        &'a self,
        _: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        let is_known = context.key_id() == self.id;
        Box::pin(ready(is_known.then(|| DataKey::from_bytes(&self.key)).ok_or(ProviderError::NotAuthentic)))
    }

    fn wrap_key<'a>(
        &'a self,
        _: &'a DataKey,
        _: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(ready(Ok(WrappedKey::new("fixed".into(), Vec::new()))))
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        _: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(ready(Ok(wrapped.clone())))
    }

    fn knows(&self, provider_key: &str) -> bool {
        provider_key == "fixed"
    }

    fn is_for_tests(&self) -> bool {
        true
    }
}

// A key of a test is no secret, but what prints it here would print a real one there.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { data_key: _, key_id, tenant, field, row } = self;
        f.debug_struct("Case")
            .field("key_id", key_id)
            .field("tenant", tenant)
            .field("field", field)
            .field("row", row)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("associated_data", &self.associated_data)
            .field("value", &self.value)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for IndexSteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexSteps").field("terms", &self.terms).finish_non_exhaustive()
    }
}

impl fmt::Debug for FixedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FixedKey({})", self.id)
    }
}
