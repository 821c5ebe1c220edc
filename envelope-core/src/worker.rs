//! The keyring's own thread: keys are fetched here, so that nobody else's thread or runtime has to run the fetch.
//!
//! A caller that goes away leaves the fetch running for the others who wait for it.

use core::{fmt, future::Future, pin::Pin, time::Duration};
use std::{
    io,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use async_channel::{Receiver, Sender, bounded, unbounded};
use async_executor::LocalExecutor;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts its thread with the first job; the thread ends when this is dropped and its jobs are done.
#[derive(Default)]
pub(crate) struct Worker {
    jobs: Mutex<Option<Sender<Job>>>,
}

/// The job did not finish before the deadline. It goes on.
#[derive(Debug)]
pub(crate) struct Late;

impl Worker {
    /// Runs a future on the thread and awaits its outcome.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        let (done, outcome) = bounded(1);
        self.submit(async move {
            // The receiver is gone when the caller went away.
            let _ = done.send(future.await).await;
        })?;
        outcome.recv().await.map_err(|_| stopped())
    }

    /// Runs a future on the thread while this thread waits, for no longer than `deadline`.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        deadline: Duration,
        future: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<Result<T, Late>> {
        let (done, outcome) = mpsc::sync_channel(1);
        self.submit(async move {
            let _ = done.send(future.await);
        })?;
        match outcome.recv_timeout(deadline) {
            Ok(value) => Ok(Ok(value)),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(Err(Late)),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(stopped()),
        }
    }

    fn submit(&self, job: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match &*jobs {
            Some(sender) if !sender.is_closed() => sender,
            _ => {
                let (sender, receiver) = unbounded();
                thread::Builder::new().name("envelope-keyring".into()).spawn(move || serve(&receiver))?;
                jobs.insert(sender)
            }
        };
        sender.try_send(Box::pin(job)).map_err(|_| stopped())
    }
}

/// Runs jobs side by side, so that one that waits for a slow key service does not hold up the others.
fn serve(jobs: &Receiver<Job>) {
    let executor = LocalExecutor::new();
    pollster::block_on(executor.run(async {
        while let Ok(job) = jobs.recv().await {
            executor.spawn(job).detach();
        }
        while !executor.is_empty() {
            executor.tick().await;
        }
    }));
}

/// A provider or store panicked on the thread.
fn stopped() -> io::Error {
    io::Error::other("the keyring's thread stopped: a key provider or key store panicked")
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}
