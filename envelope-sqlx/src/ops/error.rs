//! What keeps an operation from being done.

use envelope_core::{BoxError, ChangeError, KeyError, KeyId};
use thiserror::Error;

/// An operation on tables was not done, or not to its end. What was changed before stays changed: it can be started again.
///
/// Says nothing of any value: where the database's own message may quote one, only its code is kept.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpsError {
    /// The URL names no database that this works with.
    #[error("the database's URL has to begin with `postgres:`, `mysql:`, `mariadb:` or `sqlite:`")]
    Url,
    /// The database failed, or cannot be reached.
    #[error("the database failed while {doing}: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        #[doc(hidden)]
        source: BoxError,
    },
    /// The database refused a value, or a statement that carries values.
    #[error(
        "the database refused a statement while {doing} (its code is {code}; its message may quote a value and is not shown)"
    )]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// SQLSTATE, or the result code of SQLite.
        code: String,
    },
    /// There is no such table.
    #[error("the database has no table `{0}`")]
    NoTable(String),
    /// The table has no such column.
    #[error("the table `{table}` has no column `{column}`")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// Rows of the table have no name.
    #[error("the table `{0}` has no primary key, so its rows cannot be told apart; add one")]
    NoPrimaryKey(String),
    /// No struct, and no configuration, declares columns of the table.
    #[error("no encrypted column of `{0}` is declared")]
    NotDeclared(String),
    /// The column cannot hold what it is to hold.
    #[error("`{table}.{column}` is `{found}` and has to be {expected}; {advice}")]
    ColumnType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type in the database.
        found: String,
        /// What it has to be.
        expected: &'static str,
        /// What to do.
        advice: String,
    },
    /// The plan does not fit the column.
    #[error("`{table}.{column}`: {reason}")]
    Plan {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Why not.
        reason: String,
    },
    /// See [`KeyError`].
    #[error(transparent)]
    Key(#[from] KeyError),
    /// See [`ChangeError`].
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Values are still under the key.
    #[error("key {key} is still named by {}", places.join(", "))]
    KeyInUse {
        /// The key.
        key: KeyId,
        /// `3 rows of users.email`, for each column.
        places: Vec<String>,
    },
    /// With two search keys a value could be stored twice in a UNIQUE column.
    #[error("UNIQUE would admit duplicates in {} under two search keys: {advice}", places.join(", "))]
    NotUnique {
        /// The columns, as `table.column`.
        places: Vec<String>,
        /// What to do.
        advice: &'static str,
    },
    /// Rows could not be brought under the next search key, so the key was not promoted, or the old one is needed still. What was refused
    /// meanwhile stays refused; it can be repeated when the cause is gone.
    #[error("{left} rows of {table} are not under the next search key; see what failed, and start it again")]
    NotRewritten {
        /// The table.
        table: String,
        /// How many.
        left: u64,
    },
    /// A rotation of a search key has no dry run.
    #[error("a search key is not replaced in a dry run; leave `dry_run` out")]
    NoDryRun,
    /// It was stopped in between, and goes on when it is started again.
    #[error("stopped; start it again to go on")]
    Stopped,
    /// A value under a key that was destroyed could not be tried, so it is not proved that it does not open. The keys are destroyed all the
    /// same; the operation can be repeated.
    #[error("it is not proved that `{table}.{column}` does not open: {reason}")]
    NotProved {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What came instead.
        reason: String,
    },
    /// A worker panicked.
    #[error("a worker failed: {0}")]
    Worker(BoxError),
}

/// Names what was being done.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, OpsError>;

    /// Of a statement that carries values: whatever the database says, a trigger of the user's may have put them into it.
    fn doing_with_values(self, doing: &'static str) -> Result<T, OpsError>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, doing: &'static str) -> Result<T, OpsError> {
        self.map_err(|error| {
            let code = error.as_database_error().and_then(|error| error.code()).map(String::from);
            match code {
                Some(code) if quotes_values(&code) => OpsError::Refused { doing, code },
                _ => OpsError::Database { doing, source: error.into() },
            }
        })
    }

    fn doing_with_values(self, doing: &'static str) -> Result<T, OpsError> {
        self.or_else(|error| {
            let code = error.as_database_error().map(|error| error.code().map(String::from));
            match code {
                Some(code) => Err(OpsError::Refused { doing, code: code.unwrap_or_default() }),
                None => Err(error).doing(doing),
            }
        })
    }
}

/// SQLSTATE classes of data exceptions, of constraints, of limits and of what a user's code raises, MySQL's general state, and constraint
/// errors of SQLite.
pub(crate) fn quotes_values(code: &str) -> bool {
    let is_sqlstate = code.len() == 5;
    let sqlite: Option<u32> = if is_sqlstate { None } else { code.parse().ok() };
    let classes = ["22", "23", "45", "54", "P0", "HY000"];
    is_sqlstate && classes.iter().any(|class| code.starts_with(class))
        || sqlite.is_some_and(|code| matches!(code & 0xff, 18..=20))
}

/// Whether the same statement may succeed at once: a deadlock, a lock that was waited for too long, a busy SQLite file.
pub(crate) fn is_passing(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return matches!(error.number(), 1205 | 1213 | 1020);
    }
    let code = error.code();
    let code = code.as_deref().unwrap_or_default();
    matches!(code, "40001" | "40P01" | "55P03")
        || code.parse().is_ok_and(|code: u32| matches!(code & 0xff, 5 | 6))
}
