//! The keyring's own thread: keys are fetched here, so that nobody else's thread or runtime has to run the fetch.
//!
//! A caller that goes away leaves the fetch running for the others who wait for it.

use core::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};
use std::{
    io,
    panic::AssertUnwindSafe,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use async_channel::{Receiver, Sender, bounded, unbounded};
use futures_util::{
    future::FutureExt,
    stream::{FuturesUnordered, Stream, StreamExt},
};

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts its thread with the first job; the thread ends when this is dropped, whose jobs nobody waits for then.
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

    /// Runs a future on the thread, for nobody to wait for.
    pub(crate) fn spawn(&self, job: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        self.submit(job)
    }

    fn submit(&self, job: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match &*jobs {
            Some(sender) if !sender.is_closed() => sender,
            _ => {
                let (sender, receiver) = unbounded();
                thread::Builder::new().name("envelope-keyring".into()).spawn(move || serve(receiver))?;
                jobs.insert(sender)
            }
        };
        // A job that panics ends alone, and its waiter sees its sender go. If it took the thread along, jobs that are queued
        // behind it would neither run nor end.
        let job = AssertUnwindSafe(job).catch_unwind().map(drop);
        sender.try_send(Box::pin(job)).map_err(|_| stopped())
    }
}

/// Runs jobs side by side, so that one that waits for a slow key service does not hold up the others.
fn serve(jobs: Receiver<Job>) {
    let mut jobs = pin!(jobs);
    let mut running = FuturesUnordered::new();
    block_on(poll_fn(|context| {
        loop {
            match jobs.as_mut().poll_next(context) {
                Poll::Ready(Some(job)) => running.push(job),
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        while let Poll::Ready(Some(())) = running.poll_next_unpin(context) {}
        Poll::Pending
    }));
}

/// Providers and stores that use tokio find it here.
#[cfg(feature = "tokio")]
fn block_on(future: impl Future<Output = ()>) {
    // Without a runtime there is no key to be had: the thread ends, and its callers are told.
    if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
        runtime.block_on(future);
    }
}

#[cfg(not(feature = "tokio"))]
fn block_on(future: impl Future<Output = ()>) {
    pollster::block_on(future);
}

/// A provider or store panicked on the thread.
fn stopped() -> io::Error {
    io::Error::other("a key provider or key store panicked, or the thread found no runtime")
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").finish_non_exhaustive()
    }
}
