//! AWS KMS over HTTP: the real SDK, an emulator of the service, and a proxy between them that counts calls and injects
//! faults. `./tests/run keys` runs this.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]
#![expect(clippy::unwrap_in_result, reason = "what a test returns is what it examines; all else may panic")]

#[path = "kms/emulator.rs"]
mod emulator;
#[path = "kms/proxy.rs"]
mod proxy;
#[path = "kms/support.rs"]
mod support;

#[path = "kms/calls.rs"]
mod calls;
#[path = "kms/config.rs"]
mod config;
#[path = "kms/example.rs"]
mod example;
#[path = "kms/faults.rs"]
mod faults;
#[path = "kms/lifetimes.rs"]
mod lifetimes;
#[path = "kms/rewrap.rs"]
mod rewrap;
