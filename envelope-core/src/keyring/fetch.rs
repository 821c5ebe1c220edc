//! Reads records, makes and unwraps keys, renews and wipes them. All of it runs on the keyring's thread.

use core::{pin::pin, sync::atomic::Ordering};
use std::{collections::HashSet, sync::Arc};

use futures_timer::Delay;
use futures_util::future::{Either, join_all, select};
use tracing::Instrument;

use super::{
    renew::wipe,
    shred::is_shredded,
    tenants::{Ring, TenantKeys},
    want::{Missing, Want},
};
use crate::{
    cache::{KeySet, LoadedKey, Slot},
    error::{KeyError, ProviderError, StoreError},
    key::{DataKey, EncryptionContext, KeyId, KeyRecord, KeyState, Purpose, Tenant, WrappedKey},
    store::{Commit, KeyChange},
    telemetry,
};

/// How often a change is tried again when other processes change the records at the same moment.
pub(super) const ATTEMPTS: usize = 8;

/// The work of the keyring's thread for one tenant.
#[derive(Clone)]
pub(super) struct Fetch {
    pub(super) ring: Arc<Ring>,
    pub(super) keys: Arc<TenantKeys>,
}

impl Fetch {
    pub(super) fn new(ring: &Arc<Ring>, keys: &Arc<TenantKeys>) -> Self {
        Self { ring: Arc::clone(ring), keys: Arc::clone(keys) }
    }

    /// Does what is missing, and returns the snapshot that has it all.
    pub(super) async fn run(self, want: Want) -> Result<Arc<KeySet>, KeyError> {
        let mut is_read_again = false;
        for _ in 0..ATTEMPTS {
            let now = self.ring.clock.now();
            let Some(set) = self.keys.set.load_full() else {
                self.read_records(0).await?;
                continue;
            };
            match want.check(&set, now, &self.ring.lifetimes) {
                Ok(()) => return Ok(set),
                Err(Missing::Failed(error)) => return Err(error),
                Err(Missing::Records) => self.read_records(set.read).await?,
                // Another process may have made it since.
                Err(Missing::Unknown(_)) if !is_read_again => {
                    is_read_again = true;
                    self.read_records_anew().await?;
                }
                Err(Missing::Unknown(id)) => {
                    self.keys.remember_unknown(id, now, self.ring.lifetimes.unknown);
                    return Ok(set);
                }
                Err(Missing::Purposes(purposes)) => self.create(&purposes).await?,
                Err(Missing::Keys(ids)) => {
                    join_all(ids.into_iter().map(|id| self.unwrap(id, None))).await;
                }
            }
        }
        Err(KeyError::Contention { tenant: self.keys.tenant.clone() })
    }

    /// Reads the records as they are now: a read that was begun before does not do.
    pub(super) async fn read_records_anew(&self) -> Result<(), KeyError> {
        self.read_records(self.keys.reads.load(Ordering::Acquire)).await
    }

    /// Reads the records, unless they come from a later read than the one of that number.
    async fn read_records(&self, than: u64) -> Result<(), KeyError> {
        let _one_at_a_time = self.keys.records.lock().await;
        if self.keys.set.load_full().is_some_and(|set| set.read > than) {
            return Ok(());
        }
        self.read_records_locked().await
    }

    async fn read_records_locked(&self) -> Result<(), KeyError> {
        let tenant = &self.keys.tenant;
        // Both are of the moment before the store looks: what changes after it is not in the answer.
        let read = self.keys.reads.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        let now = self.ring.clock.now();
        let records = self.ask_store(self.ring.store.load(tenant)).await?;
        self.accept(&records)?;
        let life = self.ring.lifetimes.life(now);
        let set = self.keys.publish(|older| Some(KeySet::new(records, read, now, life, older)));
        if let Some(set) = set {
            telemetry::records_read(tenant, set.entries().count());
        }
        Ok(())
    }

    /// Refuses records that cannot all be what this application wrote.
    fn accept(&self, records: &[KeyRecord]) -> Result<(), KeyError> {
        let tenant = &self.keys.tenant;
        let mut ids = HashSet::new();
        for record in records {
            // Before anything is computed from a record, its parts are known to be bounded.
            if !record.is_bounded() || record.tenant != *tenant || !ids.insert(record.id) {
                return Err(KeyError::RecordChanged { id: record.id, tenant: tenant.clone() });
            }
            if record.application != *self.ring.application {
                return Err(KeyError::OtherApplication {
                    id: record.id,
                    found: record.application.clone(),
                    expected: self.ring.application.to_string(),
                });
            }
        }
        for purpose in Purpose::ALL {
            let mut actives = records.iter().filter(|r| r.purpose == purpose && r.state == KeyState::Active);
            if let (Some(first), Some(second)) = (actives.next(), actives.next()) {
                let (first, second) = (first.id, second.id);
                return Err(KeyError::TwoActive { tenant: tenant.clone(), purpose, first, second });
            }
        }
        // Keys that were there and are gone: new ones would be written beside a table that was emptied by mistake.
        if let Some(known) = self.keys.set.load_full()
            && let Some(gone) = known.entries().find(|entry| !ids.contains(&entry.record.id))
        {
            return Err(KeyError::RecordGone { id: gone.record.id, tenant: tenant.clone() });
        }
        Ok(())
    }

    /// Makes the tenant's first keys. Of processes that do so at once, one is taken and the others read its keys.
    pub(super) async fn create(&self, purposes: &[Purpose]) -> Result<(), KeyError> {
        let _one_at_a_time = self.keys.records.lock().await;
        // What is in memory may be minutes old, and the tenant may have been shredded since.
        self.read_records_locked().await?;
        if let Some(purpose) = purposes.first() {
            self.refuse_shredded(*purpose)?;
        }
        let present = self.keys.set.load_full();
        let missing =
            purposes.iter().filter(|purpose| present.as_ref().is_some_and(|set| !set.has(**purpose)));
        let mut created = Vec::new();
        for purpose in missing {
            created.push(self.generate(*purpose, KeyState::Active).await?);
        }
        if created.is_empty() {
            return Ok(());
        }
        // Stored before anything is sealed: a key that only memory knows would take its values along.
        let inserts: Vec<_> = created.iter().map(|(record, _)| KeyChange::Insert(record.clone())).collect();
        let commit = self.commit(&inserts).await?;
        self.read_records_locked().await?;
        if commit == Commit::Done {
            for (record, key) in created {
                telemetry::state_changed(&record, None);
                self.keep(record.id, key);
            }
        }
        Ok(())
    }

    /// A tenant that was shredded gets no keys again, as the records say that were read last.
    pub(super) fn refuse_shredded(&self, purpose: Purpose) -> Result<(), KeyError> {
        let set = self.keys.set.load_full();
        if is_shredded(set.iter().flat_map(|set| set.entries()).map(|entry| &*entry.record)) {
            return Err(KeyError::NoActive { tenant: self.keys.tenant.clone(), purpose });
        }
        Ok(())
    }

    pub(super) async fn commit(&self, changes: &[KeyChange]) -> Result<Commit, KeyError> {
        self.ask_store(self.ring.store.commit(changes)).await
    }

    /// A new key and its record, which is not stored yet.
    pub(super) async fn generate(
        &self,
        purpose: Purpose,
        state: KeyState,
    ) -> Result<(KeyRecord, DataKey), KeyError> {
        let now = self.ring.clock.calendar();
        let mut record = KeyRecord {
            id: KeyId::random()?,
            application: self.ring.application.to_string(),
            tenant: self.keys.tenant.clone(),
            purpose,
            state,
            revision: 1,
            created_at: now,
            changed_at: now,
            wrapped: None,
            further_wraps: Vec::new(),
            check: Vec::new(),
        };
        let context = record.context();
        let failed = |error| key_error(record.id, &self.keys.tenant, error);
        let provider = self.ring.providers.of(&self.keys.tenant);
        let generated =
            self.ask("generate", record.id, provider.generate_key(&context)).await.map_err(failed)?;
        // A key that is not in every hand it should be in is not used.
        let mut further_wraps = Vec::new();
        for provider in &self.ring.providers.further {
            let wrap = provider.wrap_key(&generated.key, &context);
            further_wraps.push(self.ask("wrap", record.id, wrap).await.map_err(failed)?);
        }
        record.wrapped = Some(generated.wrapped);
        record.further_wraps = further_wraps;
        record.sign(&generated.key);
        Ok((record, generated.key))
    }

    /// Unwraps a key and publishes it, or why it could not be. With `instead_of` the key is asked for again.
    pub(super) async fn unwrap(&self, id: KeyId, instead_of: Option<&Arc<LoadedKey>>) {
        let lock = self.keys.unwrapping(id);
        let _one_at_a_time = lock.lock().await;
        let now = self.ring.clock.now();
        let Some(set) = self.keys.set.load_full() else { return };
        let Some(entry) = set.find(id) else { return };
        match &entry.slot {
            Slot::Loaded(loaded) if instead_of.is_some_and(|old| Arc::ptr_eq(old, loaded)) => {}
            Slot::Loaded(loaded) if loaded.is_usable(now) => return,
            Slot::Failed { retry_at, .. } if now < *retry_at => return,
            _ => {}
        }
        match self.unwrap_record(&entry.record).await {
            Ok(key) => {
                self.keep(id, key);
                if instead_of.is_some() {
                    telemetry::renewed(&entry.record);
                }
            }
            Err(error) if error.is_transient() && instead_of.is_some() => {
                if let Some(old) = instead_of {
                    old.set_unreachable();
                }
                telemetry::renewal_failed(&entry.record, &error);
            }
            Err(error) => {
                telemetry::unwrap_failed(&entry.record, &error);
                // From now, and not from the moment when a call began that took long to fail.
                let retry_at = self.ring.clock.now().saturating_add(self.ring.lifetimes.failure);
                self.keys.publish(|set| Some(set?.with_slot(id, Slot::Failed { error, retry_at })));
            }
        }
    }

    /// Unwraps the key of a record and checks that the record is the one that was written for it.
    pub(super) async fn unwrap_record(&self, record: &KeyRecord) -> Result<DataKey, KeyError> {
        let changed = || KeyError::RecordChanged { id: record.id, tenant: record.tenant.clone() };
        let context = record.context();
        let mut first_error = None;
        for (provider, wrapped) in self.ring.providers.candidates(record) {
            match self.ask("unwrap", record.id, provider.unwrap_key(wrapped, &context)).await {
                Ok(key) if record.is_signed_by(&key) => return Ok(key),
                Ok(_) => return Err(changed()),
                Err(error) => {
                    // Another hand is asked when one is out of reach, and not when it denies.
                    let is_out_of_reach =
                        matches!(error, ProviderError::Unreachable(_) | ProviderError::Throttled(_));
                    first_error.get_or_insert(error);
                    if !is_out_of_reach {
                        break;
                    }
                }
            }
        }
        let nobody = || {
            let found =
                record.wrapped.as_ref().map(|wrap| wrap.provider_key().to_owned()).unwrap_or_default();
            let expected =
                self.ring.providers.of(&record.tenant).current_key().unwrap_or_default().to_owned();
            ProviderError::WrongKey { found, expected }
        };
        match (&record.wrapped, first_error) {
            (None, None) => Err(changed()),
            (_, error) => Err(key_error(record.id, &record.tenant, error.unwrap_or_else(nobody))),
        }
    }

    /// Unwraps a key that has no record.
    pub(super) async fn unwrap_wrapped(
        &self,
        id: KeyId,
        wrapped: &WrappedKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KeyError> {
        let provider = self.ring.providers.of(&self.keys.tenant);
        self.ask("unwrap", id, provider.unwrap_key(wrapped, context))
            .await
            .map_err(|error| key_error(id, &self.keys.tenant, error))
    }

    /// Waits for a provider, but not for ever, and counts the call.
    pub(super) async fn ask<T>(
        &self,
        operation: &'static str,
        id: KeyId,
        call: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let limit = self.ring.lifetimes.provider;
        let call_started = self.ring.clock.now();
        let call = call.instrument(telemetry::provider_span(operation, &self.keys.tenant, id));
        let outcome = match select(pin!(call), Delay::new(limit)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                Err(ProviderError::Unreachable(format!("no answer within {} s", limit.as_secs_f32()).into()))
            }
        };
        let took = self.ring.clock.now().saturating_sub(call_started);
        telemetry::provider_called(operation, &self.keys.tenant, id, outcome.as_ref().err(), took);
        outcome
    }

    /// Waits for the store, but not for ever. What became of a commit that was given up is seen when the records are read again.
    async fn ask_store<T>(&self, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, KeyError> {
        let limit = self.ring.lifetimes.provider;
        let outcome = match select(pin!(call), Delay::new(limit)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => {
                Err(StoreError::Unavailable(format!("no answer within {} s", limit.as_secs_f32()).into()))
            }
        };
        outcome.map_err(|error| KeyError::Store(Arc::new(error)))
    }

    /// Puts a key into memory for one lifetime, at whose end it is wiped.
    pub(super) fn keep(&self, id: KeyId, key: DataKey) {
        let lifetimes = &self.ring.lifetimes;
        let life = lifetimes.life(self.ring.clock.now());
        let loaded = LoadedKey::new(key, life, life.hard.saturating_add(lifetimes.stale_if_error));
        self.keys.publish(|set| Some(set?.with_slot(id, Slot::Loaded(Arc::new(loaded)))));
        let (ring, keys) = (Arc::downgrade(&self.ring), Arc::downgrade(&self.keys));
        // The thread is running: this is called on it.
        let _ = self.ring.worker.spawn(wipe(ring, keys, life.hard));
    }
}

pub(super) fn key_error(id: KeyId, tenant: &Tenant, error: ProviderError) -> KeyError {
    match error {
        ProviderError::Random(error) => KeyError::Random(error),
        ProviderError::Unreachable(_) | ProviderError::Throttled(_) | ProviderError::KeyFileIo { .. } => {
            KeyError::Unavailable(Arc::new(error))
        }
        ProviderError::Denied(_) | ProviderError::Disabled(_) | ProviderError::NotFound(_) => {
            KeyError::Denied(Arc::new(error))
        }
        error => KeyError::NotUnwrapped { id, tenant: tenant.clone(), source: Arc::new(error) },
    }
}
