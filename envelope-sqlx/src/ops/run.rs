//! The engine: workers go through a table until there is nothing left to do.
//!
//! A row is changed only if it is as it was read, so no update of anyone's is lost. What is left to do is told by the rows themselves, so
//! a run that ended anyhow is started again, and any number of processes may run at once.

mod write;

use core::{mem, time::Duration};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use tokio::{task::JoinSet, time::sleep};

use super::{
    batch::{Change, Job, Row},
    cell::Cell,
    change::Manner,
    database::{Database, Session},
    dialect::Dialect,
    error::{Doing as _, OpsError, is_passing},
    keys::{Keys, purpose},
    options::{Progress, RunOptions},
    predicate,
    report::{Failure, Failures, TableReport, seconds},
    target::{Target, Verb},
};
use write::{Written, changed_target};

/// Rows of a first batch, before it is known how large rows are.
const FIRST_BATCH: usize = 32;
/// A batch of more bytes than this is followed by a smaller one, so that long values do not fill the memory.
const BATCH_BYTES: usize = 4 << 20;
/// How often a batch is tried again that met a deadlock or a lock.
const ATTEMPTS: u32 = 10;
/// How many times in a row nothing may be changed though rows are left, which others have locked.
const IDLE_PASSES: u32 = 6;

struct Run {
    database: Database,
    keys: Arc<Keys>,
    job: Job,
    options: RunOptions,
    can_skip_locked: bool,
    counts: Mutex<Counts>,
    /// Whether this goes through the table without a lock and without writing, to find what is left.
    is_counting: AtomicBool,
}

#[derive(Debug, Default)]
struct Counts {
    read: u64,
    changed: u64,
    conflicts: u64,
    /// Changes that the database refused, of which another pass would not make any.
    refused: u64,
    failures: Failures,
    /// Rows of batches of which none was changed.
    stuck: Failures,
}

/// Does a job to its end.
pub(crate) async fn run(
    database: &Database,
    keys: &Arc<Keys>,
    job: Job,
    options: &RunOptions,
) -> Result<TableReport, OpsError> {
    let begun = Instant::now();
    let mut session = database.session().await?;
    let dialect = database.dialect();
    let found = predicate::count(dialect, &mut session, &job.table, &job.condition).await?;
    let can_skip_locked = session.can_skip_locked(dialect).await?;
    // The workers may need every connection that there is.
    drop(session);
    let mut report = TableReport {
        table: job.table.name.clone(),
        columns: job.targets.iter().map(Target::shown).collect(),
        found,
        is_dry_run: options.is_dry,
        ..TableReport::default()
    };
    let progress = Progress { table: report.table.clone(), done: 0, total: found };
    options.tell(&progress);
    let run = Arc::new(Run {
        database: database.clone(),
        keys: Arc::clone(keys),
        job,
        options: options.clone(),
        can_skip_locked,
        counts: Mutex::default(),
        is_counting: AtomicBool::new(false),
    });
    let mut idle = 0;
    let mut least_left = u64::MAX;
    loop {
        let counts = Arc::clone(&run).pass(&progress, report.changed).await?;
        report.changed = report.changed.saturating_add(counts.changed);
        report.conflicts = report.conflicts.saturating_add(counts.conflicts.saturating_sub(counts.refused));
        report.failed = counts.failures.count();
        report.failures = counts.failures.into_first();
        report.is_stopped = options.stop.is_stopped();
        if options.is_dry {
            break;
        }
        // Rows that are changed by others all the time, and those that a trigger keeps as they are, are no reason to go on for ever.
        if counts.changed == 0 || report.is_stopped {
            let (left, failed) = run.left(&progress, &mut report).await?;
            report.remaining = left;
            if left.is_none_or(|left| left <= failed) || report.is_stopped {
                break;
            }
            if idle >= IDLE_PASSES {
                report.failed = report.failed.saturating_add(counts.stuck.count());
                report.failures.extend(counts.stuck.into_first());
                break;
            }
            sleep(Duration::from_millis(50_u64 << idle)).await;
            idle = idle.saturating_add(1);
        } else {
            // Rows that are as they were whenever they are looked at would be changed for ever.
            let left = if run.job.is_exact() { run.left(&progress, &mut report).await?.0 } else { None };
            idle = if left.is_some_and(|left| left >= least_left) { idle.saturating_add(1) } else { 0 };
            least_left = left.map_or(least_left, |left| left.min(least_left));
            if idle > IDLE_PASSES {
                report.remaining = left;
                break;
            }
        }
        run.keys.forget();
    }
    report.seconds = seconds(begun.elapsed());
    Ok(report)
}

impl Job {
    /// Whether the condition alone tells what there is to do.
    fn is_exact(&self) -> bool {
        !self.targets.iter().any(|target| {
            let compares = target.verb == Verb::Decrypt && !target.is_in_place();
            // Of terms it is asked for each row under which key they should be: a tenant may have got keys meanwhile.
            let is_index = target.index.is_some();
            target.former.is_some() || target.importer.is_some() || compares || is_index
        })
    }

    /// Whether rows are written one by one: what the database's own types may have rounded, or cut, is read again, and terms have rows of
    /// their own.
    fn is_by_row(&self) -> bool {
        let has_terms = |target: &Target| target.index.as_ref().is_some_and(|of| of.terms.is_some());
        self.targets.iter().any(|target| target.verb == Verb::Decrypt || has_terms(target))
    }
}

impl Run {
    /// How many rows there is still something to do in, and of how many it failed. Where only the opened values tell, all are opened again,
    /// those that others have locked as well; a run that was stopped does not know.
    async fn left(
        self: &Arc<Self>,
        progress: &Progress,
        report: &mut TableReport,
    ) -> Result<(Option<u64>, u64), OpsError> {
        if self.job.is_exact() {
            let mut session = self.database.session().await?;
            let (table, condition) = (&self.job.table, &self.job.condition);
            let left = predicate::count(self.database.dialect(), &mut session, table, condition).await?;
            return Ok((Some(left), report.failed));
        }
        if report.is_stopped {
            return Ok((None, 0));
        }
        self.is_counting.store(true, Ordering::Release);
        let counted = Arc::clone(self).pass(progress, report.changed).await;
        self.is_counting.store(false, Ordering::Release);
        let counted = counted?;
        report.is_stopped = self.options.stop.is_stopped();
        if report.is_stopped {
            return Ok((None, 0));
        }
        // What the database refuses is to be changed still; what does not open is not.
        let unread = counted.failures.count();
        let left = counted.changed.saturating_add(unread);
        Ok((Some(left), report.failed.max(unread)))
    }

    /// Whether nothing is written.
    fn is_dry(&self) -> bool {
        self.options.is_dry || self.is_counting.load(Ordering::Acquire)
    }

    /// Goes through the table once.
    async fn pass(self: Arc<Self>, progress: &Progress, before: u64) -> Result<Counts, OpsError> {
        let workers = match &self.options.workers {
            Some(workers) if self.can_skip_locked && !self.is_dry() => {
                workers.get().min(self.database.connections())
            }
            _ => 1,
        };
        let mut set = JoinSet::new();
        for _ in 0..workers {
            let run = Arc::clone(&self);
            let progress = progress.clone();
            set.spawn(async move { run.work(progress, before).await });
        }
        while let Some(ended) = set.join_next().await {
            ended.map_err(|error| OpsError::Worker(error.into()))??;
        }
        Ok(mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    async fn work(&self, mut progress: Progress, before: u64) -> Result<(), OpsError> {
        let mut session = self.database.session().await?;
        let most = self.options.batch.map_or(500, |rows| usize::try_from(rows.get()).unwrap_or(usize::MAX));
        let most = most.min(self.job.most_rows());
        let mut limit = FIRST_BATCH.min(most);
        let mut after: Option<Vec<Cell>> = None;
        while !self.options.stop.is_stopped() {
            self.options.wait(limit).await;
            let Some(batch) = self.batch_until_done(&mut session, after.as_deref(), limit).await? else {
                break;
            };
            limit = if batch.bytes > BATCH_BYTES {
                (limit / 2).max(1)
            } else {
                limit.saturating_mul(2).min(most)
            };
            after = Some(batch.last);
            {
                let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
                progress.done = before.saturating_add(counts.read);
            }
            self.options.tell(&progress);
        }
        Ok(())
    }

    /// Tries a batch again that was not done for a cause that passes.
    async fn batch_until_done(
        &self,
        session: &mut Session,
        after: Option<&[Cell]>,
        limit: usize,
    ) -> Result<Option<Batch>, OpsError> {
        let mut attempt = 0;
        loop {
            match self.batch(session, after, limit).await {
                Ok(done) => return Ok(done),
                Err(Interrupted::Ops(error)) => return Err(error),
                Err(Interrupted::Database(doing, error)) => {
                    self.roll_back(session).await;
                    if !is_passing(&error) || attempt >= ATTEMPTS {
                        return Err(error).doing_with_values(doing);
                    }
                    sleep(Duration::from_millis(5_u64 << attempt)).await;
                    attempt = attempt.saturating_add(1);
                }
            }
        }
    }

    async fn roll_back(&self, session: &mut Session) {
        if self.locks() || self.job.is_by_row() {
            // Of a connection that is broken, the next statement tells.
            let _ = session.run("ROLLBACK").await;
        }
    }

    /// Whether a batch is a transaction that locks its rows. SQLite locks the whole file, so there it is read first, without a lock.
    fn locks(&self) -> bool {
        self.database.dialect() != Dialect::Sqlite && !self.is_dry()
    }

    async fn batch(
        &self,
        session: &mut Session,
        after: Option<&[Cell]>,
        limit: usize,
    ) -> Result<Option<Batch>, Interrupted> {
        const READING: &str = "reading rows";
        let dialect = self.database.dialect();
        let lock = match (self.locks(), self.can_skip_locked) {
            (false, _) => "",
            (true, true) => " FOR UPDATE SKIP LOCKED",
            (true, false) => " FOR UPDATE",
        };
        if self.locks() {
            session.run("BEGIN").await.at(READING)?;
        }
        let select = self.job.select(dialect, after, limit, None, lock);
        let rows: Vec<_> =
            session.rows(select).await.at(READING)?.into_iter().map(|cells| self.job.row(cells)).collect();
        let Some(last) = rows.last().map(|row| row.key.clone()) else {
            self.roll_back(session).await;
            return Ok(None);
        };
        let bytes = rows.iter().flat_map(|row| &row.values).map(|(value, _)| size(value)).sum();
        let read = rows.len();
        let (changes, failures) = self.changes(rows).await?;
        let tried: u64 = changes.len().try_into().unwrap_or(u64::MAX);
        let written = if self.is_dry() {
            Written { changed: tried, refusals: Vec::new() }
        } else {
            self.write(session, &changes).await?
        };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.read = counts.read.saturating_add(read.try_into().unwrap_or(u64::MAX));
        counts.changed = counts.changed.saturating_add(written.changed);
        counts.conflicts = counts.conflicts.saturating_add(tried.saturating_sub(written.changed));
        counts.refused = counts.refused.saturating_add(written.refusals.len().try_into().unwrap_or(u64::MAX));
        if written.changed == 0 && written.refusals.is_empty() {
            for change in &changes {
                let cause =
                    "others change the row all the time, or a trigger of the database keeps it as it is";
                counts.stuck.add(self.failure(&change.row, changed_target(change), cause.to_owned()));
            }
        }
        failures.into_iter().chain(written.refusals).for_each(|failure| counts.failures.add(failure));
        Ok(Some(Batch { last, bytes }))
    }

    /// The new values of rows, their keys fetched first.
    async fn changes(&self, rows: Vec<Row>) -> Result<(Vec<Change>, Vec<Failure>), OpsError> {
        let mut failures = Vec::new();
        let mut placed = Vec::new();
        let modes = self.job.targets.iter().filter(|target| target.verb != Verb::Decrypt && !self.is_dry());
        let purposes = modes.map(|target| purpose(target.field.mode())).collect();
        for row in rows {
            if let Some(index) = row.unreadable() {
                failures.push(self.failure(&row, index, "the row has text that is not UTF-8".to_owned()));
                continue;
            }
            match self.job.place(&row) {
                Ok((tenant, place)) => {
                    self.keys.warm(&tenant, &purposes).await?;
                    let values =
                        row.values.iter().map(|(source, _)| source).chain(row.others.iter().flatten());
                    let values = values.filter_map(Cell::bytes);
                    self.keys.fetch(&tenant, values).await?;
                    placed.push((row, tenant, place));
                }
                Err(cause) => failures.push(self.failure(&row, 0, cause.to_owned())),
            }
        }
        let manner = Manner { dialect: self.database.dialect(), is_dry: self.is_dry() };
        let mut changes = Vec::with_capacity(placed.len());
        for (row, tenant, place) in placed {
            let mut new = Vec::with_capacity(self.job.targets.len());
            for (index, target) in self.job.targets.iter().enumerate() {
                let changed = target.outcome(&self.keys, manner, &tenant, &place, (index, &row));
                new.push(changed.unwrap_or_else(|cause| {
                    failures.push(self.failure(&row, index, cause));
                    None
                }));
            }
            if new.iter().any(Option::is_some) {
                changes.push(Change { row, new });
            }
        }
        Ok((changes, failures))
    }
}

/// What a worker has to know of a batch that is done.
struct Batch {
    last: Vec<Cell>,
    bytes: usize,
}

enum Interrupted {
    Ops(OpsError),
    Database(&'static str, sqlx::Error),
}

impl From<OpsError> for Interrupted {
    fn from(error: OpsError) -> Self {
        Self::Ops(error)
    }
}

trait At<T> {
    fn at(self, doing: &'static str) -> Result<T, Interrupted>;
}

impl<T> At<T> for Result<T, sqlx::Error> {
    fn at(self, doing: &'static str) -> Result<T, Interrupted> {
        self.map_err(|error| Interrupted::Database(doing, error))
    }
}

fn size(cell: &Cell) -> usize {
    cell.bytes().map_or(8, <[u8]>::len)
}
