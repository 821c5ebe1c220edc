//! Keys and records are asked for again while they are used, and wiped when their time is over.

use core::{sync::atomic::Ordering, time::Duration};
use std::sync::{Arc, Weak};

use super::{
    fetch::Fetch,
    tenants::{Ring, TenantKeys},
};
use crate::{
    cache::{LoadedKey, Slot},
    clock::Moment,
    key::KeyId,
    random::{self, RandomError},
    telemetry,
};

impl Fetch {
    /// Asks for a key again before its time is over, as often as it takes while the provider is out of reach.
    pub(super) async fn renew(self, id: KeyId, old: Arc<LoadedKey>) {
        let mut pause = Duration::from_millis(500);
        loop {
            // The record may have been rewrapped, or its state changed.
            if let Err(error) = self.read_records_anew().await {
                telemetry::records_failed(&self.keys.tenant, &error);
            }
            self.unwrap(id, Some(&old)).await;
            self.promote_when_due().await;
            let is_replaced =
                match self.keys.set.load().as_ref().and_then(|set| set.find(id)).map(|e| &e.slot) {
                    Some(Slot::Loaded(present)) => !Arc::ptr_eq(present, &old),
                    _ => true,
                };
            if is_replaced || !old.is_usable(self.ring.clock.now()) {
                return;
            }
            if self.ring.clock.now() >= old.hard_end() {
                telemetry::stale(&self.keys.tenant, id);
            }
            let next = self.ring.clock.now().saturating_add(jittered(pause));
            self.ring.clock.sleep_until(next).await;
            pause = pause.saturating_mul(2).min(Duration::from_secs(5));
        }
    }

    /// Reads the records again in the background.
    pub(super) async fn reread(self) {
        if let Err(error) = self.read_records_anew().await {
            telemetry::records_failed(&self.keys.tenant, &error);
            // Not again at once: the claim is given back after a pause.
            let next = self.ring.clock.now().saturating_add(jittered(Duration::from_secs(2)));
            self.ring.clock.sleep_until(next).await;
        }
        self.promote_when_due().await;
        self.keys.rereading.store(false, Ordering::Release);
    }
}

/// Wipes the keys whose time is over, also when nobody uses the keyring.
pub(super) async fn wipe(ring: Weak<Ring>, keys: Weak<TenantKeys>, mut at: Moment) {
    loop {
        let Some(clock) = ring.upgrade().map(|ring| Arc::clone(&ring.clock)) else { return };
        clock.sleep_until(at).await;
        let (Some(ring), Some(keys)) = (ring.upgrade(), keys.upgrade()) else { return };
        let now = ring.clock.now();
        keys.publish(|set| set?.purged(now));
        match keys.set.load().as_ref().and_then(|set| set.next_purge(now)) {
            // Another life ends later and has a wipe of its own, unless this one was prolonged.
            Some(next) if next > at && next <= at.saturating_add(ring.lifetimes.stale_if_error) => at = next,
            _ => return,
        }
    }
}

/// Between half of the pause and all of it.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0];
    let _: Result<(), RandomError> = random::fill(&mut byte);
    let [jitter] = byte;
    let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis.saturating_mul(u64::from(jitter).saturating_add(256)) >> 9)
}
