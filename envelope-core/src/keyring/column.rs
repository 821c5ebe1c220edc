//! The key of a column for one value: found in memory, or derived there. The first lines of each function are what every value takes.

use std::sync::Arc;

use super::{Keyring, Unusable, fetch::Fetch, want::Want};
use crate::{
    cache::{KeySet, ReadyColumn, Slot},
    clock::Moment,
    envelope::Suite,
    error::KeyError,
    field::{Field, IndexKey},
    key::{KeyId, KeyRecord, Purpose},
    suite::ColumnKey,
    telemetry,
};

impl Keyring {
    /// Runs `f` with the key that new values of a column are sealed with.
    pub(crate) fn with_active<R>(
        &self,
        purpose: Purpose,
        field: &Field,
        f: impl FnOnce(&ColumnKey) -> R,
    ) -> Result<R, KeyError> {
        let suite = Suite::of(field);
        let now = self.ring.clock.recently();
        let is_newest = field.written_under() == IndexKey::Newest && purpose == Purpose::Search;
        let writes = |set: &KeySet| {
            let entry = if is_newest { set.newest(purpose) } else { set.active(purpose) };
            entry.map(|entry| entry.record.id)
        };
        if let Some(set) = &*self.keys.set.load()
            && now < set.life.soft
            && let Some(id) = writes(set)
            && let Some(ready) = set.column(id, suite, field)
            && ready.parent.is_fresh(now)
        {
            return Ok(f(self.writes_with(suite, ready)));
        }
        let want = if is_newest { Want::Searchable } else { Want::Active(purpose) };
        let set = self.snapshot(want, now)?;
        let no_active = || KeyError::NoActive { tenant: self.keys.tenant.clone(), purpose };
        let id = writes(&set).ok_or_else(no_active)?;
        let ready = self.column(&set, id, suite, field, now)?;
        Ok(f(self.writes_with(suite, &ready)))
    }

    /// FORMAT.md#suites: a key of randomized values has to be replaced long before it sealed 2^32 of them.
    fn writes_with<'c>(&self, suite: Suite, column: &'c ReadyColumn) -> &'c ColumnKey {
        match suite {
            Suite::Siv | Suite::Hmac | Suite::Xaes => column.hit(),
            Suite::Gcm => {
                let (key, is_worn_now) = column.seals(self.ring.rotate_after);
                if is_worn_now {
                    self.replace_worn(Purpose::Encrypt);
                }
                key
            }
        }
    }

    #[cold]
    fn replace_worn(&self, purpose: Purpose) {
        let keyring = self.clone();
        let _ = self.ring.worker.spawn(async move {
            let fetch = Fetch::new(&keyring.ring, &keyring.keys);
            telemetry::worn_out(&keyring.keys.tenant, fetch.rotate(purpose).await.err().as_ref());
        });
    }

    /// Runs `f` with the key that a stored value names.
    pub(crate) fn with_key<R>(
        &self,
        id: KeyId,
        suite: Suite,
        field: &Field,
        f: impl FnOnce(&ColumnKey) -> R,
    ) -> Result<R, Unusable> {
        let now = self.ring.clock.recently();
        if let Some(set) = &*self.keys.set.load()
            && now < set.life.soft
            && let Some(ready) = set.column(id, suite, field)
            && ready.parent.is_fresh(now)
        {
            return Ok(f(ready.hit()));
        }
        let set = self.snapshot(Want::Key(id), now)?;
        match set.find(id) {
            None => Err(Unusable::Unknown),
            Some(entry) if !entry.record.state.can_open() => Err(Unusable::Closed(entry.record.state)),
            Some(_) => Ok(f(self.column(&set, id, suite, field, now)?.hit())),
        }
    }

    /// Runs `f` with the key that new values are sealed with and its record.
    pub(crate) fn with_active_record<R>(
        &self,
        field: &Field,
        f: impl FnOnce(&KeyRecord, &ColumnKey) -> R,
    ) -> Result<R, KeyError> {
        let (purpose, suite, now) = (Purpose::Encrypt, Suite::Gcm, self.ring.clock.now());
        let set = self.snapshot(Want::Active(purpose), now)?;
        let no_active = || KeyError::NoActive { tenant: self.keys.tenant.clone(), purpose };
        let record = &set.active(purpose).ok_or_else(no_active)?.record;
        let ready = self.column(&set, record.id, suite, field, now)?;
        Ok(f(record, self.writes_with(suite, &ready)))
    }

    /// Runs `f` with each key that a stored deterministic value may be under, the active one first.
    pub(crate) fn with_searchable(
        &self,
        field: &Field,
        mut f: impl FnMut(&ColumnKey),
    ) -> Result<(), KeyError> {
        let suite = Suite::of(field);
        let now = self.ring.clock.recently();
        if let Some(set) = &*self.keys.set.load()
            && now < set.life.soft
            && set.active(Purpose::Search).is_some()
            && set
                .searchable()
                .all(|id| set.column(id, suite, field).is_some_and(|ready| ready.parent.is_fresh(now)))
        {
            for ready in set.searchable().filter_map(|id| set.column(id, suite, field)) {
                f(ready.hit());
            }
            return Ok(());
        }
        let set = self.snapshot(Want::Searchable, now)?;
        for id in set.searchable() {
            f(self.column(&set, id, suite, field, now)?.hit());
        }
        Ok(())
    }

    /// The column's key under a key that is in memory: derived at its first use, and renewed from the soft end of its life.
    fn column(
        &self,
        set: &KeySet,
        id: KeyId,
        suite: Suite,
        field: &Field,
        now: Moment,
    ) -> Result<Arc<ReadyColumn>, KeyError> {
        let Some(Slot::Loaded(parent)) = set.find(id).map(|entry| &entry.slot) else {
            // It was in memory when the snapshot was checked, and snapshots do not change.
            return Err(self.not_loaded());
        };
        if parent.claim_renewal(now) {
            let renewal = Fetch::new(&self.ring, &self.keys).renew(id, Arc::clone(parent));
            let _ = self.ring.worker.spawn(renewal);
        }
        if let Some(ready) = set.column(id, suite, field) {
            return Ok(Arc::clone(ready));
        }
        let column =
            ColumnKey::derive(&parent.key, id, suite, &self.keys.tenant, field.context(), self.ring.backend);
        let wear = self.keys.wear(id, field.context());
        let ready = Arc::new(ReadyColumn::new(column, Arc::clone(parent), wear));
        self.keys.publish(|set| Some(set?.with_column(id, suite, field, Arc::clone(&ready))));
        Ok(ready)
    }
}
