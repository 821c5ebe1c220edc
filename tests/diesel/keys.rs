//! Several live search keys, as there are while the search key is rotated.

use std::{sync::Arc, time::Duration};

use envelope_core::{
    Keyring, MemoryStore, Purpose,
    testing::{TestClock, TestKms},
};
use pollster::block_on;

/// One application's processes: the first knows one search key, and each other one more than the process before it.
pub(crate) fn processes<const N: usize>() -> [Keyring; N] {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let (kms, store) = (TestKms::new(), Arc::new(MemoryStore::new()));
    let mut now = Duration::ZERO;
    [0; N].map(|_| {
        // A clock of its own, so that no process learns of keys that were made later.
        let clock = TestClock::new();
        clock.advance(now);
        let builder = Keyring::builder(kms.clone(), Arc::clone(&store)).allow_test_provider();
        let keyring = builder.clock(&clock).open_blocking().unwrap();
        if !now.is_zero() {
            block_on(keyring.rotate(Purpose::Search)).unwrap();
            clock.advance(HOUR);
            block_on(keyring.promote(Purpose::Search)).unwrap();
            now += HOUR;
        }
        now += HOUR;
        keyring
    })
}
