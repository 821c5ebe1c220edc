//! Searches by an index that finds candidates: of a part of the value, of buckets, of words, with short terms.

use core::future::Future;

use envelope_core::{Found, IndexedColumn, SealError, Search, Terms, ToPlaintext};
use sqlx::{Database, Error, Executor, FromRow, IntoArguments, query::QueryAs};

use crate::{current, sealed::Sealed};

/// Loading what a search finds, and nothing else.
///
/// ```
/// # use envelope_sqlx::{Encrypted, QueryBuilderExt as _, SearchExt as _};
/// # use sqlx::{QueryBuilder, Sqlite, SqlitePool};
/// # #[derive(Encrypted)]
/// # #[encrypt(table = "people")]
/// # struct Person { id: i64, #[encrypt(index(column = name_start, prefix = 3, normalize = "casefold"))] name: String }
/// # async fn named(start: &str, pool: &SqlitePool) -> Result<Vec<Person>, Box<dyn std::error::Error>> {
/// let search = Person::NAME_START.starts_with(start)?;
/// let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM people WHERE ");
/// query.push_search(Person::NAME_START, &search);
/// let people: Vec<Person> = search.fetch_all(query.build_query_as(), pool).await?;
/// # Ok(people)
/// # }
/// ```
///
/// The database gives *candidates*: rows of which some are not meant, where the index is of a part, of buckets or of few bits. `fetch_all`
/// leaves those out after decryption, so a row must have the value. `LIMIT` and `OFFSET` in the query count candidates, and so
/// would SQL's `COUNT`: count with [`count`](Self::count).
pub trait SearchExt<C: IndexedColumn> {
    /// The stored terms of a search by one column, for `= ANY($1)` on PostgreSQL; of an index in a table of its own, those of the first
    /// word or trigram.
    fn terms(&self) -> Vec<Sealed<C>>;

    /// The rows that are what was searched.
    fn fetch_all<'q, 'e, DB, O, A, E>(
        &self,
        query: QueryAs<'q, DB, O, A>,
        executor: E,
    ) -> impl Future<Output = Result<Vec<O>, Error>> + Send
    where
        DB: Database,
        O: Found<C> + for<'r> FromRow<'r, DB::Row> + Send + Unpin,
        A: IntoArguments<DB> + Send + 'q,
        E: Executor<'e, Database = DB> + Send,
        'q: 'e;

    /// How many rows are what was searched. They are loaded and decrypted for it.
    fn count<'q, 'e, DB, O, A, E>(
        &self,
        query: QueryAs<'q, DB, O, A>,
        executor: E,
    ) -> impl Future<Output = Result<usize, Error>> + Send
    where
        DB: Database,
        O: Found<C> + for<'r> FromRow<'r, DB::Row> + Send + Unpin,
        A: IntoArguments<DB> + Send + 'q,
        E: Executor<'e, Database = DB> + Send,
        'q: 'e;
}

impl<C: IndexedColumn> SearchExt<C> for Search<C> {
    fn terms(&self) -> Vec<Sealed<C>> {
        self.groups()
            .first()
            .map(|group| group.iter().cloned().map(Sealed::new).collect())
            .unwrap_or_default()
    }

    async fn fetch_all<'q, 'e, DB, O, A, E>(
        &self,
        query: QueryAs<'q, DB, O, A>,
        executor: E,
    ) -> Result<Vec<O>, Error>
    where
        DB: Database,
        O: Found<C> + for<'r> FromRow<'r, DB::Row> + Send + Unpin,
        A: IntoArguments<DB> + Send + 'q,
        E: Executor<'e, Database = DB> + Send,
        'q: 'e,
    {
        Ok(self.matching(query.fetch_all(executor).await?))
    }

    async fn count<'q, 'e, DB, O, A, E>(
        &self,
        query: QueryAs<'q, DB, O, A>,
        executor: E,
    ) -> Result<usize, Error>
    where
        DB: Database,
        O: Found<C> + for<'r> FromRow<'r, DB::Row> + Send + Unpin,
        A: IntoArguments<DB> + Send + 'q,
        E: Executor<'e, Database = DB> + Send,
        'q: 'e,
    {
        Ok(self.fetch_all(query, executor).await?.len())
    }
}

/// The terms of a value, for the rows of an index in a table of its own.
pub trait TermsExt: IndexedColumn<Mode = Terms> {
    /// A term for each word, or each trigram, sorted: one for each row of the table. By the keyring in force.
    ///
    /// The rows of a value are written with it, in one transaction; when it changes they are deleted and written anew.
    ///
    /// # Errors
    ///
    /// When there is no keyring, or its keys cannot be had; when the value is none that the index takes.
    fn terms(
        self,
        value: &(impl ToPlaintext<Plain = Self::Plain> + ?Sized),
    ) -> Result<Vec<Sealed<Self>>, SealError> {
        current::with_keyring::<Self, _>(|keyring| keyring.terms_field(&Self::FIELD, value))
            .map(|terms| terms.into_iter().map(Sealed::new).collect())
    }
}

impl<C: IndexedColumn<Mode = Terms>> TermsExt for C {}
