//! Time: a monotonic clock for lifetimes, the calendar for records. Tests put a clock of their own here.

use core::{fmt, time::Duration};
use std::{
    sync::LazyLock,
    time::{Instant, SystemTime},
};

use futures_timer::Delay;

use crate::provider::BoxFuture;

/// A point on the keyring's monotonic clock, from an origin of its own.
pub(crate) type Moment = Duration;

/// What a keyring knows of time.
pub(crate) trait Clock: fmt::Debug + Send + Sync {
    /// Never goes back.
    fn now(&self) -> Moment;

    /// As [`now`](Self::now), for each value that is sealed or opened: up to 10 milliseconds late where that is cheaper.
    fn recently(&self) -> Moment {
        self.now()
    }

    /// Seconds since 1970, as the machine's calendar has it.
    fn calendar(&self) -> u64;

    /// Is ready at that moment, or soon after.
    fn sleep_until(&self, moment: Moment) -> BoxFuture<'static, ()>;
}

/// The machine's clocks.
#[derive(Debug)]
pub(crate) struct SystemClock;

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The same origin on the kernel's own ticks, which are read without asking the hardware.
#[cfg(target_os = "linux")]
static COARSE_ORIGIN: LazyLock<Duration> = LazyLock::new(|| coarse().saturating_sub(ORIGIN.elapsed()));

#[cfg(target_os = "linux")]
fn coarse() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        ORIGIN.elapsed()
    }

    #[cfg(target_os = "linux")]
    fn recently(&self) -> Moment {
        coarse().saturating_sub(*COARSE_ORIGIN)
    }

    fn calendar(&self) -> u64 {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |age| age.as_secs())
    }

    fn sleep_until(&self, moment: Moment) -> BoxFuture<'static, ()> {
        Box::pin(Delay::new(moment.saturating_sub(self.now())))
    }
}
