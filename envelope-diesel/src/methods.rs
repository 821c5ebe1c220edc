//! Comparisons of any encrypted expression, for code in which the column's own `eq` is out of reach.

use diesel::Expression;
use envelope_core::{Column, SearchableColumn};

use crate::{
    dsl::{
        AnyOf, Comparison, IntoColumn, Matches, MatchesAny, MatchesNone, MatchesNullable, Maybe, NotMatches,
        NotMatchesNullable, One,
    },
    shared::{Retyped, SharedWith},
    sql_type::{EncryptedSqlType, MarkerOf},
    value::Value,
};

/// `matches` and its relatives, for every expression of an encrypted type: aliased fields, `.nullable()`, generic columns.
///
/// A column itself has `eq`, `ne`, `eq_any` and `ne_all`, which do the same.
///
/// ```standalone_crate
/// # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail } } }
/// # use schema::users;
/// use diesel::prelude::*;
/// use envelope_diesel::{Encrypted, EncryptedExpressionMethods};
///
/// #[derive(Encrypted, Queryable)]
/// #[diesel(table_name = users)]
/// pub struct User {
///     pub id: i32,
///     #[encrypt(deterministic)]
///     pub email: String,
/// }
///
/// # fn main() {
/// let referrers = diesel::alias!(users as referrers);
/// let query = referrers.filter(referrers.field(users::email).matches("ada@example.com"));
/// # let _ = query;
/// # }
/// ```
pub trait EncryptedExpressionMethods: Expression<SqlType: EncryptedSqlType> + Sized {
    /// Whether the expression has this value.
    fn matches<V>(self, value: V) -> Matches<Self, V>
    where
        MarkerOf<Self>: SearchableColumn,
        V: Value<MarkerOf<Self>>,
    {
        Comparison::new(self, One(value))
    }

    /// Whether the expression has another value. As always in SQL, `NULL` is no other value.
    fn not_matches<V>(self, value: V) -> NotMatches<Self, V>
    where
        MarkerOf<Self>: SearchableColumn,
        V: Value<MarkerOf<Self>>,
    {
        Comparison::new(self, One(value))
    }

    /// Whether the expression has one of these values.
    fn matches_any<I>(self, values: I) -> MatchesAny<Self, I>
    where
        MarkerOf<Self>: SearchableColumn,
        I: IntoIterator<Item: Value<MarkerOf<Self>>>,
    {
        Comparison::new(self, AnyOf(values.into_iter().collect()))
    }

    /// Whether the expression has none of these values.
    fn matches_none<I>(self, values: I) -> MatchesNone<Self, I>
    where
        MarkerOf<Self>: SearchableColumn,
        I: IntoIterator<Item: Value<MarkerOf<Self>>>,
    {
        Comparison::new(self, AnyOf(values.into_iter().collect()))
    }

    /// Whether the expression has this value or, for `None`, is `NULL`: `IS NOT DISTINCT FROM`, with the use of an index.
    fn matches_nullable<V>(self, value: Option<V>) -> MatchesNullable<Self, V>
    where
        MarkerOf<Self>: SearchableColumn,
        V: Value<MarkerOf<Self>>,
    {
        Comparison::new(self, Maybe(value))
    }

    /// Whether the expression has another value than this, where `NULL` is one: `IS DISTINCT FROM`.
    fn not_matches_nullable<V>(self, value: Option<V>) -> NotMatchesNullable<Self, V>
    where
        MarkerOf<Self>: SearchableColumn,
        V: Value<MarkerOf<Self>>,
    {
        Comparison::new(self, Maybe(value))
    }

    /// The expression as one of another column, with which its own shares a context: for `INSERT … SELECT` and for joins. The stored
    /// bytes stay what they are.
    ///
    /// Both columns need the same `#[encrypt(context = "…")]` (or one of them the other's `table.column`), mode and plaintext type.
    ///
    /// ```standalone_crate
    /// # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail } }
    /// #     diesel::table! { archive { id -> Integer, email -> crate::ArchivedEmail } } }
    /// # use schema::{archive, users};
    /// use diesel::prelude::*;
    /// use envelope_diesel::{Encrypted, EncryptedExpressionMethods};
    ///
    /// #[derive(Encrypted)]
    /// #[diesel(table_name = users)]
    /// pub struct User {
    ///     pub id: i32,
    ///     #[encrypt(deterministic)]
    ///     pub email: String,
    /// }
    ///
    /// #[derive(Encrypted)]
    /// #[diesel(table_name = archive)]
    /// pub struct Archived {
    ///     pub id: i32,
    ///     #[encrypt(deterministic, context = "users.email")]
    ///     pub email: String,
    /// }
    ///
    /// # fn main() {
    /// let copy = users::table
    ///     .select((users::id, users::email.into_column(Archived::EMAIL)))
    ///     .insert_into(archive::table)
    ///     .into_columns((archive::id, archive::email));
    /// # let _ = copy;
    /// # }
    /// ```
    ///
    /// A column of another context would hold what it cannot open, so this does not compile:
    ///
    /// ```compile_fail,E0080,standalone_crate
    /// # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail, login -> crate::UserLogin } } }
    /// # use schema::users;
    /// # use diesel::prelude::*;
    /// # use envelope_diesel::{Encrypted, EncryptedExpressionMethods};
    /// # #[derive(Encrypted)]
    /// # #[diesel(table_name = users)]
    /// # pub struct User {
    /// #     pub id: i32,
    /// #     #[encrypt(deterministic)] pub email: String,
    /// #     #[encrypt(deterministic)] pub login: String,
    /// # }
    /// # fn main() {
    /// let _ = users::email.into_column(User::LOGIN);
    /// // error: the two columns have different contexts: one needs `#[encrypt(context = "…")]` with that of the other
    /// # }
    /// ```
    fn into_column<M>(self, column: M) -> IntoColumn<Self, M>
    where
        Self::SqlType: Retyped<M>,
        M: Column,
        M::Mode: SharedWith<<MarkerOf<Self> as Column>::Mode>,
        M::Plain: SharedWith<<MarkerOf<Self> as Column>::Plain>,
    {
        let _ = column;
        IntoColumn::new(self)
    }
}

impl<E: Expression<SqlType: EncryptedSqlType>> EncryptedExpressionMethods for E {}
