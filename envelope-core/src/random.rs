//! Random bytes. Data keys and key ids come from the operating system, one call each; nonces, of which each value needs one, from a
//! generator of the thread that the operating system seeds.

#[cfg(unix)]
mod fork;

use core::cell::RefCell;

use chacha20::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use thiserror::Error;
use zeroize::Zeroizing;

/// The operating system gave no random bytes, so nothing was sealed and no key was made.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the operating system gave no random bytes")]
pub struct RandomError {
    #[source]
    source: getrandom::Error,
}

/// Fills the buffer from the operating system.
pub(crate) fn fill(buffer: &mut [u8]) -> Result<(), RandomError> {
    getrandom::fill(buffer).map_err(|source| RandomError { source })
}

/// How many bytes come from one seed. A machine that is copied while it runs copies the generator too, and both copies then make the
/// same nonces until they are seeded anew; so these are few, about 250 nonces, and still make the operating system's part in each a
/// nanosecond.
const BYTES_OF_A_SEED: usize = 3072;

/// A generator, the bytes that it made last, and how long it is good for.
struct Generator {
    random: ChaCha20Rng,
    left: usize,
    /// How often the process had been forked when it was seeded.
    forks: u64,
    bytes: [u8; Self::AT_ONCE],
    used: usize,
}

thread_local! {
    static GENERATOR: RefCell<Option<Generator>> = const { RefCell::new(None) };
}

/// Fills the buffer with a nonce that no value had before, here or in a process that this one was forked from.
pub(crate) fn nonce<const N: usize>(nonce: &mut [u8; N]) -> Result<(), RandomError> {
    let Some(forks) = forks() else {
        // A fork would go unnoticed.
        return fill(nonce);
    };
    GENERATOR
        .try_with(|generator| {
            let mut generator = generator.borrow_mut();
            if let Some(generator) = generator.as_mut()
                && generator.forks == forks
                && let Some(bytes) = generator.next()
            {
                *nonce = *bytes;
                return Ok(());
            }
            let mut next = Generator::seeded(forks)?;
            if let Some(bytes) = next.next() {
                *nonce = *bytes;
            }
            *generator = Some(next);
            Ok(())
        })
        // The thread is ending, and its generator is gone.
        .unwrap_or_else(|_| fill(nonce))
}

impl Generator {
    const AT_ONCE: usize = 256;

    #[cold]
    fn seeded(forks: u64) -> Result<Self, RandomError> {
        let mut seed = Zeroizing::new([0; 32]);
        fill(&mut *seed)?;
        let random = ChaCha20Rng::from_seed(*seed);
        Ok(Self { random, left: BYTES_OF_A_SEED, forks, bytes: [0; Self::AT_ONCE], used: Self::AT_ONCE })
    }

    /// Bytes that were not told before; `None` if there are no more.
    fn next<const N: usize>(&mut self) -> Option<&[u8; N]> {
        const { assert!(N <= Self::AT_ONCE, "a nonce is made at once") }
        if Self::AT_ONCE.saturating_sub(self.used) < N {
            self.left = self.left.checked_sub(Self::AT_ONCE)?;
            self.random.fill_bytes(&mut self.bytes);
            self.used = 0;
        }
        let bytes = self.bytes.get(self.used..)?.first_chunk()?;
        self.used = self.used.saturating_add(N);
        Some(bytes)
    }
}

/// How often this process was forked from another; `None` if that cannot be told.
#[cfg(unix)]
fn forks() -> Option<u64> {
    fork::count()
}

/// There is no fork here.
#[cfg(not(unix))]
const fn forks() -> Option<u64> {
    Some(0)
}
