//! How long it takes until every process has learnt what stands in the key store.

use core::time::Duration;

use super::{Keyring, fetch::Fetch};
use crate::{
    error::KeyError,
    key::{KeyRecord, KeyState, Purpose},
};

impl Keyring {
    /// How long it can be that a process does not know yet that the active key is the active one, and writes with the key before:
    /// [`Duration::ZERO`] if all do. The next search key should not be made before: shadows of UNIQUE columns would be two keys apart.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn until_settled(&self, purpose: Purpose) -> Result<Duration, KeyError> {
        let fetch = Fetch::new(&self.ring, &self.keys);
        self.run(async move {
            let records = fetch.fresh().await?;
            let own = || records.iter().filter(|record| record.purpose == purpose);
            // The first key was never promoted.
            let is_first = own().filter(|record| record.state != KeyState::Pending).count() < 2;
            let active = own().find(|record| record.state == KeyState::Active).filter(|_| !is_first);
            Ok(active.and_then(|record| fetch.wait_since(record.changed_at)).unwrap_or_default())
        })
        .await
    }

    /// How long the pending key has to wait until it can be promoted: [`Duration::ZERO`] if it can be; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn until_promotion(&self, purpose: Purpose) -> Result<Option<Duration>, KeyError> {
        let fetch = Fetch::new(&self.ring, &self.keys);
        self.run(async move {
            let records = fetch.fresh().await?;
            let pending = records.iter().find(|r| r.purpose == purpose && r.state == KeyState::Pending);
            Ok(pending.map(|record| fetch.wait_for(record).unwrap_or_default()))
        })
        .await
    }
}

impl Fetch {
    /// How long a pending key has to wait, if it has to.
    pub(super) fn wait_for(&self, pending: &KeyRecord) -> Option<Duration> {
        self.wait_since(pending.created_at)
    }

    /// How long it takes until every process has learnt what has been in the store since a moment of the calendar.
    pub(super) fn wait_since(&self, since: u64) -> Option<Duration> {
        let age = Duration::from_secs(self.ring.clock.calendar().saturating_sub(since));
        self.ring.lifetimes.promotion.checked_sub(age).filter(|wait| !wait.is_zero())
    }
}
