//! Two live search keys, as they are while the search key is rotated.

use std::{sync::Arc, time::Duration};

use envelope_core::{
    Keyring, MemoryStore, Purpose,
    testing::{TestClock, TestKms},
};

/// One application before and after the rotation of its search key.
pub(crate) struct Rotated {
    /// A process that has not learnt of the new key.
    pub(crate) before: Keyring,
    pub(crate) after: Keyring,
}

pub(crate) async fn rotated() -> Rotated {
    let (kms, store, clock) = (TestKms::new(), Arc::new(MemoryStore::new()), TestClock::new());
    let builder = || Keyring::builder(kms.clone(), Arc::clone(&store)).allow_test_provider();
    let before = builder().open().await.unwrap();
    let after = builder().clock(&clock).open().await.unwrap();
    after.rotate(Purpose::Search).await.unwrap();
    clock.advance(Duration::from_secs(60 * 60));
    after.promote(Purpose::Search).await.unwrap();
    Rotated { before, after }
}
