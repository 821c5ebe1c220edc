//! How a run goes about its work: how fast, with how many workers, who watches and who may stop it.

use core::{
    fmt,
    num::NonZeroU32,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use std::sync::{Arc, Mutex, PoisonError};

use envelope_core::BoxFuture;
use tokio::time::{Instant, sleep};

/// How a run goes about its work. The default is one worker, 500 rows a batch, and no throttle.
#[derive(Clone, Default)]
pub struct RunOptions {
    pub(crate) batch: Option<NonZeroU32>,
    pub(crate) workers: Option<NonZeroU32>,
    pub(crate) throttle: Option<Arc<Throttle>>,
    pub(crate) pause: Option<Pause>,
    pub(crate) progress: Option<Watch>,
    pub(crate) stop: Stop,
    pub(crate) is_dry: bool,
}

type Pause = Arc<dyn Fn() -> BoxFuture<'static, Option<Duration>> + Send + Sync>;
type Watch = Arc<dyn Fn(&Progress) + Send + Sync>;

impl RunOptions {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows a batch has at most: they are locked together, for as long as it takes to encrypt and write them.
    #[must_use]
    pub const fn batch(mut self, rows: NonZeroU32) -> Self {
        self.batch = Some(rows);
        self
    }

    /// How many workers share the work. On SQLite, and where the database has no `SKIP LOCKED`, there is always one. Other processes and
    /// machines may run at the same time.
    #[must_use]
    pub const fn workers(mut self, count: NonZeroU32) -> Self {
        self.workers = Some(count);
        self
    }

    /// At most so many rows each second, over all workers.
    #[must_use]
    pub fn rows_per_second(mut self, rows: NonZeroU32) -> Self {
        self.throttle = Some(Arc::new(Throttle { rate: rows, next: Mutex::new(None) }));
        self
    }

    /// Is asked before each batch how long to wait before it is asked again, and `None` to go on: while a replica lags, say.
    #[must_use]
    pub fn pause_while(
        mut self,
        hook: impl Fn() -> BoxFuture<'static, Option<Duration>> + Send + Sync + 'static,
    ) -> Self {
        self.pause = Some(Arc::new(hook));
        self
    }

    /// Is told of each batch.
    #[must_use]
    pub fn on_progress(mut self, watch: impl Fn(&Progress) + Send + Sync + 'static) -> Self {
        self.progress = Some(Arc::new(watch));
        self
    }

    /// What stops the run after the batches that are under way.
    #[must_use]
    pub fn stop_by(mut self, stop: &Stop) -> Self {
        self.stop = stop.clone();
        self
    }

    /// Reads and checks everything and writes nothing.
    #[must_use]
    pub const fn dry_run(mut self) -> Self {
        self.is_dry = true;
        self
    }

    /// Waits for the throttle and for the hook.
    pub(crate) async fn wait(&self, rows: usize) {
        if let Some(pause) = &self.pause {
            while let Some(wait) = pause().await {
                if self.stop.is_stopped() {
                    return;
                }
                sleep(wait).await;
            }
        }
        if let Some(throttle) = &self.throttle {
            let at = throttle.take(rows);
            while Instant::now() < at && !self.stop.is_stopped() {
                let slice = Duration::from_millis(100);
                sleep(at.saturating_duration_since(Instant::now()).min(slice)).await;
            }
        }
    }

    pub(crate) fn tell(&self, progress: &Progress) {
        if let Some(watch) = &self.progress {
            watch(progress);
        }
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("batch", &self.batch)
            .field("workers", &self.workers)
            .field("is_dry", &self.is_dry)
            .finish_non_exhaustive()
    }
}

/// Stops runs. Clones stop the same ones.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// One that stops nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the runs end after the batches that are under way. What is done stays done; started again they go on.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The table.
    pub table: String,
    /// Rows that were read so far.
    pub done: u64,
    /// Rows that there were to read when the run began.
    pub total: u64,
}

#[derive(Debug)]
pub(crate) struct Throttle {
    rate: NonZeroU32,
    /// When the next batch may begin.
    next: Mutex<Option<Instant>>,
}

impl Throttle {
    /// When a batch of so many rows may begin.
    fn take(&self, rows: usize) -> Instant {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let at = next.map_or(now, |next| next.max(now));
        let each = Duration::from_secs(1).checked_div(self.rate.get()).unwrap_or_default();
        *next = at.checked_add(each.saturating_mul(rows));
        at
    }
}
