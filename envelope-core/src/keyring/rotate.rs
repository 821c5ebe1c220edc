//! The life of a key: made, promoted, retired, destroyed; and wrapped anew.

use core::time::Duration;
use std::sync::Arc;

use thiserror::Error;

use super::{
    Keyring,
    fetch::{ATTEMPTS, Fetch, key_error},
};
use crate::{
    error::KeyError,
    key::{KeyId, KeyRecord, KeyState, Purpose, Tenant},
    store::{Commit, KeyChange},
    telemetry,
};

/// What is known of a key, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyInfo {
    /// The key.
    pub id: KeyId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands in its life.
    pub state: KeyState,
    /// The provider's name of the key that wraps it; `None` once it was destroyed.
    pub provider_key: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created_at: u64,
    /// When its state last changed, in seconds since 1970.
    pub changed_at: u64,
}

/// A key's state was not changed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The keys could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Not every process can have learnt the pending key yet: it would be met by one that has to ask for it first.
    #[error("key {id} can be promoted in {} s: until then a process may not know it", wait.as_secs())]
    TooEarly {
        /// The pending key.
        id: KeyId,
        /// How long to wait.
        wait: Duration,
    },
    /// Not every process can have learnt that another key is written with: what one still writes under this key would not open.
    #[error("key {id} can be retired in {} s: until then a process may write with it", wait.as_secs())]
    StillWritten {
        /// The key.
        id: KeyId,
        /// How long to wait.
        wait: Duration,
    },
    /// There is no pending key.
    #[error("{tenant} has no pending {purpose} key; `rotate` makes one")]
    NothingPending {
        /// The tenant.
        tenant: Tenant,
        /// For what.
        purpose: Purpose,
    },
    /// The tenant has no such key.
    #[error("{tenant} has no key {id}")]
    UnknownKey {
        /// The tenant.
        tenant: Tenant,
        /// What was asked for.
        id: KeyId,
    },
    /// The keys of the default tenant, which may be those of the whole application, are not destroyed all at once.
    #[error("the default tenant cannot be shredded; `keyring.tenant(\"…\")` names another")]
    DefaultTenant,
    /// A key in this state cannot come into that one.
    #[error("key {id} is {from} and cannot become {to}")]
    Forbidden {
        /// The key.
        id: KeyId,
        /// Its state.
        from: KeyState,
        /// What was asked for.
        to: KeyState,
    },
}

impl Keyring {
    /// The tenant's keys, as the store has them now.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn keys(&self) -> Result<Vec<KeyInfo>, KeyError> {
        let fetch = Fetch::new(&self.ring, &self.keys);
        self.run(async move {
            let records = fetch.fresh().await?;
            Ok(records.iter().map(|record| KeyInfo::from(&**record)).collect())
        })
        .await
    }

    /// Makes a new key, which is written with once every process can have learnt it. Returns the key that is pending,
    /// also if there was one already. A tenant that has no key yet gets its first as well.
    ///
    /// A pending `encrypt` key is promoted by whichever process reads the records after its time has come (the cache's lifetime
    /// and a minute). A `search` key waits for [`promote`](Self::promote): from then on equal values have unequal bytes until they
    /// are re-encrypted, and a `UNIQUE` index admits both.
    ///
    /// # Errors
    ///
    /// When the provider or the store fails.
    pub async fn rotate(&self, purpose: Purpose) -> Result<KeyInfo, KeyError> {
        let fetch = Fetch::new(&self.ring, &self.keys);
        self.run(async move { fetch.rotate(purpose).await.map(|record| KeyInfo::from(&*record)) }).await
    }

    /// Writes with the pending key from now on; the one before reads what it wrote.
    ///
    /// # Errors
    ///
    /// [`ChangeError::TooEarly`] while a process may not know the key yet, [`ChangeError::NothingPending`].
    pub async fn promote(&self, purpose: Purpose) -> Result<KeyInfo, ChangeError> {
        let fetch = Fetch::new(&self.ring, &self.keys);
        self.change(async move { fetch.promote(purpose).await }).await
    }

    /// Says that no value names the key any more. It is kept, wrapped, for backups; values under it do not open.
    ///
    /// # Errors
    ///
    /// When the key is pending, active or destroyed, or unknown; [`ChangeError::StillWritten`] until every process must have learnt that
    /// another one is active, 17 minutes after its promotion with the default lifetime.
    pub async fn retire(&self, id: KeyId) -> Result<KeyInfo, ChangeError> {
        self.set_state(id, KeyState::Retired).await
    }

    /// Takes [`retire`](Self::retire) back.
    ///
    /// # Errors
    ///
    /// When the key is not retired, or unknown.
    pub async fn reinstate(&self, id: KeyId) -> Result<KeyInfo, ChangeError> {
        self.set_state(id, KeyState::DecryptOnly).await
    }

    /// Says that the key is in wrong hands: it never writes again, and reads what it wrote until that is re-encrypted.
    ///
    /// # Errors
    ///
    /// When the key is active (rotate and promote first) or destroyed, or unknown.
    pub async fn mark_compromised(&self, id: KeyId) -> Result<KeyInfo, ChangeError> {
        self.set_state(id, KeyState::Compromised).await
    }

    /// Forgets a retired key for good: what it sealed, in backups too, never opens again.
    ///
    /// # Errors
    ///
    /// When the key is not retired, or unknown.
    pub async fn destroy(&self, id: KeyId) -> Result<KeyInfo, ChangeError> {
        self.set_state(id, KeyState::Destroyed).await
    }

    /// Wraps every key of the tenant anew under the provider's present key, and returns how many were wrapped by another.
    ///
    /// Rows are not touched, and keys in memory stay: they are known by their ids. Can be repeated after a failure.
    ///
    /// # Errors
    ///
    /// When the provider or the store fails; keys that were done by then stay done.
    pub async fn rewrap(&self) -> Result<usize, KeyError> {
        let fetch = Fetch::new(&self.ring, &self.keys);
        self.run(async move { fetch.rewrap().await }).await
    }

    async fn set_state(&self, id: KeyId, state: KeyState) -> Result<KeyInfo, ChangeError> {
        let fetch = Fetch::new(&self.ring, &self.keys);
        self.change(async move { fetch.set_state(id, state).await }).await
    }

    async fn change(
        &self,
        job: impl Future<Output = Result<KeyRecord, ChangeError>> + Send + 'static,
    ) -> Result<KeyInfo, ChangeError> {
        // The job's own error passes through the thread as a value.
        let outcome = self.run(async move { Ok(job.await) }).await?;
        outcome.map(|record| KeyInfo::from(&record))
    }
}

impl From<&KeyRecord> for KeyInfo {
    fn from(record: &KeyRecord) -> Self {
        Self {
            id: record.id,
            purpose: record.purpose,
            state: record.state,
            provider_key: record.wrapped.as_ref().map(|wrapped| wrapped.provider_key().to_owned()),
            created_at: record.created_at,
            changed_at: record.changed_at,
        }
    }
}

impl Fetch {
    /// The records as the store has them now.
    pub(super) async fn fresh(&self) -> Result<Vec<Arc<KeyRecord>>, KeyError> {
        self.read_records_anew().await?;
        let set = self.keys.set.load_full();
        Ok(set.iter().flat_map(|set| set.entries()).map(|entry| Arc::clone(&entry.record)).collect())
    }

    pub(super) async fn rotate(&self, purpose: Purpose) -> Result<Arc<KeyRecord>, KeyError> {
        for _ in 0..ATTEMPTS {
            let records = self.fresh().await?;
            self.refuse_shredded(purpose)?;
            let pending = records.iter().find(|r| r.purpose == purpose && r.state == KeyState::Pending);
            if let Some(pending) = pending {
                return Ok(Arc::clone(pending));
            }
            if !records.iter().any(|record| record.purpose == purpose) {
                // While the new key waits for its time, something has to be written with.
                self.create(&[purpose]).await?;
                continue;
            }
            let (record, key) = self.generate(purpose, KeyState::Pending).await?;
            if self.commit(&[KeyChange::Insert(record.clone())]).await? == Commit::Done {
                telemetry::state_changed(&record, None);
                self.fresh().await?;
                self.keep(record.id, key);
                return Ok(Arc::new(record));
            }
        }
        Err(self.contention())
    }

    async fn promote(&self, purpose: Purpose) -> Result<KeyRecord, ChangeError> {
        for _ in 0..ATTEMPTS {
            let records = self.fresh().await?;
            let in_state = |state| records.iter().find(move |r| r.purpose == purpose && r.state == state);
            let Some(pending) = in_state(KeyState::Pending) else {
                return Err(ChangeError::NothingPending { tenant: self.keys.tenant.clone(), purpose });
            };
            self.refuse_shredded(purpose)?;
            if let Some(wait) = self.wait_for(pending) {
                return Err(ChangeError::TooEarly { id: pending.id, wait });
            }
            let promoted = self.changed(pending, KeyState::Active).await?;
            let mut changes =
                vec![KeyChange::Replace { old: KeyRecord::clone(pending), new: promoted.clone() }];
            if let Some(active) = in_state(KeyState::Active) {
                let demoted = self.changed(active, KeyState::DecryptOnly).await?;
                changes.push(KeyChange::Replace { old: KeyRecord::clone(active), new: demoted });
            }
            if self.store(&changes).await? {
                return Ok(promoted);
            }
        }
        Err(self.contention().into())
    }

    /// Promotes a pending `encrypt` key whose time has come. Search keys wait for their own command.
    pub(super) async fn promote_when_due(&self) {
        let Some(set) = self.keys.set.load_full() else { return };
        let is_due = set.entries().map(|entry| &entry.record).any(|record| {
            record.purpose == Purpose::Encrypt
                && record.state == KeyState::Pending
                && self.wait_for(record).is_none()
        });
        if is_due && let Err(error) = self.promote(Purpose::Encrypt).await {
            telemetry::promotion_failed(&self.keys.tenant, &error);
        }
    }

    async fn set_state(&self, id: KeyId, to: KeyState) -> Result<KeyRecord, ChangeError> {
        for _ in 0..ATTEMPTS {
            let records = self.fresh().await?;
            let Some(record) = records.iter().find(|record| record.id == id) else {
                return Err(ChangeError::UnknownKey { tenant: self.keys.tenant.clone(), id });
            };
            if record.state == to {
                return Ok(KeyRecord::clone(record));
            }
            if !record.state.may_become(to) {
                return Err(ChangeError::Forbidden { id, from: record.state, to });
            }
            // A process that does not know the active key yet writes with the one before.
            let active = records.iter().find(|r| r.purpose == record.purpose && r.state == KeyState::Active);
            if to == KeyState::Retired
                && let Some(wait) = active.and_then(|active| self.wait_since(active.changed_at))
            {
                return Err(ChangeError::StillWritten { id, wait });
            }
            let changed = self.changed(record, to).await?;
            if self
                .store(&[KeyChange::Replace { old: KeyRecord::clone(record), new: changed.clone() }])
                .await?
            {
                return Ok(changed);
            }
        }
        Err(self.contention().into())
    }

    async fn rewrap(&self) -> Result<usize, KeyError> {
        let mut rewrapped = 0_usize;
        for record in self.fresh().await? {
            let Some(wrapped) = &record.wrapped else { continue };
            let context = record.context();
            let provider = self.ring.providers.of(&self.keys.tenant);
            if provider.current_key() == Some(wrapped.provider_key()) {
                continue;
            }
            let new = self
                .ask("rewrap", record.id, provider.rewrap_key(wrapped, &context))
                .await
                .map_err(|error| key_error(record.id, &self.keys.tenant, error))?;
            let mut changed = KeyRecord::clone(&record);
            changed.wrapped = Some(new);
            let change = KeyChange::Replace { old: KeyRecord::clone(&record), new: changed.clone() };
            if self.commit(&[change]).await? == Commit::Done {
                telemetry::rewrapped(&changed);
                rewrapped = rewrapped.saturating_add(1);
            }
        }
        self.fresh().await?;
        Ok(rewrapped)
    }

    /// The record in another state, vouched for by its key.
    pub(super) async fn changed(&self, record: &KeyRecord, state: KeyState) -> Result<KeyRecord, KeyError> {
        let mut changed = record.clone();
        changed.state = state;
        changed.revision = changed.revision.saturating_add(1);
        changed.changed_at = self.ring.clock.calendar();
        if state == KeyState::Destroyed {
            changed.wrapped = None;
            changed.further_wraps = Vec::new();
            changed.check = Vec::new();
        } else {
            changed.sign(&self.unwrap_record(record).await?);
        }
        Ok(changed)
    }

    /// Whether the changes were made; if not, the records are other than was believed.
    async fn store(&self, changes: &[KeyChange]) -> Result<bool, KeyError> {
        if self.commit(changes).await? == Commit::Conflict {
            return Ok(false);
        }
        for change in changes {
            if let KeyChange::Replace { old, new } = change {
                telemetry::state_changed(new, Some(old.state));
            }
        }
        self.fresh().await?;
        Ok(true)
    }

    pub(super) fn contention(&self) -> KeyError {
        KeyError::Contention { tenant: self.keys.tenant.clone() }
    }
}
