//! Comparisons: `email = ?` with one live search key, `email IN (?, ?)` while there are several.

use core::{fmt, marker::PhantomData};

use diesel::{
    AppearsOnTable, BoolExpressionMethods, Expression, QueryResult, SelectableExpression, dsl,
    expression::{AsExpression, TypedExpressionType, ValidGrouping},
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{
        Bool, BoolOrNullableBool, HasSqlType, MaybeNullableType, OneIsNullable, SqlType,
        is_nullable::{IsOneNullable, IsSqlTypeNullable},
    },
};
use envelope_core::{Column, SearchableColumn};

use crate::{
    backend::EncryptedBackend,
    lookup::{Lookup, Operand},
    sql_type::{EncryptedSqlType, MarkerOf},
};

/// Whether an encrypted expression `L` has a value, or is another one: what `eq` and its relatives return.
///
/// A boolean expression if the column is deterministic. That of `eq` is also an assignment, as with Diesel's own, and for a
/// randomized column that is all it is.
#[must_use = "a comparison does nothing until it is part of a query"]
pub struct Comparison<L, O, P> {
    pub(crate) expression: L,
    pub(crate) lookup: Lookup<O>,
    polarity: PhantomData<P>,
}

/// Equal.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Is;

/// Not equal.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct IsNot;

/// [`Is`] or [`IsNot`].
pub trait Polarity {
    /// SQL between a column and one candidate.
    const ONE: &'static str;
    /// SQL between a column and several candidates.
    const SEVERAL: &'static str;
    /// SQL of a comparison without candidates.
    const NONE: &'static str;
}

impl Polarity for Is {
    const ONE: &'static str = " = ";
    const SEVERAL: &'static str = " IN (";
    const NONE: &'static str = "0=1";
}

impl Polarity for IsNot {
    const ONE: &'static str = " != ";
    const SEVERAL: &'static str = " NOT IN (";
    const NONE: &'static str = "1=1";
}

impl<L, O, P> Comparison<L, O, P> {
    pub(crate) const fn new(expression: L, operand: O) -> Self {
        Self { expression, lookup: Lookup::new(operand), polarity: PhantomData }
    }
}

type TruthOf<L> = <<L as Expression>::SqlType as EncryptedSqlType>::Truth;

/// Diesel's own, as inherent methods: if the column is randomized, the compiler then says why there is no comparison to go on
/// from, and not which of Diesel's bounds for `and` and `or` are not met.
impl<L, O, P> Comparison<L, O, P>
where
    L: Expression<SqlType: EncryptedSqlType>,
{
    /// Both.
    pub fn and<T, ST>(self, other: T) -> dsl::And<Self, T, ST>
    where
        MarkerOf<L>: SearchableColumn,
        ST: SqlType + TypedExpressionType + BoolOrNullableBool,
        T: AsExpression<ST>,
        IsSqlTypeNullable<TruthOf<L>>: OneIsNullable<IsSqlTypeNullable<ST>>,
        IsOneNullable<TruthOf<L>, ST>: MaybeNullableType<Bool>,
    {
        BoolExpressionMethods::and(self, other)
    }

    /// Either.
    pub fn or<T, ST>(self, other: T) -> dsl::Or<Self, T, ST>
    where
        MarkerOf<L>: SearchableColumn,
        ST: SqlType + TypedExpressionType + BoolOrNullableBool,
        T: AsExpression<ST>,
        IsSqlTypeNullable<TruthOf<L>>: OneIsNullable<IsSqlTypeNullable<ST>>,
        IsOneNullable<TruthOf<L>, ST>: MaybeNullableType<Bool>,
    {
        BoolExpressionMethods::or(self, other)
    }
}

impl<L: Clone, O: Clone, P> Clone for Comparison<L, O, P> {
    fn clone(&self) -> Self {
        Self { expression: self.expression.clone(), lookup: self.lookup.clone(), polarity: PhantomData }
    }
}

impl<L, O, P> fmt::Debug for Comparison<L, O, P>
where
    L: Expression<SqlType: EncryptedSqlType>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Comparison({})", <MarkerOf<L> as Column>::FIELD.name())
    }
}

impl<L, O, P> Expression for Comparison<L, O, P>
where
    L: Expression<SqlType: EncryptedSqlType>,
    MarkerOf<L>: SearchableColumn,
{
    type SqlType = <L::SqlType as EncryptedSqlType>::Truth;
}

impl<L, O, P, QS> AppearsOnTable<QS> for Comparison<L, O, P>
where
    L: AppearsOnTable<QS>,
    Self: Expression,
{
}

impl<L, O, P, QS> SelectableExpression<QS> for Comparison<L, O, P>
where
    L: SelectableExpression<QS>,
    Self: AppearsOnTable<QS>,
{
}

impl<L, O, P, GB> ValidGrouping<GB> for Comparison<L, O, P>
where
    L: ValidGrouping<GB>,
{
    type IsAggregate = L::IsAggregate;
}

/// Diesel then knows the statement by its SQL, which has as many placeholders as there are candidates.
impl<L, O, P> QueryId for Comparison<L, O, P> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<L, O, P, DB> QueryFragment<DB> for Comparison<L, O, P>
where
    L: Expression<SqlType: EncryptedSqlType> + QueryFragment<DB>,
    MarkerOf<L>: SearchableColumn,
    O: Operand<MarkerOf<L>>,
    P: Polarity,
    DB: EncryptedBackend + HasSqlType<MarkerOf<L>>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if O::IS_LIST {
            out.unsafe_to_cache_prepared();
        }
        // In parentheses like Diesel's own, as it may be an operand: `NOT (email = ?)`, `flag = (email = ?)`.
        out.push_sql("(");
        match self.lookup.found::<MarkerOf<L>>().stored.as_deref() {
            None => {
                self.expression.walk_ast(out.reborrow())?;
                out.push_sql(P::ONE);
                out.push_sql("NULL");
            }
            Some([]) => out.push_sql(P::NONE),
            Some([one]) => {
                self.expression.walk_ast(out.reborrow())?;
                out.push_sql(P::ONE);
                out.push_bind_param::<MarkerOf<L>, _>(one)?;
            }
            Some(several) => {
                self.expression.walk_ast(out.reborrow())?;
                let mut before = P::SEVERAL;
                for stored in several {
                    out.push_sql(before);
                    out.push_bind_param::<MarkerOf<L>, _>(stored)?;
                    before = ", ";
                }
                out.push_sql(")");
            }
        }
        out.push_sql(")");
        Ok(())
    }
}
