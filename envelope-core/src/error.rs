//! The vocabulary of errors: one enum for each direction. Variants say what the caller can do.
//!
//! No message holds plaintext, key bytes or ciphertext.

mod keys;
mod place;
mod service;
mod value;

pub use keys::KeyError;
pub use place::PlaceError;
pub use service::{BoxError, ProviderError, StoreError};
use thiserror::Error;
pub use value::{MalformedValue, OpenError, SealError, SearchError};

/// No keyring is in force where an ORM encodes or decodes a value.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "no keyring: call `keyring.install()` when the application starts, or run this inside \
     `keyring.scope(future)` or `keyring.with(|| …)`; a spawned task needs its own `scope`"
)]
#[expect(clippy::exhaustive_structs, reason = "matched by name; there is nothing to add")]
pub struct NoKeyring;
