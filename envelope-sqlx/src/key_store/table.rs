//! The statements of the key table, on one connection for one use.

use envelope_core::{Commit, KeyRow, StoreError, Tenant};
use sqlx::{
    ColumnIndex, Connection, Database, Decode, Encode, Executor, IntoArguments, QueryBuilder, Row, Type,
};

pub(super) struct Migration {
    pub(super) sql: &'static str,
    name: &'static str,
}

/// The migration that makes the table. MariaDB calls itself MySQL here.
pub(super) fn migration(database: &str) -> Option<Migration> {
    macro_rules! migration {
        ($folder:literal) => {
            Some(Migration {
                sql: include_str!(concat!("../../migrations/", $folder, "/20260101000000_envelope_keys.sql")),
                name: concat!("`migrations/", $folder, "/20260101000000_envelope_keys.sql` of envelope-sqlx"),
            })
        };
    }
    match database {
        "PostgreSQL" => migration!("postgres"),
        "MySQL" => migration!("mysql"),
        "SQLite" => migration!("sqlite"),
        _ => None,
    }
}

const COLUMNS: &str = "id, application, tenant, purpose, state, active_slot, revision, created_at, changed_at, provider_key, \
                       wrapped, further_wraps, check_value";

/// One connection, for one use.
pub(super) struct Table<DB: Database> {
    connection: DB::Connection,
}

impl<DB> Table<DB>
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    DB::Arguments: IntoArguments<DB>,
    usize: ColumnIndex<DB::Row>,
    i64: Type<DB> + for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB>,
    String: Type<DB> + for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB>,
    Vec<u8>: Type<DB> + for<'q> Encode<'q, DB> + for<'r> Decode<'r, DB>,
    Option<String>: for<'q> Encode<'q, DB>,
    Option<Vec<u8>>: for<'q> Encode<'q, DB>,
{
    pub(super) async fn open(options: &<DB::Connection as Connection>::Options) -> Result<Self, sqlx::Error> {
        let mut connection = DB::Connection::connect_with(options).await?;
        if DB::NAME == "SQLite" {
            // Shorter than the keyring waits, so that the caller learns what the matter is.
            connection.execute("PRAGMA busy_timeout = 2000").await?;
        }
        Ok(Self { connection })
    }

    pub(super) async fn close(self) {
        // What was asked for has been done or has failed already.
        let _ = self.connection.close().await;
    }

    pub(super) async fn rows(&mut self, tenant: &Tenant) -> Result<Vec<KeyRow>, StoreError> {
        let [encrypt, search] = KeyRow::slots(tenant);
        let mut query = QueryBuilder::<DB>::new("SELECT ");
        query.push(COLUMNS).push(" FROM envelope_keys WHERE tenant = ");
        query.push_bind(tenant.as_str().as_bytes().to_vec());
        query.push(" OR active_slot = ").push_bind(encrypt).push(" OR active_slot = ").push_bind(search);
        let rows = query.build().fetch_all(&mut self.connection).await.map_err(unavailable::<DB>)?;
        rows.iter().map(read::<DB>).collect()
    }

    pub(super) async fn tenants(&mut self) -> Result<Vec<Vec<u8>>, sqlx::Error> {
        let mut query = QueryBuilder::<DB>::new("SELECT DISTINCT tenant FROM envelope_keys");
        let rows = query.build().fetch_all(&mut self.connection).await?;
        rows.iter().map(|row| row.try_get(0_usize)).collect()
    }

    /// Makes each change, or none. A connection that is closed after an error takes back what it did.
    pub(super) async fn commit(
        &mut self,
        changes: Vec<(Option<KeyRow>, KeyRow)>,
    ) -> Result<Commit, StoreError> {
        // The first statement writes. One that read first could not wait for another writer of an SQLite database.
        self.run("BEGIN").await?;
        for (old, new) in changes {
            let made = match old {
                None => self.insert(new).await.map_err(Failed::from),
                Some(old) => self.replace(old, new).await,
            };
            match made {
                Ok(true) => {}
                Ok(false) => return self.run("ROLLBACK").await.map(|()| Commit::Conflict),
                Err(Failed::Store(error)) => return Err(error),
                Err(Failed::Database(error)) if is_conflict(&error) => {
                    return self.run("ROLLBACK").await.map(|()| Commit::Conflict);
                }
                Err(Failed::Database(error)) => return Err(unavailable::<DB>(error)),
            }
        }
        self.run("COMMIT").await.map(|()| Commit::Done)
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), StoreError> {
        self.connection.execute(statement).await.map(drop).map_err(unavailable::<DB>)
    }

    async fn insert(&mut self, row: KeyRow) -> Result<bool, sqlx::Error> {
        let mut query = QueryBuilder::<DB>::new("INSERT INTO envelope_keys (");
        query.push(COLUMNS).push(") VALUES (");
        let mut values = query.separated(", ");
        values.push_bind(row.id).push_bind(row.application).push_bind(row.tenant).push_bind(row.purpose);
        values.push_bind(row.state).push_bind(row.active_slot).push_bind(row.revision);
        values.push_bind(row.created_at).push_bind(row.changed_at).push_bind(row.provider_key);
        values.push_bind(row.wrapped).push_bind(row.further_wraps).push_bind(row.check_value);
        query.push(")").build().execute(&mut self.connection).await.map(|_| true)
    }

    /// Puts `new` in the place of a row that is still equal to `old` in all that ever changes, and tells whether it did.
    async fn replace(&mut self, old: KeyRow, new: KeyRow) -> Result<bool, Failed> {
        let row = new.clone();
        let mut query = QueryBuilder::<DB>::new("UPDATE envelope_keys SET state = ");
        query.push_bind(row.state).push(", active_slot = ").push_bind(row.active_slot);
        query.push(", revision = ").push_bind(row.revision).push(", changed_at = ").push_bind(row.changed_at);
        query.push(", provider_key = ").push_bind(row.provider_key);
        query.push(", wrapped = ").push_bind(row.wrapped);
        query.push(", further_wraps = ").push_bind(row.further_wraps);
        query.push(", check_value = ").push_bind(row.check_value);
        query.push(" WHERE id = ").push_bind(row.id).push(" AND revision = ").push_bind(old.revision);
        query.push(" AND check_value = ").push_bind(old.check_value);
        match old.wrapped {
            Some(wrapped) => query.push(" AND wrapped = ").push_bind(wrapped),
            None => query.push(" AND wrapped IS NULL"),
        };
        query.build().execute(&mut self.connection).await?;
        // How many rows were changed has no common name among the databases. What stands there now tells as well.
        let mut query = QueryBuilder::<DB>::new("SELECT ");
        query.push(COLUMNS).push(" FROM envelope_keys WHERE id = ").push_bind(new.id);
        let row = query.build().fetch_optional(&mut self.connection).await?;
        Ok(row.map(|row| read::<DB>(&row)).transpose()?.is_some_and(|row| row == new))
    }
}

/// What keeps a change from being made.
enum Failed {
    Database(sqlx::Error),
    Store(StoreError),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn read<DB>(row: &DB::Row) -> Result<KeyRow, StoreError>
where
    DB: Database,
    usize: ColumnIndex<DB::Row>,
    i64: Type<DB> + for<'r> Decode<'r, DB>,
    String: Type<DB> + for<'r> Decode<'r, DB>,
    Vec<u8>: Type<DB> + for<'r> Decode<'r, DB>,
{
    // SQLite keeps values of any type in any column.
    let id = row.try_get(0).map_err(|_| StoreError::Damaged {
        place: "envelope_keys".into(),
        reason: "an `id` is not a number".into(),
    })?;
    let bad = |column| move |_| KeyRow::damaged(id, column);
    Ok(KeyRow {
        id,
        application: row.try_get(1).map_err(bad("application"))?,
        tenant: row.try_get(2).map_err(bad("tenant"))?,
        purpose: row.try_get(3).map_err(bad("purpose"))?,
        state: row.try_get(4).map_err(bad("state"))?,
        active_slot: row.try_get(5).map_err(bad("active_slot"))?,
        revision: row.try_get(6).map_err(bad("revision"))?,
        created_at: row.try_get(7).map_err(bad("created_at"))?,
        changed_at: row.try_get(8).map_err(bad("changed_at"))?,
        provider_key: row.try_get(9).map_err(bad("provider_key"))?,
        wrapped: row.try_get(10).map_err(bad("wrapped"))?,
        further_wraps: row.try_get(11).map_err(bad("further_wraps"))?,
        check_value: row.try_get(12).map_err(bad("check_value"))?,
    })
}

/// Another process was faster: it took the id or the active slot, or the database had to stop one of the two.
fn is_conflict(error: &sqlx::Error) -> bool {
    let Some(error) = error.as_database_error() else { return false };
    // SQLSTATE: serialization failure (in MySQL a deadlock too), and PostgreSQL's deadlock.
    error.is_unique_violation() || matches!(error.code().as_deref(), Some("40001" | "40P01"))
}

pub(super) fn unavailable<DB: Database>(error: sqlx::Error) -> StoreError {
    let is_missing = error.as_database_error().is_some_and(|error| {
        // SQLSTATE of PostgreSQL and of MySQL; SQLite has a message only.
        matches!(error.code().as_deref(), Some("42P01" | "42S02"))
            || error.message() == "no such table: envelope_keys"
    });
    match migration(DB::NAME) {
        Some(migration) if is_missing => StoreError::NoTable { migration: migration.name },
        _ => StoreError::Unavailable(error.into()),
    }
}
