//! The decrypt drill: every value is opened, and what is there is counted.

use std::collections::BTreeMap;

use envelope_core::{KeyId, KeyState, Purpose, Tenant, ValueHeader};
use serde::Serialize;

use super::{
    batch::Job,
    cell::Cell,
    convert::{self, Encoded},
    dialect::Dialect,
    error::{Doing as _, OpsError},
    keys::Keys,
    operations::Operations,
    options::{Progress, RunOptions},
    predicate,
    report::{Failure, Failures},
    schema::LiveTable,
    target::{PlaceColumns, Target, Verb},
};

/// What a drill found in one table.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct VerifyReport {
    /// The table.
    pub table: String,
    /// Rows that were read.
    pub rows: u64,
    /// What is in each declared column.
    pub columns: Vec<ColumnReport>,
    /// Values that did not open.
    pub failed: u64,
    /// The first thousand of these.
    pub failures: Vec<Failure>,
    /// Rows that were not read though the table has them: several have the same key, as children of a table may. Rows that came and went while
    /// this ran can be among them; then it is 0 the next time.
    pub missed: u64,
    /// Whether it was stopped before its end.
    pub is_stopped: bool,
}

impl VerifyReport {
    /// Whether every value opened, and nothing was left out.
    #[must_use]
    pub const fn is_green(&self) -> bool {
        self.failed == 0 && self.missed == 0 && !self.is_stopped
    }
}

/// What a drill found in one column.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ColumnReport {
    /// The column.
    pub column: String,
    /// Values that opened.
    pub opened: u64,
    /// Values that something else encrypted, and that an importer of the keyring opened.
    pub imported: u64,
    /// Rows in plaintext, in a column that still reads them.
    pub plaintext: u64,
    /// Rows without a value.
    pub null: u64,
    /// Values that did not open.
    pub failed: u64,
    /// The values by their keys.
    pub keys: Vec<KeyCount>,
}

/// How many values are under a key.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct KeyCount {
    /// The key, as 8 hexadecimal digits.
    pub key: String,
    /// The suite's number in FORMAT.md#suites.
    pub suite: u8,
    /// `active`, `decrypt-only`, …; `unknown` if the key store does not have it.
    pub state: String,
    /// How many values name it.
    pub values: u64,
}

/// How much of a table is read.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub enum Sample {
    /// Every row.
    #[default]
    All,
    /// One row of so many on average, chosen at random.
    OneIn(core::num::NonZeroU32),
}

#[derive(Default)]
struct Column {
    report: ColumnReport,
    keys: BTreeMap<(KeyId, u8), u64>,
}

impl Operations {
    /// Opens every value, or a sample of the rows, of the declared columns of a table. Writes nothing, and needs no permission but to read
    /// rows and key records and to unwrap keys.
    ///
    /// # Errors
    ///
    /// When the table cannot be read, or the key provider or the key store is out of reach. What fails in single values is in the report.
    pub async fn verify(
        &self,
        table: &str,
        sample: Sample,
        options: &RunOptions,
    ) -> Result<VerifyReport, OpsError> {
        let mut session = self.database.session().await?;
        let dialect = self.database.dialect();
        let live = LiveTable::read(&self.database, &mut session, table).await?;
        let declared: Vec<_> = self.declared_in(table).collect();
        let Some(first) = declared.first() else { return Err(OpsError::NotDeclared(table.to_owned())) };
        let placed = declared.iter().find(|column| !column.field().row_columns().is_empty()).unwrap_or(first);
        let targets: Vec<Target> = declared
            .iter()
            .map(|column| Target::in_place(column, &live, Verb::Reencrypt))
            .collect::<Result<_, _>>()?;
        for target in &targets {
            target.check_type(dialect, table, &target.source)?;
        }
        let job = Job {
            place: PlaceColumns::of(&live, placed.field())?,
            targets,
            table: live,
            condition: "(1 = 1)".into(),
        };
        let mut progress = Progress {
            table: table.to_owned(),
            done: 0,
            total: predicate::count(dialect, &mut session, &job.table, "(1 = 1)").await?,
        };
        let chance = match sample {
            Sample::All => None,
            Sample::OneIn(rows) => {
                progress.total = progress.total.checked_div(rows.get().into()).unwrap_or(0);
                Some(at_random(dialect, rows.get()))
            }
        };
        options.tell(&progress);
        let keys = Keys::new(&self.keyring);
        let mut columns: Vec<Column> = job.targets.iter().map(|_| Column::default()).collect();
        let mut failures = Failures::default();
        let mut states = States::default();
        let most = options.batch.map_or(500, |rows| usize::try_from(rows.get()).unwrap_or(usize::MAX));
        let mut limit = 32.min(most);
        let mut after: Option<Vec<Cell>> = None;
        while !options.stop.is_stopped() {
            options.wait(limit).await;
            if options.stop.is_stopped() {
                break;
            }
            let select = job.select(dialect, after.as_deref(), limit, chance.as_deref(), "");
            let rows = session.rows(select).await.doing("reading rows")?;
            let Some(last) = rows.last() else { break };
            after = Some(last.iter().take(job.table.key.len()).cloned().collect());
            progress.done = progress.done.saturating_add(rows.len().try_into().unwrap_or(u64::MAX));
            let bytes: usize = rows.iter().flatten().filter_map(Cell::bytes).map(<[u8]>::len).sum();
            limit = if bytes > 4 << 20 { (limit / 2).max(1) } else { limit.saturating_mul(2).min(most) };
            for cells in rows {
                check_row(&job, &keys, job.row(cells), &mut columns, &mut failures, &mut states).await?;
            }
            options.tell(&progress);
        }
        let is_stopped = options.stop.is_stopped();
        let missed = match sample {
            Sample::All if !is_stopped => {
                let now = predicate::count(dialect, &mut session, &job.table, "(1 = 1)").await?;
                now.min(progress.total).saturating_sub(progress.done)
            }
            _ => 0,
        };
        Ok(VerifyReport {
            table: table.to_owned(),
            rows: progress.done,
            failed: failures.count(),
            columns: columns
                .into_iter()
                .zip(&job.targets)
                .map(|(column, target)| column.into_report(target, &states))
                .collect(),
            failures: failures.into_first(),
            missed,
            is_stopped,
        })
    }
}

async fn check_row(
    job: &Job,
    keys: &Keys,
    row: super::batch::Row,
    columns: &mut [Column],
    failures: &mut Failures,
    states: &mut States,
) -> Result<(), OpsError> {
    let placed = job.place(&row);
    if let Ok((tenant, _)) = &placed {
        keys.fetch(tenant, row.values.iter().filter_map(|(value, _)| value.bytes())).await?;
        states.learn(keys, tenant).await?;
    }
    for ((column, target), (value, _)) in columns.iter_mut().zip(&job.targets).zip(&row.values) {
        let report = &mut column.report;
        if value.is_null() {
            report.null = report.null.saturating_add(1);
            continue;
        }
        let stored = value.bytes();
        let header = stored.and_then(ValueHeader::of);
        if let Some(header) = header {
            let count = column.keys.entry((header.key(), header.suite())).or_default();
            *count = count.saturating_add(1);
        }
        let opened = match (&placed, stored) {
            (Err(cause), _) => Err((*cause).to_owned()),
            (_, None) => Err("neither text nor bytes".into()),
            (Ok((_, place)), Some(stored)) => keys
                .keyring()
                .open_at::<Encoded>(&target.field, place, stored)
                .map_err(|error| error.to_string())
                .and_then(|opened| {
                    let decoded = convert::decode(target.kind, opened.0);
                    decoded.map(drop).map_err(|error| format!("cannot open {}: {error}", target.field.name()))
                }),
        };
        match opened {
            Ok(()) if header.is_none() && is_imported(target, keys, stored) => {
                report.imported = report.imported.saturating_add(1);
            }
            Ok(()) if header.is_none() => report.plaintext = report.plaintext.saturating_add(1),
            Ok(()) => report.opened = report.opened.saturating_add(1),
            Err(cause) => {
                report.failed = report.failed.saturating_add(1);
                failures.add(Failure {
                    table: job.table.name.clone(),
                    column: target.field.name().column().to_owned(),
                    row: job.name(&row),
                    cause,
                });
            }
        }
    }
    Ok(())
}

fn is_imported(target: &Target, keys: &Keys, stored: Option<&[u8]>) -> bool {
    let importer = keys.keyring().importer(target.field.context());
    importer.zip(stored).is_some_and(|(importer, stored)| importer.open(stored).is_ok())
}

impl Column {
    fn into_report(self, target: &Target, states: &States) -> ColumnReport {
        let keys = self.keys.iter().map(|((key, suite), values)| KeyCount {
            key: key.to_string(),
            suite: *suite,
            state: states.of.get(key).map_or_else(|| "unknown".into(), |(state, _)| state.to_string()),
            values: *values,
        });
        let keys = keys.collect();
        ColumnReport { column: target.field.name().column().to_owned(), keys, ..self.report }
    }
}

/// The states of the keys of the tenants that were met.
#[derive(Default)]
struct States {
    of: BTreeMap<KeyId, (KeyState, Purpose)>,
    tenants: Vec<Tenant>,
}

impl States {
    async fn learn(&mut self, keys: &Keys, tenant: &Tenant) -> Result<(), OpsError> {
        if self.tenants.last() != Some(tenant) && !self.tenants.contains(tenant) {
            let known = keys.of(tenant).keys().await?;
            self.of.extend(known.iter().map(|key| (key.id, (key.state, key.purpose))));
            self.tenants.push(tenant.clone());
        }
        Ok(())
    }
}

fn at_random(dialect: Dialect, one_in: u32) -> String {
    match dialect {
        Dialect::Postgres => format!("(random() * {one_in} < 1)"),
        Dialect::MySql => format!("(RAND() * {one_in} < 1)"),
        Dialect::Sqlite => format!("(abs(random() % {one_in}) = 0)"),
    }
}
