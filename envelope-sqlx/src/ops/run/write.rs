//! Writing a batch: the rows that are still as they were read, and what is to be done with those that the database refuses.

use super::{At as _, Interrupted, Run};
use crate::ops::{
    batch::{Change, Row},
    database::Session,
    error::{is_passing, quotes_values},
    report::Failure,
    target::Target,
};

/// What came of writing a batch; rows of neither number are not as they were read any more.
#[derive(Default)]
pub(super) struct Written {
    pub(super) changed: u64,
    pub(super) refusals: Vec<Failure>,
}

/// What came of one row.
enum RowWritten {
    Changed,
    NotAsRead,
    /// The column of this target does not hold what it was given.
    Lossy(usize),
}

impl Run {
    /// Changes the rows that are still as they were read.
    pub(super) async fn write(
        &self,
        session: &mut Session,
        changes: &[Change],
    ) -> Result<Written, Interrupted> {
        const WRITING: &str = "writing rows";
        if self.job.is_by_row() && !changes.is_empty() {
            return self.write_by_row(session, changes).await;
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
    async fn write_by_row(&self, session: &mut Session, changes: &[Change]) -> Result<Written, Interrupted> {
        const WRITING: &str = "writing rows";
        if !self.locks() {
            session.run("BEGIN IMMEDIATE").await.at(WRITING)?;
        }
        let mut written = Written::default();
        for change in changes {
            session.run("SAVEPOINT envelope_row").await.at(WRITING)?;
            let refusal = match self.write_row(session, change).await {
                Ok(RowWritten::NotAsRead) => None,
                Ok(RowWritten::Changed) => {
                    written.changed = written.changed.saturating_add(1);
                    None
                }
                Ok(RowWritten::Lossy(index)) => {
                    let cause = "the column does not keep the value as it is (its type rounds, cuts or drops an offset); \
                                 decrypt it into a column of text";
                    Some(self.failure(&change.row, index, cause.to_owned()))
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

    async fn write_row(&self, session: &mut Session, change: &Change) -> Result<RowWritten, sqlx::Error> {
        let dialect = self.database.dialect();
        let is_as_read = if change.has_cells() {
            session.execute(self.job.update_one(dialect, change)).await? > 0
        } else {
            !session.rows(self.job.as_read(dialect, change)).await?.is_empty()
        };
        if !is_as_read {
            return Ok(RowWritten::NotAsRead);
        }
        for statement in self.job.write_terms(dialect, change) {
            session.execute(statement).await?;
        }
        if !change.has_cells() {
            return Ok(RowWritten::Changed);
        }
        let rows = session.rows(self.job.sinks(dialect, change)).await?;
        let lossy = self.job.lossy_target(change, rows.first().map_or(&[], Vec::as_slice));
        Ok(lossy.map_or(RowWritten::Changed, RowWritten::Lossy))
    }

    fn refusal(&self, change: &Change, error: &sqlx::Error) -> Failure {
        let code = error.as_database_error().and_then(|error| error.code()).map(String::from);
        let cause = format!("the database refused the new value (code {})", code.unwrap_or_default());
        self.failure(&change.row, changed_target(change), cause)
    }

    pub(super) fn failure(&self, row: &Row, target: usize, cause: String) -> Failure {
        let column = self.job.targets.get(target).map(Target::shown);
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
