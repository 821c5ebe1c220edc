//! A clock that stands still until the test moves it.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use async_channel::{Sender, bounded};

use crate::{
    BoxFuture, KeyringBuilder,
    clock::{Clock, Moment},
};

/// A clock that stands still until [`advance`](Self::advance). Clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct TestClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: Moment,
    calendar: u64,
    sleepers: Vec<(Moment, Sender<()>)>,
}

impl TestClock {
    /// A clock that shows 2026-01-01.
    #[must_use]
    pub fn new() -> Self {
        let clock = Self::default();
        clock.with(|state| state.calendar = 1_767_225_600);
        clock
    }

    /// Moves the clock forwards, and with it the calendar. Whoever sleeps until a moment that has passed wakes.
    pub fn advance(&self, time: Duration) {
        self.with(|state| {
            state.now = state.now.saturating_add(time);
            state.calendar = state.calendar.saturating_add(time.as_secs());
            let now = state.now;
            // A sleeper wakes when its sender is gone.
            state.sleepers.retain(|(until, _)| now < *until);
        });
    }

    /// Sets the calendar, forwards or backwards, as an operator or a time server does. Lifetimes do not depend on it.
    pub fn set_calendar(&self, seconds_since_1970: u64) {
        self.with(|state| state.calendar = seconds_since_1970);
    }

    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        f(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl KeyringBuilder {
    /// Puts a clock of the test's in the place of the machine's.
    pub fn clock(self, clock: &TestClock) -> Self {
        self.with_clock(Arc::new(clock.clone()))
    }
}

impl Clock for TestClock {
    fn now(&self) -> Moment {
        self.with(|state| state.now)
    }

    fn calendar(&self) -> u64 {
        self.with(|state| state.calendar)
    }

    fn sleep_until(&self, moment: Moment) -> BoxFuture<'static, ()> {
        let (sender, over) = bounded(1);
        self.with(|state| {
            if state.now < moment {
                state.sleepers.push((moment, sender));
            }
        });
        Box::pin(async move {
            let _ = over.recv().await;
        })
    }
}
