//! A tenant who leaves: its keys are destroyed, and with them everything that they sealed.

use super::{
    Keyring,
    fetch::{ATTEMPTS, Fetch},
    rotate::{ChangeError, KeyInfo},
};
use crate::{
    key::{KeyRecord, KeyState},
    store::{Commit, KeyChange},
    telemetry,
};

impl Keyring {
    /// Destroys every key of the tenant, for good: nothing that was sealed for it opens again, here or in a backup of the rows. Returns
    /// the keys that were destroyed now.
    ///
    /// Their records stay, without the wrapped keys, and the tenant gets no new ones: sealing for it fails with
    /// [`KeyError::NoActive`](crate::KeyError::NoActive). Can be repeated. The keys of one tenant only, all at once; the default tenant, which may be the
    /// whole application, is refused.
    ///
    /// # What it does not reach
    ///
    /// Other processes have the keys in memory until the end of their time, 15 minutes by default. A backup of the key store has the
    /// wrapped keys: it has to expire, or be without this tenant's provider key. A value of
    /// [`export`](Self::export) carries its own wrapped key.
    ///
    /// # Errors
    ///
    /// When the store fails, and for the default tenant.
    pub async fn shred(&self) -> Result<Vec<KeyInfo>, ChangeError> {
        if self.tenant_name().is_default() {
            return Err(ChangeError::DefaultTenant);
        }
        let fetch = Fetch::new(&self.ring, &self.keys);
        // The job's own error passes through the thread as a value.
        self.run(async move { Ok(fetch.shred().await) }).await?
    }
}

impl Fetch {
    async fn shred(&self) -> Result<Vec<KeyInfo>, ChangeError> {
        for _ in 0..ATTEMPTS {
            let records = self.fresh().await?;
            let living: Vec<&KeyRecord> =
                records.iter().map(|record| &**record).filter(|r| r.state != KeyState::Destroyed).collect();
            let mut changes = Vec::new();
            for record in &living {
                let new = self.changed(record, KeyState::Destroyed).await?;
                changes.push(KeyChange::Replace { old: (*record).clone(), new });
            }
            if changes.is_empty() || self.commit(&changes).await? == Commit::Done {
                for record in &living {
                    telemetry::shredded(record);
                }
                // What is in memory goes with it.
                let records = self.fresh().await?;
                let is_mine = |record: &&KeyRecord| living.iter().any(|other| other.id == record.id);
                return Ok(records.iter().map(|r| &**r).filter(is_mine).map(KeyInfo::from).collect());
            }
        }
        Err(self.contention().into())
    }
}
