//! Feature `testing`: a key provider in memory that counts calls and injects faults, and values with a chosen nonce.
//!
//! The feature adds these names and changes nothing else.

mod clock;
mod kms;
mod vector;

pub use clock::TestClock;
pub use kms::{Fault, TestKms};
pub use vector::{Case, IndexSteps, Steps};

use crate::{Field, Keyring, MemoryStore, key::Purpose};

/// Finds the key that a randomized value of the column would be sealed with, as sealing does, and does nothing with it: for benches.
///
/// Whether there is one.
#[must_use]
pub fn find_key(keyring: &Keyring, field: &Field) -> bool {
    keyring.with_active(Purpose::Encrypt, field, |_| ()).is_ok()
}

/// A keyring of its own for one test: keys in memory, wrapped by a [`TestKms`].
///
/// ```
/// use envelope_core::testing;
///
/// testing::keyring().with(|| {
///     // What reads and writes encrypted columns here uses keys that are gone with the test.
/// });
/// ```
///
/// # Panics
///
/// When the operating system gives no random bytes or no thread.
#[must_use]
pub fn keyring() -> Keyring {
    Keyring::builder(TestKms::new(), MemoryStore::new())
        .allow_test_provider()
        .open_blocking()
        .expect("a key provider and a store in memory do not fail")
}
