//! An application on a key service that counts: a process that writes, and one that starts anew to read.

use std::sync::Arc;

use envelope_core::{Keyring, MemoryStore, MissPolicy, testing::TestKms};

/// What its processes share.
#[derive(Debug)]
#[non_exhaustive]
pub struct Application {
    /// The key service.
    pub kms: TestKms,
    /// The key store.
    pub store: Arc<MemoryStore>,
}

impl Application {
    /// One without keys.
    #[must_use]
    pub fn start() -> Self {
        Self { kms: TestKms::new(), store: Arc::new(MemoryStore::new()) }
    }

    /// A process without keys in memory, whose codecs do not wait for any.
    #[must_use]
    pub fn process(&self) -> Keyring {
        Keyring::builder(self.kms.clone(), Arc::clone(&self.store))
            .allow_test_provider()
            .on_miss(MissPolicy::Fail)
            .open_blocking()
            .expect("the key service answers")
    }
}
