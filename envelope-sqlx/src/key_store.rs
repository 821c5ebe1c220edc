//! Key records in the application's own database: the table `envelope_keys` (FORMAT.md#key-table).

mod table;

use core::{fmt, marker::PhantomData};

use envelope_core::{BoxFuture, Commit, KeyChange, KeyRecord, KeyRow, KeyStore, StoreError, Tenant};
use sqlx::{ColumnIndex, Connection, Database, Decode, Encode, Executor, IntoArguments, Type};

use self::table::{Table, migration, unavailable};

/// Keeps key records in the table `envelope_keys` of a database: PostgreSQL, MySQL, MariaDB or SQLite.
///
/// Every use opens a connection of its own, on the keyring's own thread, and closes it: a pool of the application that has no
/// connection left, or a runtime that waits for a key, cannot hold it up. It is used when an application starts and every few
/// minutes afterwards. For the same reason an SQLite database has to be a file; one in memory is another for each connection.
///
/// The table is made by the migration for the database in this crate's folder `migrations`, which is copied into the
/// application's own, or by [`create_table`](Self::create_table). `envelope-diesel` has a store for the same table.
///
/// # SQLite
///
/// A key is made or changed while nobody else writes: a store that meets a lock waits two seconds for it and fails, since the
/// lock may be the caller's own. Call `keyring.warm().await` before a transaction.
///
/// # Example
///
/// ```
/// use envelope_sqlx::{Keyring, LocalKey, SqlxKeyStore};
/// use sqlx::{Sqlite, sqlite::SqliteConnectOptions};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.sqlite");
/// let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
/// let store = SqlxKeyStore::<Sqlite>::new(options);
/// store.create_table().await?;
/// let keyring = Keyring::builder(LocalKey::ephemeral()?, store).application("shop").open().await?;
/// # Ok(())
/// # }
/// ```
pub struct SqlxKeyStore<DB: Database> {
    options: <DB::Connection as Connection>::Options,
    database: PhantomData<fn() -> DB>,
}

impl<DB: Database> SqlxKeyStore<DB> {
    /// A store in the database that these options connect to.
    #[must_use]
    pub const fn new(options: <DB::Connection as Connection>::Options) -> Self {
        Self { options, database: PhantomData }
    }
}

impl<DB: Database> fmt::Debug for SqlxKeyStore<DB> {
    // The options may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlxKeyStore({})", DB::NAME)
    }
}

impl<DB> SqlxKeyStore<DB>
where
    DB: Database,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    /// Makes the table, for applications that have no migrations.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached, or has the table already.
    pub async fn create_table(&self) -> Result<(), sqlx::Error> {
        let migration = migration(DB::NAME)
            .ok_or_else(|| sqlx::Error::Configuration(format!("no migration for {}", DB::NAME).into()))?;
        let mut connection = DB::Connection::connect_with(&self.options).await?;
        connection.execute(migration.sql).await?;
        connection.close().await
    }
}

impl<DB> KeyStore for SqlxKeyStore<DB>
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
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        Box::pin(async move {
            let mut table = Table::<DB>::open(&self.options).await.map_err(unavailable::<DB>)?;
            let rows = table.rows(tenant).await;
            table.close().await;
            rows?.into_iter().map(KeyRecord::try_from).collect()
        })
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        Box::pin(async move {
            let mut table = Table::<DB>::open(&self.options).await.map_err(unavailable::<DB>)?;
            let names = table.tenants().await;
            table.close().await;
            names.map_err(unavailable::<DB>)?.iter().map(|name| KeyRow::tenant(name)).collect()
        })
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        Box::pin(async move {
            let changes = KeyRow::changes(changes)?;
            let mut table = Table::<DB>::open(&self.options).await.map_err(unavailable::<DB>)?;
            let commit = table.commit(changes).await;
            table.close().await;
            commit
        })
    }
}
