//! Writing a batch: the rows that are still as they were read, and what is to be done with those that the database refuses.

use super::{At as _, Interrupted, Run};
use crate::ops::{
    batch::{Change, Row},
    database::Session,
    error::{is_passing, quotes_values},
    report::Failure,
};

/// What came of writing a batch; rows of neither number are not as they were read any more.
#[derive(Default)]
pub(super) struct Written {
    pub(super) changed: u64,
    pub(super) refusals: Vec<Failure>,
}

impl Run {
    /// Changes the rows that are still as they were read.
    pub(super) async fn write(
        &self,
        session: &mut Session,
        changes: &[Change],
    ) -> Result<Written, Interrupted> {
        const WRITING: &str = "writing rows";
        if self.job.is_read_back() && !changes.is_empty() {
            return self.write_and_read(session, changes).await;
        }
        let mut written = Written::default();
        if !changes.is_empty() {
            for update in self.job.update(self.database.dialect(), changes) {
                match session.execute(update).await {
                    Ok(rows) => written.changed = written.changed.saturating_add(rows),
                    Err(error) if !is_passing(&error) && is_refusal(&error) => {
                        self.roll_back(session).await;
                        return self.write_each(session, changes).await;
                    }
                    Err(error) => return Err(Interrupted::Database(WRITING, error)),
                }
            }
        }
        if self.locks() {
            session.run("COMMIT").await.at(WRITING)?;
        }
        Ok(written)
    }

    /// Finds out which row the database refuses, and changes the others.
    async fn write_each(&self, session: &mut Session, changes: &[Change]) -> Result<Written, Interrupted> {
        let mut written = Written::default();
        for change in changes {
            match session.execute(self.job.update_one(self.database.dialect(), change)).await {
                Ok(rows) => written.changed = written.changed.saturating_add(rows),
                Err(error) if !is_passing(&error) && is_refusal(&error) => {
                    written.refusals.push(self.refusal(change, &error));
                }
                Err(error) => return Err(Interrupted::Database("writing a row", error)),
            }
        }
        Ok(written)
    }

    /// Row by row in one transaction, each taken back of which the columns do not hold what they were given.
    async fn write_and_read(
        &self,
        session: &mut Session,
        changes: &[Change],
    ) -> Result<Written, Interrupted> {
        const WRITING: &str = "writing rows";
        let dialect = self.database.dialect();
        if !self.locks() {
            session.run("BEGIN IMMEDIATE").await.at(WRITING)?;
        }
        let mut written = Written::default();
        for change in changes {
            session.run("SAVEPOINT envelope_row").await.at(WRITING)?;
            let refusal = match session.execute(self.job.update_one(dialect, change)).await {
                Ok(0) => None,
                Ok(_) => {
                    let rows = session.rows(self.job.sinks(dialect, change)).await.at(WRITING)?;
                    let lossy = self.job.lossy_target(change, rows.first().map_or(&[], Vec::as_slice));
                    if lossy.is_none() {
                        written.changed = written.changed.saturating_add(1);
                    }
                    lossy.map(|index| {
                        let cause = "the column does not keep the value as it is (its type rounds, cuts or drops an offset); \
                                     decrypt it into a column of text";
                        self.failure(&change.row, index, cause.to_owned())
                    })
                }
                Err(error) if !is_passing(&error) && is_refusal(&error) => Some(self.refusal(change, &error)),
                Err(error) => return Err(Interrupted::Database(WRITING, error)),
            };
            if let Some(refusal) = refusal {
                session.run("ROLLBACK TO SAVEPOINT envelope_row").await.at(WRITING)?;
                written.refusals.push(refusal);
            }
            session.run("RELEASE SAVEPOINT envelope_row").await.at(WRITING)?;
        }
        session.run("COMMIT").await.at(WRITING)?;
        Ok(written)
    }

    fn refusal(&self, change: &Change, error: &sqlx::Error) -> Failure {
        let code = error.as_database_error().and_then(|error| error.code()).map(String::from);
        let cause = format!("the database refused the new value (code {})", code.unwrap_or_default());
        self.failure(&change.row, changed_target(change), cause)
    }

    pub(super) fn failure(&self, row: &Row, target: usize, cause: String) -> Failure {
        let column = self.job.targets.get(target).map(|target| target.field.name().column().to_owned());
        Failure {
            table: self.job.table.name.clone(),
            column: column.unwrap_or_default(),
            row: self.job.name(row),
            cause,
        }
    }
}

pub(super) fn changed_target(change: &Change) -> usize {
    change.new.iter().position(Option::is_some).unwrap_or(0)
}

/// The value is to blame, and not the database or the connection.
fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| quotes_values(&code))
}
