//! Keys in memory: for each tenant a snapshot that is never changed, only replaced.
//!
//! A reader loads the snapshot and finds the column's key in it: no lock, no wait. Whoever learns something new (the
//! keyring's thread, or the first use of a column) publishes another snapshot.

use core::{
    fmt,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};
use std::{collections::HashMap, sync::Arc};

use foldhash::fast::FixedState;

use crate::{
    clock::Moment,
    envelope::Suite,
    error::KeyError,
    field::Field,
    key::{DataKey, KeyId, KeyRecord, KeyState, Purpose},
    suite::ColumnKey,
    telemetry,
};

/// What is known of one tenant's keys.
#[derive(Clone, Debug)]
pub(crate) struct KeySet {
    /// When the records were read, and until when they may be relied on.
    pub(crate) read_at: Moment,
    /// The number of the read that these records come from.
    pub(crate) read: u64,
    pub(crate) life: Life,
    keys: Vec<Entry>,
    /// Nobody but the application's own source chooses what is put in here, so the hash need not be one that resists.
    columns: HashMap<(KeyId, Suite, &'static str), Arc<ReadyColumn>, FixedState>,
}

/// Two ends of a lifetime: from the first on it is renewed in the background, at the second it is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Life {
    pub(crate) soft: Moment,
    pub(crate) hard: Moment,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) record: Arc<KeyRecord>,
    pub(crate) slot: Slot,
}

/// Whether a record's data key is in memory.
#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// Not asked for yet, or wiped.
    Cold,
    /// Asked for in vain; not to be asked for again before `retry_at`.
    Failed { error: KeyError, retry_at: Moment },
    /// In memory.
    Loaded(Arc<LoadedKey>),
}

/// A data key in memory.
pub(crate) struct LoadedKey {
    pub(crate) key: DataKey,
    life: Life,
    /// Until when it may be used beyond `life.hard` if its renewal fails because the provider is out of reach.
    stale_until: Moment,
    /// Someone renews it.
    renewing: AtomicBool,
    /// The last renewal found the provider out of reach.
    unreachable: AtomicBool,
}

/// A column's key, with the data key whose life it shares.
#[derive(Debug)]
pub(crate) struct ReadyColumn {
    pub(crate) column: ColumnKey,
    pub(crate) parent: Arc<LoadedKey>,
    wear: Arc<Wear>,
    uses: Uses,
}

/// How often this copy of a key was used. Apart from what all threads only read.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Uses {
    sealed: AtomicU64,
    others: AtomicU64,
}

/// How many values this process sealed with a column's key; outlives each copy of it.
#[derive(Debug, Default)]
pub(crate) struct Wear {
    /// By copies that are gone.
    sealed: AtomicU64,
    is_told: AtomicBool,
}

impl ReadyColumn {
    pub(crate) fn new(column: ColumnKey, parent: Arc<LoadedKey>, wear: Arc<Wear>) -> Self {
        Self { column, parent, wear, uses: Uses::default() }
    }

    /// The key, counted as a hit.
    pub(crate) fn hit(&self) -> &ColumnKey {
        self.uses.others.fetch_add(1, Ordering::Relaxed);
        &self.column
    }

    /// The key to seal one more value with, counted as a hit, and whether it has sealed so many before; the latter is told once.
    pub(crate) fn seals(&self, limit: u64) -> (&ColumnKey, bool) {
        let own = self.uses.sealed.fetch_add(1, Ordering::Relaxed);
        let is_worn = own.saturating_add(self.wear.sealed.load(Ordering::Relaxed)) >= limit;
        (&self.column, is_worn && !self.wear.is_told.swap(true, Ordering::Relaxed))
    }
}

impl Drop for ReadyColumn {
    // Told at the end of a life and not for each value, which takes nanoseconds.
    fn drop(&mut self) {
        let Uses { sealed, others } = &mut self.uses;
        self.wear.sealed.fetch_add(*sealed.get_mut(), Ordering::Relaxed);
        telemetry::hits(sealed.get_mut().saturating_add(*others.get_mut()));
    }
}

impl KeySet {
    /// A snapshot of records that were just read; keys that an older snapshot has in memory are kept.
    pub(crate) fn new(
        records: Vec<KeyRecord>,
        read: u64,
        read_at: Moment,
        life: Life,
        older: Option<&Self>,
    ) -> Self {
        let keys: Vec<_> = records
            .into_iter()
            .map(|record| {
                let slot =
                    older.and_then(|set| set.find(record.id)).map_or(Slot::Cold, |known| known.kept(&record));
                Entry { record: Arc::new(record), slot }
            })
            .collect();
        let mut columns = older.map(|set| set.columns.clone()).unwrap_or_default();
        columns.retain(|(id, ..), _| {
            keys.iter().any(|entry| entry.record.id == *id && matches!(entry.slot, Slot::Loaded(_)))
        });
        Self { read, read_at, life, keys, columns }
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.keys.iter()
    }

    /// The key that a value names.
    pub(crate) fn find(&self, id: KeyId) -> Option<&Entry> {
        self.keys.iter().find(|entry| entry.record.id == id)
    }

    /// The key to write with.
    pub(crate) fn active(&self, purpose: Purpose) -> Option<&Entry> {
        self.keys
            .iter()
            .find(|entry| entry.record.purpose == purpose && entry.record.state == KeyState::Active)
    }

    /// The key to write with next, if a process may know it: the pending one, else the active one.
    pub(crate) fn newest(&self, purpose: Purpose) -> Option<&Entry> {
        let is_next =
            |entry: &&Entry| entry.record.purpose == purpose && entry.record.state == KeyState::Pending;
        self.keys
            .iter()
            .filter(is_next)
            .max_by_key(|entry| entry.record.created_at)
            .or_else(|| self.active(purpose))
    }

    /// Whether the tenant ever had a key for the purpose.
    pub(crate) fn has(&self, purpose: Purpose) -> bool {
        self.keys.iter().any(|entry| entry.record.purpose == purpose)
    }

    /// The keys that a stored deterministic value may be under, the active one first.
    pub(crate) fn searchable(&self) -> impl Iterator<Item = KeyId> {
        let live = |active: bool| {
            self.keys.iter().map(|entry| &entry.record).filter(move |record| {
                record.purpose == Purpose::Search
                    && record.state.can_open()
                    && (record.state == KeyState::Active) == active
            })
        };
        live(true).chain(live(false)).map(|record| record.id)
    }

    /// The key of a column, if it was derived already.
    pub(crate) fn column(&self, id: KeyId, suite: Suite, field: &Field) -> Option<&Arc<ReadyColumn>> {
        self.columns.get(&(id, suite, field.context()))
    }

    /// With one more column.
    pub(crate) fn with_column(
        &self,
        id: KeyId,
        suite: Suite,
        field: &Field,
        column: Arc<ReadyColumn>,
    ) -> Self {
        let mut set = self.clone();
        // A key that was wiped or renewed meanwhile must not come back with its column.
        let is_current = matches!(
            set.find(id).map(|entry| &entry.slot),
            Some(Slot::Loaded(loaded)) if Arc::ptr_eq(loaded, &column.parent)
        );
        if is_current {
            set.columns.insert((id, suite, field.context()), column);
        }
        set
    }

    /// With another slot for a key. Its columns are derived anew.
    pub(crate) fn with_slot(&self, id: KeyId, slot: Slot) -> Self {
        let mut set = self.clone();
        set.columns.retain(|(other, ..), _| *other != id);
        if let Some(entry) = set.keys.iter_mut().find(|entry| entry.record.id == id) {
            entry.slot = slot;
        }
        set
    }

    /// Without the keys whose life is over at `now`, or nothing if there are none.
    pub(crate) fn purged(&self, now: Moment) -> Option<Self> {
        let dead: Vec<_> = self
            .keys
            .iter()
            .filter(|entry| matches!(&entry.slot, Slot::Loaded(loaded) if !loaded.is_usable(now)))
            .map(|entry| entry.record.id)
            .collect();
        (!dead.is_empty())
            .then(|| dead.into_iter().fold(self.clone(), |set, id| set.with_slot(id, Slot::Cold)))
    }

    /// The first moment at which [`purged`](Self::purged) may find something.
    pub(crate) fn next_purge(&self, now: Moment) -> Option<Moment> {
        self.keys
            .iter()
            .filter_map(|entry| match &entry.slot {
                Slot::Loaded(loaded) if now < loaded.life.hard => Some(loaded.life.hard),
                Slot::Loaded(loaded) => Some(loaded.stale_until),
                _ => None,
            })
            .min()
    }
}

impl Entry {
    /// What becomes of the key when its record was read again. The key that is in memory vouches for the record.
    fn kept(&self, record: &KeyRecord) -> Slot {
        match &self.slot {
            _ if !record.state.can_open() => Slot::Cold,
            _ if record.revision < self.record.revision => Slot::refused(KeyError::RecordRolledBack {
                id: record.id,
                tenant: record.tenant.clone(),
                revision: record.revision,
                known: self.record.revision,
            }),
            Slot::Loaded(loaded) if !record.is_signed_by(&loaded.key) => {
                Slot::refused(KeyError::RecordChanged { id: record.id, tenant: record.tenant.clone() })
            }
            slot => slot.clone(),
        }
    }
}

impl Slot {
    /// A record that cannot be trusted, until it is read again.
    pub(crate) const fn refused(error: KeyError) -> Self {
        Self::Failed { error, retry_at: Moment::MAX }
    }
}

impl LoadedKey {
    pub(crate) const fn new(key: DataKey, life: Life, stale_until: Moment) -> Self {
        Self { key, life, stale_until, renewing: AtomicBool::new(false), unreachable: AtomicBool::new(false) }
    }

    /// Whether the key may be used at `now`.
    pub(crate) fn is_usable(&self, now: Moment) -> bool {
        now < self.life.hard || (now < self.stale_until && self.unreachable.load(Ordering::Relaxed))
    }

    /// When it has to be renewed, but for a grace that was configured.
    pub(crate) const fn hard_end(&self) -> Moment {
        self.life.hard
    }

    /// Whether the key may be used at `now` and need not be renewed yet.
    pub(crate) fn is_fresh(&self, now: Moment) -> bool {
        now < self.life.soft
    }

    /// Whether the caller is to renew the key: true once for each life, from its soft end on.
    pub(crate) fn claim_renewal(&self, now: Moment) -> bool {
        !self.is_fresh(now) && !self.renewing.swap(true, Ordering::AcqRel)
    }

    /// The renewal found the provider out of reach, and will try again.
    pub(crate) fn set_unreachable(&self) {
        self.unreachable.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for LoadedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedKey").field("life", &self.life).finish_non_exhaustive()
    }
}
