//! Lookups in SQL that is put together at run time, for any database.

use core::{fmt, marker::PhantomData};

use envelope_core::{Column, IndexedColumn, Search, SearchableColumn};
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::{lookup::Lookup, sealed::Sealed};

/// Lookups for SQLx's [`QueryBuilder`].
pub trait QueryBuilderExt: sealed::Sealed {
    /// Appends the condition that the column holds the value: `` `email` = ? ``, or `` `email` IN (?, ?) `` while there are
    /// several live search keys.
    ///
    /// The column is `User::EMAIL`, or `User::EMAIL.of("u")` where its table has to be named. Names are taken from the
    /// declaration and quoted as the database quotes; no text reaches the SQL from outside of the program.
    ///
    /// ```
    /// # use envelope_sqlx::{Encrypted, QueryBuilderExt as _};
    /// # use sqlx::{QueryBuilder, Sqlite};
    /// # #[derive(Encrypted)]
    /// # #[encrypt(table = "users")]
    /// # struct User { id: i64, #[encrypt(deterministic)] email: String }
    /// # envelope_core::testing::keyring().with(|| {
    /// let mut query = QueryBuilder::<Sqlite>::new("SELECT u.* FROM users u WHERE u.id > ");
    /// query.push_bind(17);
    /// query.push(" AND ").push_lookup(User::EMAIL.of("u"), User::EMAIL.lookup("ada@example.com")?);
    /// assert_eq!(query.sql(), "SELECT u.* FROM users u WHERE u.id > ? AND `u`.`email` = ?");
    /// # Ok::<_, envelope_sqlx::SealError>(())
    /// # }).unwrap();
    /// ```
    fn push_lookup<C: SearchableColumn>(
        &mut self,
        column: impl Into<ColumnName<C>>,
        lookup: Lookup<C>,
    ) -> &mut Self;

    /// Appends the condition that a row is a candidate of a search: `` `name_start` IN (?, ?) ``; by an index in a table of its own
    /// `` `id` IN (SELECT `person_id` FROM `person_words` WHERE `term` IN (?)) ``, once for each word.
    ///
    /// [`SearchExt::fetch_all`](crate::SearchExt::fetch_all) then leaves out the candidates that are not meant.
    fn push_search<C: IndexedColumn>(
        &mut self,
        column: impl Into<ColumnName<C>>,
        search: &Search<C>,
    ) -> &mut Self;
}

impl<DB: Database> QueryBuilderExt for QueryBuilder<DB>
where
    Vec<u8>: Type<DB> + for<'q> Encode<'q, DB>,
    String: Type<DB> + for<'q> Encode<'q, DB>,
{
    fn push_lookup<C: SearchableColumn>(
        &mut self,
        column: impl Into<ColumnName<C>>,
        lookup: Lookup<C>,
    ) -> &mut Self {
        column.into().push_to(self);
        // What the keyring sealed always encodes, so that `push_bind` has no cause to panic.
        let mut candidates = lookup.into_candidates().into_iter();
        match (candidates.len(), candidates.next()) {
            (1, Some(candidate)) => {
                self.push(" = ").push_bind(candidate);
            }
            (_, first) => {
                self.push(" IN (");
                let mut list = self.separated(", ");
                for candidate in first.into_iter().chain(candidates) {
                    list.push_bind(candidate);
                }
                self.push(")");
            }
        }
        self
    }

    fn push_search<C: IndexedColumn>(
        &mut self,
        column: impl Into<ColumnName<C>>,
        search: &Search<C>,
    ) -> &mut Self {
        let column = column.into();
        let quotes = Quotes::of(DB::NAME);
        let terms = C::FIELD.index().and_then(|index| index.term_table());
        self.push("(");
        for (number, group) in search.groups().iter().enumerate() {
            if number > 0 {
                self.push(" AND ");
            }
            if group.is_empty() {
                self.push("0=1");
                continue;
            }
            match terms {
                None => {
                    column.push_to(self);
                    self.push(" IN (");
                }
                Some(terms) => {
                    column.push_name_to(terms.key, self);
                    let (row, of) = (Quoted(terms.row, quotes), Quoted(C::FIELD.name().table(), quotes));
                    let term = Quoted(C::FIELD.name().column(), quotes);
                    self.push(format_args!(" IN (SELECT {row} FROM {of} WHERE {term} IN ("));
                }
            }
            let mut list = self.separated(", ");
            for term in group {
                list.push_bind(Sealed::<C>::new(term.clone()));
            }
            self.push(if terms.is_some() { "))" } else { ")" });
        }
        if search.groups().is_empty() {
            self.push("0=1");
        }
        self.push(")");
        self
    }
}

/// The name of an encrypted column in SQL: `email`, or `u.email`.
///
/// A marker (`User::EMAIL`) converts into one; `User::EMAIL.of("u")` names the table or its alias.
#[derive(Clone, Copy)]
pub struct ColumnName<C> {
    table: Option<&'static str>,
    column: PhantomData<fn() -> C>,
}

impl<C: Column> ColumnName<C> {
    /// The column of a table, which is named by its name or alias in the query.
    #[must_use]
    pub const fn of(column: C, table: &'static str) -> Self {
        let _ = column;
        Self { table: Some(table), column: PhantomData }
    }

    fn push_to<DB: Database>(self, query: &mut QueryBuilder<DB>) {
        self.push_name_to(C::FIELD.name().column(), query);
    }

    /// Another column of the same table.
    fn push_name_to<DB: Database>(self, column: &str, query: &mut QueryBuilder<DB>) {
        let quotes = Quotes::of(DB::NAME);
        if let Some(table) = self.table {
            query.push(Quoted(table, quotes)).push(".");
        }
        query.push(Quoted(column, quotes));
    }
}

impl<C: Column> From<C> for ColumnName<C> {
    fn from(_: C) -> Self {
        Self { table: None, column: PhantomData }
    }
}

impl<C: Column> fmt::Debug for ColumnName<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = C::FIELD.name().column();
        match self.table {
            Some(table) => write!(f, "ColumnName({table}.{column})"),
            None => write!(f, "ColumnName({column})"),
        }
    }
}

/// How a database quotes a name.
#[derive(Clone, Copy)]
enum Quotes {
    /// Standard SQL, and PostgreSQL.
    Double,
    /// MySQL, where double quotes make a string of a name; and SQLite, where they do if there is no such column, so that a
    /// misspelt name would search for nothing instead of failing.
    Back,
    /// `Any`, which may be any of them: none around a name that needs none.
    IfNeeded,
}

impl Quotes {
    fn of(database: &str) -> Self {
        match database {
            "MySQL" | "SQLite" => Self::Back,
            "Any" => Self::IfNeeded,
            _ => Self::Double,
        }
    }
}

/// A name in its quotes.
struct Quoted<'a>(&'a str, Quotes);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, quotes) = *self;
        let is_plain = || name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match quotes {
            Quotes::Back => write!(f, "`{}`", name.replace('`', "``")),
            Quotes::IfNeeded if is_plain() => f.write_str(name),
            Quotes::Double | Quotes::IfNeeded => write!(f, "\"{}\"", name.replace('"', "\"\"")),
        }
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
    impl<DB: sqlx::Database> Sealed for sqlx::QueryBuilder<DB> {}
}

#[cfg(test)]
mod tests {
    use super::{Quoted, Quotes};

    #[test]
    fn every_database_quotes_in_its_own_way() {
        let quoted = |database, name| Quoted(name, Quotes::of(database)).to_string();
        assert_eq!(quoted("PostgreSQL", "a\"b`c"), "\"a\"\"b`c\"");
        assert_eq!(quoted("MySQL", "a\"b`c"), "`a\"b``c`");
        assert_eq!(quoted("SQLite", "email"), "`email`");
        assert_eq!(quoted("Any", "e_mail2"), "e_mail2");
        assert_eq!(quoted("Any", "a\" OR 1"), "\"a\"\" OR 1\"");
    }
}
