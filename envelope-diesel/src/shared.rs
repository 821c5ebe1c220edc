//! An expression of one column as one of another, which shares its context.

use core::{fmt, marker::PhantomData};

use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    backend::Backend,
    expression::{TypedExpressionType, ValidGrouping},
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Nullable,
};
use envelope_core::Column;

use crate::sql_type::{EncryptedSqlType, MarkerOf};

/// An expression `E` as one of the column `M`: what [`into_column`](crate::EncryptedExpressionMethods::into_column) returns.
pub struct IntoColumn<E, M> {
    expression: E,
    column: PhantomData<M>,
}

/// That two columns have the same mode, or plaintext type.
#[diagnostic::on_unimplemented(
    message = "an expression of a column with `{T}` cannot become one of a column with `{Self}`",
    label = "this column could not open its values",
    note = "columns that share values have one mode, one plaintext type and one `#[encrypt(context = \"…\")]`"
)]
pub trait SharedWith<T> {}

impl<T> SharedWith<T> for T {}

/// The type of an encrypted expression with the marker `M` in the place of its own.
pub trait Retyped<M>: EncryptedSqlType {
    /// `M`, or `Nullable<M>` for an expression that may be `NULL`.
    type Retyped: TypedExpressionType;
}

impl<M: EncryptedSqlType<Column = M>, N: TypedExpressionType> Retyped<N> for M {
    type Retyped = N;
}

impl<M, N> Retyped<N> for Nullable<M>
where
    Self: EncryptedSqlType<Column = M>,
    Nullable<N>: TypedExpressionType,
{
    type Retyped = Nullable<N>;
}

impl<E, M> IntoColumn<E, M>
where
    E: Expression<SqlType: EncryptedSqlType>,
    M: Column,
{
    pub(crate) fn new(expression: E) -> Self {
        const {
            assert!(
                same(<MarkerOf<E> as Column>::FIELD.context(), M::FIELD.context()),
                "the two columns have different contexts: one needs `#[encrypt(context = \"…\")]` with that of the other"
            );
        }
        Self { expression, column: PhantomData }
    }
}

const fn same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([a, rest_of_one @ ..], [b, rest_of_other @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (rest_of_one, rest_of_other);
    }
    one.is_empty() && other.is_empty()
}

impl<E: fmt::Debug, M> fmt::Debug for IntoColumn<E, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression.fmt(f)
    }
}

impl<E: Clone, M> Clone for IntoColumn<E, M> {
    fn clone(&self) -> Self {
        Self { expression: self.expression.clone(), column: PhantomData }
    }
}

impl<E: Copy, M> Copy for IntoColumn<E, M> {}

impl<E: Expression<SqlType: Retyped<M>>, M> Expression for IntoColumn<E, M> {
    type SqlType = <E::SqlType as Retyped<M>>::Retyped;
}

impl<E: AppearsOnTable<QS>, M, QS> AppearsOnTable<QS> for IntoColumn<E, M> where Self: Expression {}

impl<E: SelectableExpression<QS>, M, QS> SelectableExpression<QS> for IntoColumn<E, M> where
    Self: AppearsOnTable<QS>
{
}

impl<E: ValidGrouping<GB>, M, GB> ValidGrouping<GB> for IntoColumn<E, M> {
    type IsAggregate = E::IsAggregate;
}

impl<E: QueryFragment<DB>, M, DB: Backend> QueryFragment<DB> for IntoColumn<E, M> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.expression.walk_ast(out)
    }
}

impl<E: QueryId, M: QueryId> QueryId for IntoColumn<E, M> {
    type QueryId = IntoColumn<E::QueryId, M::QueryId>;

    const HAS_STATIC_QUERY_ID: bool = E::HAS_STATIC_QUERY_ID && M::HAS_STATIC_QUERY_ID;
}
