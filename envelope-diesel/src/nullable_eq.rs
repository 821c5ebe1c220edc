//! Diesel's `=` with a column that may be `NULL` and another expression, by another name.

use core::fmt;

use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    backend::Backend,
    expression::ValidGrouping,
    query_builder::{AsChangeset, AstPass, QueryFragment, QueryId},
};

/// So that an expression on the right side does not compete with an `Option`, which Diesel takes for an expression of every type
/// that may be `NULL`.
#[derive(Clone, Copy, QueryId)]
pub struct NullableEq<E>(pub(crate) E);

impl<E: fmt::Debug> fmt::Debug for NullableEq<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Expression> Expression for NullableEq<E> {
    type SqlType = E::SqlType;
}

impl<E: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for NullableEq<E> {}
impl<E: SelectableExpression<QS>, QS> SelectableExpression<QS> for NullableEq<E> {}

impl<E: ValidGrouping<GB>, GB> ValidGrouping<GB> for NullableEq<E> {
    type IsAggregate = E::IsAggregate;
}

impl<E: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for NullableEq<E> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }
}

impl<E: AsChangeset> AsChangeset for NullableEq<E> {
    type Target = E::Target;
    type Changeset = E::Changeset;

    fn as_changeset(self) -> E::Changeset {
        self.0.as_changeset()
    }
}
