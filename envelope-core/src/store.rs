//! Where key records live. The records are no secret; losing them loses the data.

mod file;
mod memory;
mod row;

use core::fmt;
use std::{collections::BTreeSet, sync::Arc};

pub use file::FileStore;
pub use memory::MemoryStore;
pub use row::KeyRow;

use crate::{
    error::StoreError,
    key::{KeyRecord, KeyState, Tenant},
    provider::BoxFuture,
};

/// A change of a key store, made only if the store is as the caller believes.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "stores handle every change")]
pub enum KeyChange {
    /// Adds a record.
    Insert(KeyRecord),
    /// Puts `new` in the place of a record that is still equal to `old`.
    Replace {
        /// The record as the caller read it.
        old: KeyRecord,
        /// What it becomes; has the same id.
        new: KeyRecord,
    },
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a conflict changed nothing: read the records again"]
#[expect(clippy::exhaustive_enums, reason = "there is no third outcome")]
pub enum Commit {
    /// Every change is stored.
    Done,
    /// The store was not as the caller believed; nothing was changed.
    Conflict,
}

/// Keeps key records: in a file, in memory, in the application's own database.
///
/// # Guarantees
///
/// An implementation keeps these whatever its callers do, and with any number of processes at once:
/// ids are unique, also among destroyed records; a tenant has at most one active key for each purpose;
/// a commit is stored as a whole or not at all, and is on disk when the future is ready.
pub trait KeyStore: fmt::Debug + Send + Sync + 'static {
    /// All records of a tenant, in any order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or holds what is not a record.
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>>;

    /// Every tenant that has a record, in any order.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>>;

    /// Makes all of the changes, or none.
    ///
    /// # Errors
    ///
    /// When the store cannot be written. A conflict is not an error but [`Commit::Conflict`].
    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>>;
}

/// A shared store is a store.
impl<S: KeyStore + ?Sized> KeyStore for Arc<S> {
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        S::load(self, tenant)
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        S::tenants(self)
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        S::commit(self, changes)
    }
}

/// The tenants of a list of records.
fn tenants_of(records: &[KeyRecord]) -> Vec<Tenant> {
    records.iter().map(|record| &record.tenant).collect::<BTreeSet<_>>().into_iter().cloned().collect()
}

/// Makes the changes to a list of records, or leaves it as it was.
fn apply(records: &mut Vec<KeyRecord>, changes: &[KeyChange]) -> Commit {
    let mut changed = records.clone();
    for change in changes {
        match change {
            KeyChange::Insert(record) => {
                if changed.iter().any(|other| other.id == record.id) {
                    return Commit::Conflict;
                }
                changed.push(record.clone());
            }
            KeyChange::Replace { old, new } => match changed.iter_mut().find(|record| *record == old) {
                Some(record) if old.id == new.id => *record = new.clone(),
                _ => return Commit::Conflict,
            },
        }
    }
    let actives = || changed.iter().filter(|record| record.state == KeyState::Active);
    let is_doubled = |record: &KeyRecord| {
        actives().any(|other| {
            other.id != record.id && other.tenant == record.tenant && other.purpose == record.purpose
        })
    };
    if actives().any(is_doubled) {
        return Commit::Conflict;
    }
    *records = changed;
    Commit::Done
}
