//! Searches by an index that finds candidates: of a part of the value, of buckets, of words, with short terms.

use core::fmt;

use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    dsl::Filter,
    expression::ValidGrouping,
    query_builder::{AstPass, QueryFragment, QueryId},
    query_dsl::methods::{FilterDsl, LoadQuery},
    query_source::QuerySource,
    serialize::{self, Output, ToSql},
    sql_types::{Bool, HasSqlType, Nullable},
};
use envelope_core::{Column, Found, IndexedColumn, SealError, Search, Terms, ToPlaintext};

use crate::{backend::EncryptedBackend, current, sealed::Sealed, sql_type::EncryptedSqlType};

/// Which expression an index filters. Implemented by the derive.
pub trait IndexExpression: Column + EncryptedSqlType {
    /// The column of the index; of one in a table of its own, the column that its rows name.
    type Expression: Expression + Default;
    /// The table of its terms.
    type Table: QuerySource + Default;
    /// The column of that table that names the row.
    type Row: Default;
    /// The column of the terms.
    type Term: Default;
}

/// Loading what a search finds, and nothing else.
///
/// ```standalone_crate
/// # mod schema { diesel::table! { people { id -> Integer, name -> crate::PersonName, name_start -> crate::PersonNameStart } } }
/// # use schema::people;
/// use diesel::prelude::*;
/// use envelope_diesel::{Encrypted, SearchDsl};
///
/// #[derive(Encrypted, Queryable, Selectable)]
/// #[diesel(table_name = people)]
/// pub struct Person {
///     pub id: i32,
///     #[encrypt(index(column = name_start, prefix = 3, normalize = "casefold"))]
///     pub name: String,
/// }
///
/// fn named(start: &str, db: &mut SqliteConnection) -> Result<Vec<Person>, Box<dyn std::error::Error>> {
///     let search = Person::NAME_START.starts_with(start)?;
///     Ok(search.load(people::table.select(Person::as_select()), db)?)
/// }
/// # fn main() {}
/// ```
///
/// The database gives *candidates*: rows of which some are not meant, where the index is of a part, of buckets or of few bits. `load` leaves those out
/// after decryption, so a row must have the value: its struct has the encrypted field and names the index. `LIMIT` and `OFFSET` in the query count
/// candidates, and so would SQL's `count`: count with [`count`](Self::count).
pub trait SearchDsl<I: IndexExpression> {
    /// The query with the condition that a row is a candidate; for async connections. Give what it loads to
    /// [`Search::matching`], which leaves out the candidates that are not meant.
    fn candidates<Q: FilterDsl<Candidates<I>>>(&self, query: Q) -> Filter<Q, Candidates<I>>;

    /// The rows that are what was searched.
    ///
    /// # Errors
    ///
    /// As Diesel's own `load`.
    fn load<'q, U, Q, Conn>(&self, query: Q, connection: &mut Conn) -> QueryResult<Vec<U>>
    where
        U: Found<I>,
        Q: FilterDsl<Candidates<I>>,
        Filter<Q, Candidates<I>>: LoadQuery<'q, Conn, U>;

    /// How many rows are what was searched. They are loaded and decrypted for it, as `U`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn count<'q, U, Q, Conn>(&self, query: Q, connection: &mut Conn) -> QueryResult<usize>
    where
        U: Found<I>,
        Q: FilterDsl<Candidates<I>>,
        Filter<Q, Candidates<I>>: LoadQuery<'q, Conn, U>,
    {
        self.load::<U, Q, Conn>(query, connection).map(|rows| rows.len())
    }

    /// Whether a row is what was searched. Rows are loaded and decrypted for it, as `U`, up to the first that is.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn exists<'q, U, Q, Conn>(&self, query: Q, connection: &mut Conn) -> QueryResult<bool>
    where
        U: Found<I>,
        Q: FilterDsl<Candidates<I>>,
        Filter<Q, Candidates<I>>: LoadQuery<'q, Conn, U>;
}

impl<I: IndexExpression> SearchDsl<I> for Search<I> {
    fn candidates<Q: FilterDsl<Candidates<I>>>(&self, query: Q) -> Filter<Q, Candidates<I>> {
        query.filter(Candidates::new(self))
    }

    fn load<'q, U, Q, Conn>(&self, query: Q, connection: &mut Conn) -> QueryResult<Vec<U>>
    where
        U: Found<I>,
        Q: FilterDsl<Candidates<I>>,
        Filter<Q, Candidates<I>>: LoadQuery<'q, Conn, U>,
    {
        let is_found = |row: &QueryResult<U>| row.as_ref().map_or(true, |row| row.is_found(self));
        self.candidates(query).internal_load(connection)?.filter(is_found).collect()
    }

    fn exists<'q, U, Q, Conn>(&self, query: Q, connection: &mut Conn) -> QueryResult<bool>
    where
        U: Found<I>,
        Q: FilterDsl<Candidates<I>>,
        Filter<Q, Candidates<I>>: LoadQuery<'q, Conn, U>,
    {
        for row in self.candidates(query).internal_load(connection)? {
            if row?.is_found(self) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The condition that a row has the terms of a search.
pub struct Candidates<I: IndexExpression> {
    groups: Vec<Vec<Term>>,
    expression: I::Expression,
    table: <I::Table as QuerySource>::FromClause,
    row: I::Row,
    term: I::Term,
}

/// A term as a bind parameter.
struct Term(Vec<u8>);

impl<I: IndexExpression> Candidates<I> {
    fn new(search: &Search<I>) -> Self {
        let groups = search.groups().iter().map(|group| group.iter().cloned().map(Term).collect());
        Self {
            groups: groups.collect(),
            expression: I::Expression::default(),
            table: I::Table::default().from_clause(),
            row: I::Row::default(),
            term: I::Term::default(),
        }
    }
}

impl<I: IndexExpression> fmt::Debug for Candidates<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Candidates({})", I::FIELD.name())
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Term")
    }
}

impl<I: IndexExpression> Expression for Candidates<I> {
    type SqlType = Nullable<Bool>;
}

impl<I: IndexExpression, QS> AppearsOnTable<QS> for Candidates<I> where I::Expression: AppearsOnTable<QS> {}

impl<I: IndexExpression, QS> SelectableExpression<QS> for Candidates<I>
where
    I::Expression: SelectableExpression<QS>,
    Self: AppearsOnTable<QS>,
{
}

impl<I: IndexExpression, GB> ValidGrouping<GB> for Candidates<I>
where
    I::Expression: ValidGrouping<GB>,
{
    type IsAggregate = <I::Expression as ValidGrouping<GB>>::IsAggregate;
}

/// Diesel then knows the statement by its SQL, which has as many placeholders as there are terms.
impl<I: IndexExpression> QueryId for Candidates<I> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<I, DB> QueryFragment<DB> for Candidates<I>
where
    I: IndexExpression,
    I::Expression: QueryFragment<DB>,
    <I::Table as QuerySource>::FromClause: QueryFragment<DB>,
    I::Row: QueryFragment<DB>,
    I::Term: QueryFragment<DB>,
    DB: EncryptedBackend + HasSqlType<I>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("(");
        if self.groups.is_empty() {
            out.push_sql("0=1");
        }
        for (number, group) in self.groups.iter().enumerate() {
            if number > 0 {
                out.push_sql(" AND ");
            }
            if group.is_empty() {
                out.push_sql("0=1");
                continue;
            }
            self.expression.walk_ast(out.reborrow())?;
            out.push_sql(" IN (");
            let has_table = I::FIELD.index().is_some_and(|index| index.term_table().is_some());
            if has_table {
                out.push_sql("SELECT ");
                self.row.walk_ast(out.reborrow())?;
                out.push_sql(" FROM ");
                self.table.walk_ast(out.reborrow())?;
                out.push_sql(" WHERE ");
                self.term.walk_ast(out.reborrow())?;
                out.push_sql(" IN (");
            }
            for (number, term) in group.iter().enumerate() {
                if number > 0 {
                    out.push_sql(", ");
                }
                out.push_bind_param::<I, _>(term)?;
            }
            out.push_sql(if has_table { "))" } else { ")" });
        }
        out.push_sql(")");
        Ok(())
    }
}

impl<I: IndexExpression, DB: EncryptedBackend> ToSql<I, DB> for Term {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::lend(&self.0, I::FIELD.stored_as(), out)
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
