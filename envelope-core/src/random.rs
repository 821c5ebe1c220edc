//! The operating system's generator: nonces, data keys and key ids come from here.
//!
//! No generator in the process is used: a state that is copied by `fork` gives parent and child the same nonces.

use thiserror::Error;

/// The operating system gave no random bytes, so nothing was sealed and no key was made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the operating system gave no random bytes")]
pub struct RandomError {
    #[source]
    source: getrandom::Error,
}

/// Fills the buffer.
pub(crate) fn fill(buffer: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(buffer).map_err(|source| RandomError { source })
}
