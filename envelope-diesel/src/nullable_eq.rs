//! Diesel's `=` with a column that may be `NULL` and another expression, by another name.

use core::{fmt, marker::PhantomData};

use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    backend::Backend,
    expression::ValidGrouping,
    query_builder::{AsChangeset, AstPass, QueryFragment, QueryId},
};
use envelope_core::SearchableColumn;

/// So that an expression on the right side does not compete with an `Option`, which Diesel takes for an expression of every type
/// that may be `NULL`.
///
/// Of a randomized column it is an assignment and no condition.
#[derive(Clone, Copy, QueryId)]
pub struct NullableEq<M, E> {
    eq: E,
    column: PhantomData<M>,
}

impl<M, E> NullableEq<M, E> {
    pub(crate) const fn new(eq: E) -> Self {
        Self { eq, column: PhantomData }
    }
}

impl<M, E: fmt::Debug> fmt::Debug for NullableEq<M, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.eq.fmt(f)
    }
}

impl<M: SearchableColumn, E: Expression> Expression for NullableEq<M, E> {
    type SqlType = E::SqlType;
}

impl<M: SearchableColumn, E: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for NullableEq<M, E> {}
impl<M: SearchableColumn, E: SelectableExpression<QS>, QS> SelectableExpression<QS> for NullableEq<M, E> {}

impl<M, E: ValidGrouping<GB>, GB> ValidGrouping<GB> for NullableEq<M, E> {
    type IsAggregate = E::IsAggregate;
}

impl<M, E: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for NullableEq<M, E> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.eq.walk_ast(out)
    }
}

impl<M, E: AsChangeset> AsChangeset for NullableEq<M, E> {
    type Target = E::Target;
    type Changeset = E::Changeset;

    fn as_changeset(self) -> E::Changeset {
        self.eq.as_changeset()
    }
}
