//! A key record as a row of a key table (FORMAT.md#key-table): what the stores of the ORM crates share.

use super::{KeyChange, KeyRecord, StoreError};
use crate::key::{KeyId, KeyState, Purpose, Tenant, WrappedKey, push};

/// The columns of the table `envelope_keys`, in types that every database has.
///
/// Text columns are ASCII or never compared by the database; the tenant is bytes, so that no collation can make two tenants one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores read and write every column")]
pub struct KeyRow {
    /// The key's id.
    pub id: i64,
    /// The application.
    pub application: String,
    /// The tenant's name in UTF-8; empty for the default tenant.
    pub tenant: Vec<u8>,
    /// `encrypt` or `search`.
    pub purpose: String,
    /// The state's name.
    pub state: String,
    /// `purpose:tenant` of an active key and `NULL` for any other: unique, so that there is one active key.
    pub active_slot: Option<Vec<u8>>,
    /// How often the state changed, from 1.
    pub revision: i64,
    /// Seconds since 1970.
    pub created_at: i64,
    /// Seconds since 1970.
    pub changed_at: i64,
    /// The provider's name of the wrapping key.
    pub provider_key: Option<String>,
    /// The wrapped key.
    pub wrapped: Option<Vec<u8>>,
    /// `lp(provider_key) || lp(wrapped)` for each further wrap; empty if there is none.
    pub further_wraps: Vec<u8>,
    /// The record's check; empty once the key was destroyed.
    pub check_value: Vec<u8>,
}

impl KeyRow {
    /// The tenant that a row's `tenant` names.
    ///
    /// # Errors
    ///
    /// When the bytes are not a tenant's name.
    pub fn tenant(name: &[u8]) -> Result<Tenant, StoreError> {
        let tenant = core::str::from_utf8(name).ok().and_then(|name| Tenant::from_stored(name).ok());
        tenant.ok_or_else(|| StoreError::Damaged {
            place: "envelope_keys".into(),
            reason: "a `tenant` is not a tenant's name".into(),
        })
    }

    /// What a tenant's active keys have in `active_slot`. A store reads these rows with the tenant's own, so that one that was given
    /// to another tenant is missed.
    #[must_use]
    pub fn slots(tenant: &Tenant) -> [Vec<u8>; 2] {
        Purpose::ALL.map(|purpose| slot(purpose, tenant))
    }

    /// Changes as rows, each with the row that it replaces. A key that leaves the active slot goes before the one that takes it.
    ///
    /// # Errors
    ///
    /// When a record does not fit in a row.
    pub fn changes(changes: &[KeyChange]) -> Result<Vec<(Option<Self>, Self)>, StoreError> {
        let (last, first): (Vec<_>, Vec<_>) = changes.iter().partition(|change| match change {
            KeyChange::Insert(new) | KeyChange::Replace { new, .. } => new.state == KeyState::Active,
        });
        let rows = first.into_iter().chain(last).map(|change| match change {
            KeyChange::Insert(new) => Ok((None, new.try_into()?)),
            KeyChange::Replace { old, new } => Ok((Some(old.try_into()?), new.try_into()?)),
        });
        rows.collect()
    }

    /// The error for a row with a column that is not what was written.
    #[must_use]
    pub fn damaged(id: i64, column: &str) -> StoreError {
        let hexadecimal = u32::try_from(id).ok().and_then(KeyId::new).map(|id| format!(" (key {id})"));
        StoreError::Damaged {
            place: format!("envelope_keys, id {id}{}", hexadecimal.unwrap_or_default()),
            reason: format!("`{column}` is not valid"),
        }
    }
}

fn slot(purpose: Purpose, tenant: &Tenant) -> Vec<u8> {
    [purpose.as_str().as_bytes(), b":", tenant.as_str().as_bytes()].concat()
}

impl TryFrom<&KeyRecord> for KeyRow {
    type Error = StoreError;

    fn try_from(record: &KeyRecord) -> Result<Self, StoreError> {
        let number = |number: u64| {
            i64::try_from(number).map_err(|_| Self::damaged(record.id.get().into(), "a number"))
        };
        let mut further_wraps = Vec::new();
        for wrap in &record.further_wraps {
            if wrap.provider_key().len().max(wrap.bytes().len()) > usize::from(u16::MAX) {
                return Err(Self::damaged(record.id.get().into(), "further_wraps"));
            }
            push(&mut further_wraps, wrap.provider_key().as_bytes());
            push(&mut further_wraps, wrap.bytes());
        }
        Ok(Self {
            id: record.id.get().into(),
            application: record.application.clone(),
            tenant: record.tenant.as_str().into(),
            purpose: record.purpose.as_str().into(),
            state: record.state.as_str().into(),
            active_slot: (record.state == KeyState::Active).then(|| slot(record.purpose, &record.tenant)),
            revision: number(record.revision)?,
            created_at: number(record.created_at)?,
            changed_at: number(record.changed_at)?,
            provider_key: record.wrapped.as_ref().map(|wrapped| wrapped.provider_key().into()),
            wrapped: record.wrapped.as_ref().map(|wrapped| wrapped.bytes().into()),
            further_wraps,
            check_value: record.check.clone(),
        })
    }
}

impl TryFrom<KeyRow> for KeyRecord {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let id = row.id;
        let bad = |column| KeyRow::damaged(id, column);
        let number = |number: i64, column| u64::try_from(number).map_err(|_| bad(column));
        let wrapped = match (row.provider_key, row.wrapped) {
            (Some(name), Some(bytes)) => Some(WrappedKey::new(name, bytes)),
            (None, None) => None,
            _ => return Err(bad("wrapped")),
        };
        let active_slot = row.active_slot;
        let record = Self {
            id: u32::try_from(row.id).ok().and_then(KeyId::new).ok_or_else(|| bad("id"))?,
            tenant: KeyRow::tenant(&row.tenant).map_err(|_| bad("tenant"))?,
            purpose: Purpose::ALL
                .into_iter()
                .find(|p| p.as_str() == row.purpose)
                .ok_or_else(|| bad("purpose"))?,
            state: KeyState::ALL.into_iter().find(|s| s.as_str() == row.state).ok_or_else(|| bad("state"))?,
            revision: number(row.revision, "revision")?,
            created_at: number(row.created_at, "created_at")?,
            changed_at: number(row.changed_at, "changed_at")?,
            further_wraps: read_wraps(&row.further_wraps).ok_or_else(|| bad("further_wraps"))?,
            application: row.application,
            wrapped,
            check: row.check_value,
        };
        let expected = (record.state == KeyState::Active).then(|| slot(record.purpose, &record.tenant));
        if active_slot == expected { Ok(record) } else { Err(bad("active_slot")) }
    }
}

/// `None` unless the bytes are whole pairs of parts to their end.
fn read_wraps(mut bytes: &[u8]) -> Option<Vec<WrappedKey>> {
    let mut wraps = Vec::new();
    while !bytes.is_empty() {
        let (name, rest) = part(bytes)?;
        let (wrapped, rest) = part(rest)?;
        wraps.push(WrappedKey::new(String::from_utf8(name.to_vec()).ok()?, wrapped.to_vec()));
        bytes = rest;
    }
    Some(wraps)
}

/// Takes `lp(x)` off the front.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u16::from_be_bytes(*length).into())
}
