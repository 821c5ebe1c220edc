//! Comparisons of any encrypted expression, for code in which the column's own `eq` is out of reach.

use diesel::Expression;
use envelope_core::SearchableColumn;

use crate::{
    dsl::{AnyOf, Comparison, Matches, MatchesAny, MatchesNone, NotMatches, One},
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
}

impl<E: Expression<SqlType: EncryptedSqlType>> EncryptedExpressionMethods for E {}
