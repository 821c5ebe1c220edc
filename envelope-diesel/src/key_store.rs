//! Key records in the application's own database: the table `envelope_keys` (FORMAT.md#key-table).

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod table;
mod thread;

use core::fmt;
use std::sync::Arc;

use diesel::{
    Connection, ConnectionResult, QueryResult,
    backend::Backend,
    connection::LoadConnection,
    result::{DatabaseErrorKind, Error},
};
use envelope_core::{BoxFuture, Commit, KeyChange, KeyRecord, KeyRow, KeyStore, StoreError, Tenant};

use self::thread::Thread;

/// Keeps key records in the table `envelope_keys` of a database.
///
/// Every use makes a connection of its own, on a thread of the store: a pool of the application that has no connection left cannot
/// hold it up. It is used when an application starts and every few minutes afterwards. For the same reason an SQLite database has
/// to be a file; one in memory is another for each connection.
///
/// The table is made by the migration for the database in this crate's folder `migrations`, which is copied into the
/// application's own. `envelope-sqlx` has a store for the same table.
///
/// # SQLite
///
/// A key is made or changed while nobody else writes: a store that meets a lock waits two seconds for it and fails, since the
/// lock may be the caller's own. Open the keyring, and call `keyring.warm()` for tenants, before a transaction.
///
/// # Example
///
/// ```
/// use diesel::SqliteConnection;
/// use envelope_diesel::{DieselKeyStore, Keyring, LocalKey};
///
/// # use diesel::{Connection, connection::SimpleConnection};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.sqlite");
/// # let database_url = path.to_str().unwrap();
/// # let migration = include_str!("../migrations/sqlite/20260101000000_envelope_keys/up.sql");
/// # SqliteConnection::establish(database_url)?.batch_execute(migration)?;
/// let store = DieselKeyStore::<SqliteConnection>::new(database_url);
/// let keyring = Keyring::builder(LocalKey::ephemeral()?, store).application("shop").open_blocking()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct DieselKeyStore<C> {
    connect: Connect<C>,
    thread: Thread,
}

type Connect<C> = Arc<dyn Fn() -> ConnectionResult<C> + Send + Sync>;

impl<C: Connection> DieselKeyStore<C> {
    /// A store in the database of this URL.
    #[must_use]
    pub fn new(database_url: impl Into<String>) -> Self {
        let database_url = database_url.into();
        Self::with(move || C::establish(&database_url))
    }

    /// A store in the database that `connect` connects to, for connections that have to be set up first.
    #[must_use]
    pub fn with(connect: impl Fn() -> ConnectionResult<C> + Send + Sync + 'static) -> Self {
        Self { connect: Arc::new(connect), thread: Thread::default() }
    }
}

impl<C> fmt::Debug for DieselKeyStore<C> {
    // The URL may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DieselKeyStore").finish_non_exhaustive()
    }
}

/// A backend that has a key table: SQLite, PostgreSQL and MySQL, each with the feature of that name.
pub trait KeyTableBackend: Backend {
    #[doc(hidden)]
    const MIGRATION: &str;
    #[doc(hidden)]
    const SET_UP: &str;
    /// How often a transaction is tried that the database stopped for a reason Diesel does not name.
    #[doc(hidden)]
    const ATTEMPTS: u32;
    /// Whether the table is there, whatever language the server speaks. Diesel does not tell the code of an error.
    #[doc(hidden)]
    fn has_table<C: LoadConnection<Backend = Self>>(connection: &mut C) -> QueryResult<bool>;
    #[doc(hidden)]
    fn rows<C: LoadConnection<Backend = Self>>(connection: &mut C, of: &Tenant) -> QueryResult<Vec<KeyRow>>;
    #[doc(hidden)]
    fn tenants<C: LoadConnection<Backend = Self>>(connection: &mut C) -> QueryResult<Vec<Vec<u8>>>;
    #[doc(hidden)]
    fn insert<C: LoadConnection<Backend = Self>>(connection: &mut C, row: &KeyRow) -> QueryResult<usize>;
    #[doc(hidden)]
    fn replace<C: LoadConnection<Backend = Self>>(
        connection: &mut C,
        old: &KeyRow,
        new: &KeyRow,
    ) -> QueryResult<usize>;
}

impl<C> DieselKeyStore<C>
where
    C: LoadConnection + 'static,
    C::Backend: KeyTableBackend,
{
    /// Does the work with a connection, on the store's thread.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut C) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connect = Arc::clone(&self.connect);
        let work = move || {
            let mut connection = connect().map_err(|error| StoreError::Unavailable(error.into()))?;
            if !C::Backend::SET_UP.is_empty() {
                connection
                    .batch_execute(C::Backend::SET_UP)
                    .map_err(|error| StoreError::Unavailable(error.into()))?;
            }
            work(&mut connection).map_err(|error| store_error(&mut connection, error))
        };
        self.thread.run(work).await
    }
}

impl<C> KeyStore for DieselKeyStore<C>
where
    C: LoadConnection + 'static,
    C::Backend: KeyTableBackend,
{
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        let of = tenant.clone();
        Box::pin(async move {
            let rows = self.run(move |connection| C::Backend::rows(connection, &of)).await?;
            rows.into_iter().map(KeyRecord::try_from).collect()
        })
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        Box::pin(async move {
            let names = self.run(|connection| C::Backend::tenants(connection)).await?;
            names.iter().map(|name| KeyRow::tenant(name)).collect()
        })
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        Box::pin(async move {
            let changes = KeyRow::changes(changes)?;
            self.run(move |connection| {
                let mut attempts = C::Backend::ATTEMPTS;
                loop {
                    attempts = attempts.saturating_sub(1);
                    return match connection.transaction(|connection| make(connection, &changes)) {
                        Ok(()) => Ok(Commit::Done),
                        // Another process was faster: it took the id or the active slot.
                        Err(
                            Error::RollbackTransaction
                            | Error::DatabaseError(
                                DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::SerializationFailure,
                                _,
                            ),
                        ) => Ok(Commit::Conflict),
                        // Of a deadlock Diesel does not tell that it is one. The other transaction goes on, and then this may.
                        Err(Error::DatabaseError(DatabaseErrorKind::Unknown, _)) if attempts > 0 => continue,
                        Err(error) => Err(error),
                    };
                }
            })
            .await
        })
    }
}

/// The first statement writes. One that read first could not wait for another writer of an SQLite database.
fn make<C>(connection: &mut C, changes: &[(Option<KeyRow>, KeyRow)]) -> QueryResult<()>
where
    C: LoadConnection,
    C::Backend: KeyTableBackend,
{
    for (old, new) in changes {
        let made = match old {
            None => C::Backend::insert(connection, new)?,
            Some(old) => C::Backend::replace(connection, old, new)?,
        };
        if made != 1 {
            return Err(Error::RollbackTransaction);
        }
    }
    Ok(())
}

fn store_error<C>(connection: &mut C, error: Error) -> StoreError
where
    C: LoadConnection,
    C::Backend: KeyTableBackend,
{
    match &error {
        Error::DeserializationError(reason) => StoreError::Damaged {
            place: "envelope_keys".into(),
            reason: format!("a row is not a key record: {reason}"),
        },
        Error::DatabaseError(..) if matches!(C::Backend::has_table(connection), Ok(false)) => {
            StoreError::NoTable { migration: C::Backend::MIGRATION }
        }
        _ => StoreError::Unavailable(error.into()),
    }
}
