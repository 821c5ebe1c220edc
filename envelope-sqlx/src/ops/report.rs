//! What came of a run.

use core::time::Duration;
use std::collections::BTreeMap;

use serde::Serialize;

/// What came of a run over one table.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct TableReport {
    /// The table.
    pub table: String,
    /// Its columns that the run was about.
    pub columns: Vec<String>,
    /// Rows that there was something to do in when the run began.
    pub found: u64,
    /// Rows that were changed; in a dry run, that would have been.
    pub changed: u64,
    /// Rows that someone else changed between reading and writing; they were read again.
    pub conflicts: u64,
    /// Values that could not be changed.
    pub failed: u64,
    /// The first thousand of these.
    pub failures: Vec<Failure>,
    /// Rows that there is still something to do in, counted by a query when the run had ended. `None` in a dry run.
    pub remaining: Option<u64>,
    /// Whether it was stopped before its end.
    pub is_stopped: bool,
    /// Whether nothing was written.
    pub is_dry_run: bool,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Of the columns' indexes: the runs that wrote their terms, those in the table itself first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Self>,
}

impl TableReport {
    /// Whether there is nothing left to do, and nothing failed.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed == 0
            && !self.is_stopped
            && (self.is_dry_run || self.remaining == Some(0))
            && self.terms.iter().all(Self::is_complete)
    }

    /// Rows that were changed each second.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rows_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.changed as f64 / self.seconds } else { 0.0 }
    }
}

/// A value that could not be opened, sealed or written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The row's primary key; its parts are separated by commas.
    pub row: String,
    /// Why not. Shows no value.
    pub cause: String,
}

/// How many failures are kept.
const MOST_FAILURES: usize = 1000;

/// Failures while they are being collected: each value once.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    count: u64,
    first: BTreeMap<(String, String), Failure>,
}

impl Failures {
    pub(crate) fn add(&mut self, failure: Failure) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < MOST_FAILURES {
            self.first.insert((failure.row.clone(), failure.column.clone()), failure);
        }
    }

    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn into_first(self) -> Vec<Failure> {
        self.first.into_values().collect()
    }
}

pub(crate) const fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
