//! Diesel blocks. A database that does not answer must not hold up the keyring's thread, which wipes keys and serves other tenants.

use core::fmt;
use std::{
    io,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Sender},
    },
    thread,
};

use envelope_core::StoreError;

type Job = Box<dyn FnOnce() + Send>;

/// Starts its thread with the first job; the thread ends when this is dropped. One job at a time: a database that hangs is
/// not sent one connection after another.
#[derive(Default)]
pub(super) struct Thread {
    jobs: Mutex<Option<Sender<Job>>>,
}

impl Thread {
    /// Does the work on the thread and awaits its outcome. Work that nobody awaits any more when its turn comes is left undone.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (done, outcome) = async_channel::bounded(1);
        self.submit(Box::new(move || {
            if !done.is_closed() {
                // The caller may have gone away meanwhile.
                let _ = done.try_send(work());
            }
        }))?;
        outcome.recv().await.unwrap_or_else(|_| Err(stopped()))
    }

    fn submit(&self, mut job: Job) -> Result<(), StoreError> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = &*jobs {
            match sender.send(job) {
                Ok(()) => return Ok(()),
                // The job before panicked, in the application's own function that connects.
                Err(mpsc::SendError(unsent)) => job = unsent,
            }
        }
        let (sender, receiver) = mpsc::channel::<Job>();
        let serve = move || receiver.into_iter().for_each(|job| job());
        thread::Builder::new().name("envelope-key-table".into()).spawn(serve).map_err(unavailable)?;
        jobs.insert(sender).send(job).map_err(|_| stopped())
    }
}

fn stopped() -> StoreError {
    unavailable(io::Error::other("the function that connects to the database panicked"))
}

fn unavailable(error: io::Error) -> StoreError {
    StoreError::Unavailable(error.into())
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread").finish_non_exhaustive()
    }
}
