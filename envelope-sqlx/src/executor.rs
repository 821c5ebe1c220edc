//! Keys fetched while rows arrive: `keyring.on(&pool)`.

mod rows;

use core::future::Future;

use envelope_core::{Column, Keyring, Mode, Purpose, SealError, SearchableColumn, UnboundColumn};
use futures_util::{
    FutureExt, StreamExt,
    future::{BoxFuture, join_all},
    stream::BoxStream,
};
use sqlx::{ColumnIndex, Database, Decode, Describe, Either, Error, Execute, Executor, SqlStr, Type};

use self::rows::{ahead, missing_keys};
use crate::{
    bind::BindValue,
    lookup::{Lookup, LookupValue},
};

/// What a [`Keyring`] does for SQLx.
pub trait KeyringExt {
    /// An executor that fetches the keys which rows need before it hands the rows out, all at once and without blocking: no codec
    /// waits for a key service.
    ///
    /// It takes the place of what it is made of: a pool, a connection, a transaction.
    ///
    /// ```
    /// # use envelope_sqlx::{Encrypted, KeyringExt as _};
    /// # #[derive(Encrypted)]
    /// # #[encrypt(table = "users")]
    /// # struct User { id: i64, #[encrypt] name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keyring = envelope_core::testing::keyring();
    /// # keyring.install()?;
    /// # let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
    /// # sqlx::query("CREATE TABLE users (id INTEGER PRIMARY KEY, name BLOB NOT NULL)").execute(&pool).await?;
    /// let users: Vec<User> = sqlx::query_as("SELECT * FROM users").fetch_all(keyring.on(&pool)).await?;
    ///
    /// let mut transaction = pool.begin().await?;
    /// let user: Option<User> =
    ///     sqlx::query_as("SELECT * FROM users WHERE id = ?").bind(1).fetch_optional(keyring.on(&mut *transaction)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Rows are opened afterwards, by the keyring in force where they are awaited (the innermost scope, else the one that was
    /// installed), which should be this one. A key that cannot be had is an error of the field that needs it, and not of the query.
    ///
    /// What a statement is bound to was sealed by `bind` before: see [`seal_value`](Self::seal_value) and
    /// [`lookup_value`](Self::lookup_value).
    fn on<E>(&self, executor: E) -> On<E>;

    /// Seals a value for a column, with this keyring, after its key was fetched. `Option`s make `NULL`.
    ///
    /// ```
    /// # use envelope_sqlx::{Encrypted, KeyringExt as _};
    /// # #[derive(Encrypted)]
    /// # #[encrypt(table = "users")]
    /// # struct User { id: i64, #[encrypt] name: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let keyring = envelope_core::testing::keyring();
    /// let insert = sqlx::query::<sqlx::Sqlite>("INSERT INTO users (name) VALUES (?)")
    ///     .bind(keyring.seal_value(User::NAME, "Ada").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Keyring::seal`].
    fn seal_value<C, Kind, V>(
        &self,
        column: C,
        value: V,
    ) -> impl Future<Output = Result<V::Sealed, SealError>> + Send
    where
        C: UnboundColumn,
        V: BindValue<C, Kind> + Send;

    /// The candidates for a value, by this keyring, after every live search key was fetched.
    ///
    /// # Errors
    ///
    /// As [`Keyring::lookup`].
    fn lookup_value<C, V>(
        &self,
        column: C,
        value: V,
    ) -> impl Future<Output = Result<Lookup<C>, SealError>> + Send
    where
        C: SearchableColumn,
        V: LookupValue<C> + Send;
}

impl KeyringExt for Keyring {
    fn on<E>(&self, executor: E) -> On<E> {
        On { keyring: self.clone(), executor }
    }

    async fn seal_value<C, Kind, V>(&self, column: C, value: V) -> Result<V::Sealed, SealError>
    where
        C: UnboundColumn,
        V: BindValue<C, Kind> + Send,
    {
        let _ = column;
        self.fetch_for::<C>().await?;
        self.with(|| value.into_sealed())
    }

    async fn lookup_value<C, V>(&self, column: C, value: V) -> Result<Lookup<C>, SealError>
    where
        C: SearchableColumn,
        V: LookupValue<C> + Send,
    {
        let _ = column;
        self.fetch_for::<C>().await?;
        self.with(|| value.lookup())
    }
}

/// Keys for what one column writes and searches.
trait FetchFor {
    async fn fetch_for<C: Column>(&self) -> Result<(), SealError>;
}

impl FetchFor for Keyring {
    async fn fetch_for<C: Column>(&self) -> Result<(), SealError> {
        let purpose = match C::FIELD.mode() {
            Mode::Deterministic | Mode::Index => Purpose::Search,
            _ => Purpose::Encrypt,
        };
        self.warm_for(purpose).await.map_err(|source| SealError::Key { field: C::FIELD.name(), source })
    }
}

/// An executor that fetches keys; see [`KeyringExt::on`].
#[derive(Debug)]
#[must_use = "an executor does nothing until a query is run on it"]
pub struct On<E> {
    keyring: Keyring,
    executor: E,
}

impl<'c, E> Executor<'c> for On<E>
where
    E: Executor<'c>,
    Vec<u8>: Type<E::Database> + for<'r> Decode<'r, E::Database>,
    String: Type<E::Database> + for<'r> Decode<'r, E::Database>,
    for<'r> &'r [u8]: Decode<'r, E::Database>,
    usize: ColumnIndex<<E::Database as Database>::Row>,
{
    type Database = E::Database;

    fn execute<'e, 'q: 'e, X>(
        self,
        query: X,
    ) -> BoxFuture<'e, Result<<E::Database as Database>::QueryResult, Error>>
    where
        'c: 'e,
        X: 'q + Execute<'q, E::Database>,
    {
        self.executor.execute(query)
    }

    fn execute_many<'e, 'q: 'e, X>(
        self,
        query: X,
    ) -> BoxStream<'e, Result<<E::Database as Database>::QueryResult, Error>>
    where
        'c: 'e,
        X: 'q + Execute<'q, E::Database>,
    {
        self.executor.execute_many(query)
    }

    fn fetch_many<'e, 'q: 'e, X>(
        self,
        query: X,
    ) -> BoxStream<
        'e,
        Result<Either<<E::Database as Database>::QueryResult, <E::Database as Database>::Row>, Error>,
    >
    where
        'c: 'e,
        X: 'q + Execute<'q, E::Database>,
    {
        ahead(self.keyring, self.executor.fetch_many(query)).boxed()
    }

    fn fetch_optional<'e, 'q: 'e, X>(
        self,
        query: X,
    ) -> BoxFuture<'e, Result<Option<<E::Database as Database>::Row>, Error>>
    where
        'c: 'e,
        X: 'q + Execute<'q, E::Database>,
    {
        let row = self.executor.fetch_optional(query);
        let keyring = self.keyring;
        async move {
            let row = row.await?;
            if let Some(row) = &row {
                // What fails is told by the field that needs it.
                join_all(missing_keys(&keyring, row).into_iter().map(|id| keyring.fetch_key(id))).await;
            }
            Ok(row)
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [<E::Database as Database>::TypeInfo],
    ) -> BoxFuture<'e, Result<<E::Database as Database>::Statement, Error>>
    where
        'c: 'e,
    {
        self.executor.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<E::Database>, Error>>
    where
        'c: 'e,
    {
        self.executor.describe(sql)
    }
}
