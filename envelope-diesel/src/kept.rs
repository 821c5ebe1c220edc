//! Sealed bytes that a bind parameter borrows.

use core::fmt;
use std::sync::OnceLock;

/// What was sealed for a value each time that it was bound.
///
/// The bind parameters of `#[derive(MultiConnection)]` only borrow, and a value is sealed anew for each query that it is in: under
/// the keyring of that query, and with a nonce of its own.
#[derive(Default)]
pub struct Kept {
    first: OnceLock<Box<Node>>,
}

struct Node {
    bytes: Vec<u8>,
    next: Kept,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl Kept {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self { first: OnceLock::new() }
    }

    /// Keeps some bytes for as long as the value is there.
    pub fn keep(&self, bytes: Vec<u8>) -> &[u8] {
        let mut node = Box::new(Node { bytes, next: Self::new() });
        let mut place = &self.first;
        loop {
            match place.set(node) {
                // Nobody takes it out again.
                Ok(()) => return place.get().map_or(&[], |node| &node.bytes),
                Err(back) => node = back,
            }
            if let Some(taken) = place.get() {
                place = &taken.next.first;
            }
        }
    }
}
