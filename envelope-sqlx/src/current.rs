//! Seal, open and look up with the keyring in force: `Encode` and `Decode` receive no context.

use envelope_core::{
    Column, Find, IndexedColumn, KeyError, Keyring, OpenError, Place, Purpose, SealError, Search,
    SearchableColumn, ToPlaintext, UnboundColumn,
};

pub(crate) fn seal<C: Column>(
    value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
) -> Result<Vec<u8>, SealError> {
    with_keyring::<C, _>(|keyring| keyring.seal_field(&C::FIELD, value))
}

/// In the buffer that the value came in.
pub(crate) fn open<C: UnboundColumn>(value: Vec<u8>) -> Result<C::Plain, OpenError> {
    Keyring::with_current(|keyring| keyring.open_at(&C::FIELD, &Place::default(), value))
        .map_err(|source| OpenError::NoKeyring { field: C::FIELD.name(), source })?
}

/// At least one candidate: a search for none would find nothing, whatever the table holds.
pub(crate) fn lookup<C: SearchableColumn>(
    value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
) -> Result<Vec<Vec<u8>>, SealError> {
    with_keyring::<C, _>(|keyring| {
        let candidates = keyring.lookup_field(&C::FIELD, value)?;
        if candidates.is_empty() {
            let tenant = keyring.tenant_name().clone();
            let source = KeyError::NoActive { tenant, purpose: Purpose::Search };
            return Err(SealError::Key { field: C::FIELD.name(), source });
        }
        Ok(candidates)
    })
}

pub(crate) fn with_keyring<C: Column, T>(
    f: impl FnOnce(&Keyring) -> Result<T, SealError>,
) -> Result<T, SealError> {
    Keyring::with_current(f).map_err(|source| SealError::NoKeyring { field: C::FIELD.name(), source })?
}

/// A search by an index, with the keyring in force.
///
/// # Errors
///
/// As [`Keyring::search`].
pub fn search<C: IndexedColumn>(column: C, find: &Find<C::Plain>) -> Result<Search<C>, SealError> {
    Keyring::with_current(|keyring| keyring.search(column, find))
        .unwrap_or_else(|source| Err(SealError::NoKeyring { field: C::FIELD.name(), source }))
}
