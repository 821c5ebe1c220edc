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
    /// Their records stay, without the wrapped keys, and the tenant gets no new ones: sealing for it, and rotating its keys, fails with
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
        let mut shredded: Vec<KeyInfo> = Vec::new();
        for _ in 0..ATTEMPTS {
            let records = self.fresh().await?;
            let mut changes = Vec::new();
            for record in records.iter().filter(|record| record.state != KeyState::Destroyed) {
                let new = self.changed(record, KeyState::Destroyed).await?;
                changes.push(KeyChange::Replace { old: KeyRecord::clone(record), new });
            }
            // Read again after each commit, which also forgets what is in memory: another process may have made a key meanwhile.
            if changes.is_empty() {
                return Ok(shredded);
            }
            if self.commit(&changes).await? == Commit::Done {
                for change in &changes {
                    if let KeyChange::Replace { old, new } = change {
                        telemetry::state_changed(new, Some(old.state));
                        shredded.push(new.into());
                    }
                }
            }
        }
        Err(self.contention().into())
    }
}

/// Whether the tenant was shredded. In the course of their lives keys are not destroyed while they are all that there is; one that
/// is pending may have been made at the moment of shredding.
pub(super) fn is_shredded<'a>(records: impl Iterator<Item = &'a KeyRecord>) -> bool {
    let mut is_any_destroyed = false;
    for record in records {
        match record.state {
            KeyState::Destroyed => is_any_destroyed = true,
            KeyState::Pending => {}
            _ => return false,
        }
    }
    is_any_destroyed
}
