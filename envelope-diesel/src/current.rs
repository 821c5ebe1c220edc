//! The keyring in force, and the errors of this crate as Diesel carries them.

use diesel::deserialize;
use envelope_core::{Column, Find, IndexedColumn, Keyring, OpenError, SealError, Search, UnboundColumn};
use thiserror::Error;

use crate::backend::EncryptedBackend;

/// Opens a stored value with the keyring in force.
///
/// # Errors
///
/// [`OpenError`], boxed. Diesel puts it behind the field's name: it is the `source()` of what its `DeserializationError` holds.
pub fn open<M: UnboundColumn, DB: EncryptedBackend>(
    value: DB::RawValue<'_>,
) -> deserialize::Result<M::Plain> {
    let open = |keyring: &Keyring, bytes: &[u8]| keyring.open_field(&M::FIELD, bytes);
    DB::read(value, |bytes| Keyring::with_current(|keyring| open(keyring, bytes)))?
        .unwrap_or_else(|source| Err(OpenError::NoKeyring { field: M::FIELD.name(), source }))
        .map_err(Into::into)
}

/// Does something to a value with the keyring in force.
pub(crate) fn with_keyring<M: Column, R>(
    f: impl FnOnce(&Keyring) -> Result<R, SealError>,
) -> Result<R, SealError> {
    Keyring::with_current(f)
        .unwrap_or_else(|source| Err(SealError::NoKeyring { field: M::FIELD.name(), source }))
}

/// A [`SealError`] one step down: Diesel's `SerializationError` gives as its `source()`, where it has one, not what it was made of, but
/// the `source()` of that.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct NotSealed(#[source] pub(crate) SealError);

/// An [`OpenError`] one step down, as where Diesel puts a field's name before it.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct NotOpened(#[source] pub(crate) OpenError);

/// A search by an index, with the keyring in force.
///
/// # Errors
///
/// As [`Keyring::search`].
pub fn search<C: IndexedColumn>(column: C, find: &Find<C::Plain>) -> Result<Search<C>, SealError> {
    Keyring::with_current(|keyring| keyring.search(column, find))
        .unwrap_or_else(|source| Err(SealError::NoKeyring { field: C::FIELD.name(), source }))
}
