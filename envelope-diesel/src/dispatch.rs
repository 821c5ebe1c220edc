//! What `users::email.eq(…)` means, by what stands in the parentheses.
//!
//! Diesel's `eq` takes what is `AsExpression<UserEmail>`, which coherence does not permit a foreign type such as `&str` to be (E0119).
//! So the derive gives the column inherent methods, which come before those of Diesel's traits. `table!` itself calls
//! `eq` with an expression and must get Diesel's own result (E0308 otherwise): hence a result `O` that is a parameter, and
//! one impl for each kind of result, of which never more than one fits an operand.

use diesel::{
    Expression, ExpressionMethods, dsl,
    expression::AsExpression,
    internal::derives::multiconnection::array_comparison::AsInExpression,
    query_builder::SelectQuery,
    query_source::Column,
    sql_types::{Bool, Nullable, SingleValue, SqlType, is_nullable::NotNull},
};
use envelope_core::ToPlaintext;

use crate::{
    compare::{Comparison, Different, Is, IsNot, Same},
    encrypted::Encrypted,
    lookup::{AnyOf, Maybe, One},
    nullable_eq::NullableEq,
    sql_type::{EncryptedSqlType, MarkerOf},
    value::Value,
};

/// `column.eq(V)` is an `O`.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{Self}` cannot be compared with, or set to, `{V}`",
    label = "not a value of this column",
    note = "expected a plaintext of the column's type (`&str` for `String`), an expression of the same encrypted type, or, if \
            the column may be NULL, an `Option` of either"
)]
pub trait EqTo<V, O> {
    #[doc(hidden)]
    fn eq_to(self, value: V) -> O;
}

/// `column.ne(V)` is an `O`.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{Self}` cannot be compared with `{V}`",
    label = "not a value of this column",
    note = "expected a plaintext of the column's type (`&str` for `String`), or an expression of the same encrypted type"
)]
pub trait NeTo<V, O> {
    #[doc(hidden)]
    fn ne_to(self, value: V) -> O;
}

/// `column.eq_any(V)` is an `Any`, `column.ne_all(V)` a `None`.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{Self}` cannot be compared with the elements of `{V}`",
    label = "not a list of values of this column",
    note = "expected a list of plaintexts of the column's type (`[&str; 2]` for `String`), or a subselect of the same encrypted type"
)]
pub trait InList<V, Any, None> {
    #[doc(hidden)]
    fn in_list(self, values: V) -> Any;
    #[doc(hidden)]
    fn not_in_list(self, values: V) -> None;
}

/// `column.is_not_distinct_from(V)` is an `S`, `column.is_distinct_from(V)` a `D`.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{Self}` cannot be compared with `{V}`, where `NULL` is a value",
    label = "not a value of this column, nor an `Option` of one",
    note = "expected a plaintext of the column's type (`&str` for `String`), an `Option` of one, or, with PostgreSQL, an expression of the \
            same encrypted type"
)]
pub trait SameAs<V, S, D> {
    #[doc(hidden)]
    fn same_as(self, value: V) -> S;
    #[doc(hidden)]
    fn different_from(self, value: V) -> D;
}

/// `column.asc()` and `column.desc()` are an `O`: implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{Self}` has no order: the database holds ciphertext",
    label = "cannot be sorted by an encrypted column",
    note = "order by another column, or load the rows and sort their plaintext"
)]
pub trait Sorted<O> {
    #[doc(hidden)]
    fn refused(self) -> O;
}

/// `column.gt(V)` and its relatives are an `O`: implemented by nothing, so that the compiler says why.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{C}` has no order and no patterns: the database holds ciphertext",
    label = "cannot be compared with an encrypted column in this way",
    note = "a deterministic column has `eq`, `ne`, `eq_any` and `ne_all`; for all else load the rows and compare their plaintext"
)]
pub trait InOrder<C, O> {
    #[doc(hidden)]
    fn refused(self) -> O;
}

/// `index.eq(V)` and its relatives are an `O`, of an index that finds candidates: implemented by nothing, so that the compiler says why.
#[diagnostic::on_unimplemented(
    message = "the index `{C}` finds candidates, some of which may not be what is searched, or is a shadow, which is not searched",
    label = "cannot be compared in SQL alone",
    note = "search by its marker, which leaves those out: `User::NAME_START.starts_with(\"Ad\")?.load(users::table.select(User::as_select()), db)?`"
)]
pub trait FindsCandidates<C, O> {
    #[doc(hidden)]
    fn refused(self) -> O;
}

/// Any SQL expression, as with every other column. The bounds are word for word those in the expansion of `table!`.
impl<C, V> EqTo<V, dsl::Eq<C, V>> for C
where
    C: Column + Expression<SqlType: SqlType + SingleValue>,
    V: AsExpression<C::SqlType>,
    dsl::Eq<C, V::Expression>: Expression<SqlType = Bool>,
{
    fn eq_to(self, value: V) -> dsl::Eq<C, V> {
        ExpressionMethods::eq(self, value)
    }
}

/// A plaintext.
impl<C, V> EqTo<V, Comparison<C, One<V>, Is>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: ToPlaintext<Plain = <MarkerOf<C> as envelope_core::Column>::Plain>,
{
    fn eq_to(self, value: V) -> Comparison<C, One<V>, Is> {
        Comparison::new(self, One(value))
    }
}

/// A plaintext or `NULL`.
impl<C, M, V> EqTo<Option<V>, Comparison<C, Maybe<V>, Is>> for C
where
    C: Column + Expression<SqlType = Nullable<M>>,
    M: EncryptedSqlType<Column = M> + envelope_core::Column + SqlType<IsNull = NotNull>,
    V: Value<M>,
{
    fn eq_to(self, value: Option<V>) -> Comparison<C, Maybe<V>, Is> {
        Comparison::new(self, Maybe(value))
    }
}

impl<'a, C, M, V> EqTo<&'a Option<V>, Comparison<C, Maybe<&'a V>, Is>> for C
where
    C: Column + Expression<SqlType = Nullable<M>>,
    M: EncryptedSqlType<Column = M> + envelope_core::Column + SqlType<IsNull = NotNull>,
    &'a V: Value<M>,
{
    fn eq_to(self, value: &'a Option<V>) -> Comparison<C, Maybe<&'a V>, Is> {
        Comparison::new(self, Maybe(value.as_ref()))
    }
}

/// The wrapper, in a column that may be `NULL`. In one that may not the first impl takes it.
impl<C, M> EqTo<Encrypted<M>, Comparison<C, One<Encrypted<M>>, Is>> for C
where
    C: Column + Expression<SqlType = Nullable<M>>,
    M: EncryptedSqlType<Column = M> + envelope_core::Column + SqlType<IsNull = NotNull>,
{
    fn eq_to(self, value: Encrypted<M>) -> Comparison<C, One<Encrypted<M>>, Is> {
        Comparison::new(self, One(value))
    }
}

impl<'a, C, M> EqTo<&'a Encrypted<M>, Comparison<C, One<&'a Encrypted<M>>, Is>> for C
where
    C: Column + Expression<SqlType = Nullable<M>>,
    M: EncryptedSqlType<Column = M> + envelope_core::Column + SqlType<IsNull = NotNull>,
{
    fn eq_to(self, value: &'a Encrypted<M>) -> Comparison<C, One<&'a Encrypted<M>>, Is> {
        Comparison::new(self, One(value))
    }
}

/// An expression that may be `NULL`, such as `excluded(users::note)`: Diesel's `eq` with another name, so that it does not
/// compete with the first impl.
impl<C, V> EqTo<V, NullableEq<MarkerOf<C>, dsl::Eq<C, V>>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType<Truth = Nullable<Bool>>>,
    V: Expression<SqlType = C::SqlType>,
{
    fn eq_to(self, value: V) -> NullableEq<MarkerOf<C>, dsl::Eq<C, V>> {
        NullableEq::new(ExpressionMethods::eq(self, value))
    }
}

impl<C, V> NeTo<V, dsl::NotEq<C, V>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: Expression<SqlType = C::SqlType>,
{
    fn ne_to(self, value: V) -> dsl::NotEq<C, V> {
        ExpressionMethods::ne(self, value)
    }
}

impl<C, V> NeTo<V, Comparison<C, One<V>, IsNot>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: Value<MarkerOf<C>>,
{
    fn ne_to(self, value: V) -> Comparison<C, One<V>, IsNot> {
        Comparison::new(self, One(value))
    }
}

impl<C, M, V> NeTo<Option<V>, Comparison<C, Maybe<V>, IsNot>> for C
where
    C: Column + Expression<SqlType = Nullable<M>>,
    M: EncryptedSqlType<Column = M> + envelope_core::Column + SqlType<IsNull = NotNull>,
    V: Value<M>,
{
    fn ne_to(self, value: Option<V>) -> Comparison<C, Maybe<V>, IsNot> {
        Comparison::new(self, Maybe(value))
    }
}

impl<'a, C, M, V> NeTo<&'a Option<V>, Comparison<C, Maybe<&'a V>, IsNot>> for C
where
    C: Column + Expression<SqlType = Nullable<M>>,
    M: EncryptedSqlType<Column = M> + envelope_core::Column + SqlType<IsNull = NotNull>,
    &'a V: Value<M>,
{
    fn ne_to(self, value: &'a Option<V>) -> Comparison<C, Maybe<&'a V>, IsNot> {
        Comparison::new(self, Maybe(value.as_ref()))
    }
}

/// A subselect. Not a list of wrappers, though that is `AsInExpression` too: Diesel's `IN` would compare it under the active key
/// only, and in a randomized column as well.
impl<C, V> InList<V, dsl::EqAny<C, V>, dsl::NeAny<C, V>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: SelectQuery<SqlType = C::SqlType> + AsInExpression<C::SqlType>,
{
    fn in_list(self, values: V) -> dsl::EqAny<C, V> {
        ExpressionMethods::eq_any(self, values)
    }

    fn not_in_list(self, values: V) -> dsl::NeAny<C, V> {
        ExpressionMethods::ne_all(self, values)
    }
}

impl<C, V> InList<V, Comparison<C, AnyOf<V::Item>, Is>, Comparison<C, AnyOf<V::Item>, IsNot>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: IntoIterator<Item: Value<MarkerOf<C>>>,
{
    fn in_list(self, values: V) -> Comparison<C, AnyOf<V::Item>, Is> {
        Comparison::new(self, AnyOf(values.into_iter().collect()))
    }

    fn not_in_list(self, values: V) -> Comparison<C, AnyOf<V::Item>, IsNot> {
        Comparison::new(self, AnyOf(values.into_iter().collect()))
    }
}

impl<C, V> SameAs<V, Comparison<C, One<V>, Same>, Comparison<C, One<V>, Different>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: Value<MarkerOf<C>>,
{
    fn same_as(self, value: V) -> Comparison<C, One<V>, Same> {
        Comparison::new(self, One(value))
    }

    fn different_from(self, value: V) -> Comparison<C, One<V>, Different> {
        Comparison::new(self, One(value))
    }
}

impl<C, V> SameAs<Option<V>, Comparison<C, Maybe<V>, Same>, Comparison<C, Maybe<V>, Different>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: Value<MarkerOf<C>>,
{
    fn same_as(self, value: Option<V>) -> Comparison<C, Maybe<V>, Same> {
        Comparison::new(self, Maybe(value))
    }

    fn different_from(self, value: Option<V>) -> Comparison<C, Maybe<V>, Different> {
        Comparison::new(self, Maybe(value))
    }
}

impl<'a, C, V>
    SameAs<&'a Option<V>, Comparison<C, Maybe<&'a V>, Same>, Comparison<C, Maybe<&'a V>, Different>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    &'a V: Value<MarkerOf<C>>,
{
    fn same_as(self, value: &'a Option<V>) -> Comparison<C, Maybe<&'a V>, Same> {
        Comparison::new(self, Maybe(value.as_ref()))
    }

    fn different_from(self, value: &'a Option<V>) -> Comparison<C, Maybe<&'a V>, Different> {
        Comparison::new(self, Maybe(value.as_ref()))
    }
}

/// Diesel has the operators for PostgreSQL.
#[cfg(feature = "postgres")]
impl<C, V> SameAs<V, dsl::IsNotDistinctFrom<C, V>, dsl::IsDistinctFrom<C, V>> for C
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    V: Expression<SqlType = C::SqlType>,
{
    fn same_as(self, value: V) -> dsl::IsNotDistinctFrom<C, V> {
        diesel::PgExpressionMethods::is_not_distinct_from(self, value)
    }

    fn different_from(self, value: V) -> dsl::IsDistinctFrom<C, V> {
        diesel::PgExpressionMethods::is_distinct_from(self, value)
    }
}
