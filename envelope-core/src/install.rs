//! The keyring in force: `ToSql` and `Encode` receive no context, so the ORM crates find it here.
//!
//! One default for the process, set once by the application, and a scope that overrides it. The scope is never a guard
//! that could be held across an await: such a guard would be seen by whatever task runs next on the thread.

use core::{
    cell::RefCell,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use std::sync::OnceLock;

use pin_project_lite::pin_project;
use thiserror::Error;

use crate::{error::NoKeyring, keyring::Keyring};

static INSTALLED: OnceLock<Keyring> = OnceLock::new();

thread_local! {
    static SCOPED: RefCell<Option<Keyring>> = const { RefCell::new(None) };
}

/// The process has a default keyring already.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "a keyring is installed already; install one, when the application starts, and use `scope` or `with` for others"
)]
#[expect(clippy::exhaustive_structs, reason = "matched by name; there is nothing to add")]
pub struct AlreadyInstalled;

impl Keyring {
    /// Makes this the process's keyring, for all code that is in no scope. Once, by the application, never by a library.
    ///
    /// # Errors
    ///
    /// When there is one already.
    pub fn install(&self) -> Result<(), AlreadyInstalled> {
        INSTALLED.set(self.clone()).map_err(|_| AlreadyInstalled)
    }

    /// The keyring in force: that of the innermost scope, else the installed one.
    ///
    /// # Errors
    ///
    /// When there is neither.
    pub fn current() -> Result<Self, NoKeyring> {
        Self::with_current(Self::clone)
    }

    /// Runs `f` with the keyring in force.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn with_current<R>(f: impl FnOnce(&Self) -> R) -> Result<R, NoKeyring> {
        // Cloned out of the cell, so that `f` may enter a scope of its own. The installed one needs no clone.
        match SCOPED.with_borrow(Option::clone) {
            Some(keyring) => Ok(f(&keyring)),
            None => INSTALLED.get().map(f).ok_or(NoKeyring),
        }
    }

    /// Makes this the keyring in force while the future is polled, on whatever thread and runtime that happens.
    ///
    /// A task that the future spawns is polled by itself and needs a scope of its own.
    pub fn scope<F: Future>(&self, future: F) -> Scope<F> {
        Scope { keyring: self.clone(), future }
    }

    /// Makes this the keyring in force while `f` runs.
    ///
    /// For code that is not async; a future that `f` returns is polled outside. Use [`scope`](Self::scope) for those.
    pub fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        let _restore = Restore(SCOPED.replace(Some(self.clone())));
        f()
    }
}

/// Puts the outer scope back, also when the inner one panics.
struct Restore(Option<Keyring>);

impl Drop for Restore {
    fn drop(&mut self) {
        SCOPED.set(self.0.take());
    }
}

pin_project! {
    /// A future with a keyring in force; see [`Keyring::scope`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Scope<F> {
        keyring: Keyring,
        #[pin]
        future: F,
    }
}

/// Without the future, which may hold plaintext.
impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("keyring", &self.keyring).finish_non_exhaustive()
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.keyring.with(|| this.future.poll(context))
    }
}
