//! An application in miniature: one key service, one key store, any number of processes.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use envelope_core::{
    Column, Deterministic, Field, Keyring, KeyringBuilder, MemoryStore, Mode, Randomized,
    testing::{TestClock, TestKms},
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Email;

impl Column for Email {
    type Plain = String;
    type Mode = Deterministic;
    const FIELD: Field = Field::new("users", "email", "users.email", Mode::Deterministic);
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Note;

impl Column for Note {
    type Plain = String;
    type Mode = Randomized;
    const FIELD: Field = Field::new("users", "note", "users.note", Mode::Randomized);
}

/// What the processes of an application share.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) kms: TestKms,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: TestClock,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { kms: TestKms::new(), store: Arc::new(MemoryStore::new()), clock: TestClock::new() }
    }

    pub(crate) fn builder(&self) -> KeyringBuilder {
        Keyring::builder(self.kms.clone(), Arc::clone(&self.store)).clock(&self.clock).allow_test_provider()
    }

    /// One more process of the application.
    pub(crate) fn process(&self) -> Keyring {
        self.builder().open_blocking().unwrap()
    }
}

/// Waits for what happens on the keyring's thread.
pub(crate) fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "it did not come about that {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Gives the keyring's thread time to do what it should not do.
pub(crate) fn settle() {
    thread::sleep(Duration::from_millis(50));
}

/// The key id in a stored value.
pub(crate) fn key_of(value: &[u8]) -> String {
    value[2..6].iter().map(|byte| format!("{byte:02x}")).collect()
}
