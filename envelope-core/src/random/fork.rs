//! Whether the process is a copy of another one, made by `fork`.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::OnceLock;

/// How often this process and those that it was forked from were forked.
static FORKS: AtomicU64 = AtomicU64::new(0);

static IS_WATCHED: OnceLock<bool> = OnceLock::new();

/// How often this process was forked from another since the first call; `None` if the C library cannot tell.
///
/// `fork` is noticed, also that of other languages in the process. Copies that go round the C library (the system call `clone`, or
/// `_Fork`) are not.
pub(super) fn count() -> Option<u64> {
    if *IS_WATCHED.get_or_init(watch) { Some(FORKS.load(Ordering::Relaxed)) } else { None }
}

/// Runs in the new process, in its only thread, before `fork` returns.
extern "C" fn forked() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}

#[expect(unsafe_code, reason = "there is no way to be told of a fork without the C library")]
fn watch() -> bool {
    // SAFETY: the handler has the type that is asked for, lives as long as the process, and only adds to an atomic number, which may be
    // done between `fork` and `exec` in a process that had several threads.
    unsafe { libc::pthread_atfork(None, None, Some(forked)) == 0 }
}
