//! Comparisons: `email = ?` with one live search key, `email IN (?, ?)` while there are several.

use core::{fmt, marker::PhantomData};

use diesel::{
    AppearsOnTable, BoolExpressionMethods, Expression, QueryResult, SelectableExpression, dsl,
    expression::{AsExpression, TypedExpressionType, ValidGrouping},
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{
        Bool, BoolOrNullableBool, HasSqlType, MaybeNullableType, OneIsNullable, SingleValue, SqlType,
        is_nullable::{IsOneNullable, IsSqlTypeNullable},
    },
};
use envelope_core::{Column, SearchableColumn};

use crate::{
    backend::EncryptedBackend,
    lookup::{Lookup, Operand, OperandKind},
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

/// Equal, where `NULL` is equal to `NULL` and to nothing else: SQL's `IS NOT DISTINCT FROM`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Same;

/// Not the [`Same`]: SQL's `IS DISTINCT FROM`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Different;

/// [`Is`], [`IsNot`], [`Same`] or [`Different`].
pub trait Polarity {
    /// The type of a comparison with an expression of the type `ST`.
    type Truth<ST: EncryptedSqlType>: SqlType + SingleValue + BoolOrNullableBool;

    /// SQL between a column and one candidate.
    const ONE: &'static str;
    /// SQL between a column and several candidates.
    const SEVERAL: &'static str;
    /// SQL of a comparison without candidates.
    const NONE: &'static str;
    /// SQL between a column and the comparison with its candidates, where that alone would be `NULL` for a column that is. Other than
    /// `IS NOT DISTINCT FROM`, every database uses an index for it.
    const UNLESS_NULL: Option<&'static str> = None;
    /// SQL behind a column that is compared with `NULL`.
    const NULL: &'static str;
}

impl Polarity for Is {
    type Truth<ST: EncryptedSqlType> = ST::Truth;

    const ONE: &'static str = " = ";
    const SEVERAL: &'static str = " IN (";
    const NONE: &'static str = "0=1";
    const NULL: &'static str = " = NULL";
}

impl Polarity for IsNot {
    type Truth<ST: EncryptedSqlType> = ST::Truth;

    const ONE: &'static str = " != ";
    const SEVERAL: &'static str = " NOT IN (";
    const NONE: &'static str = "1=1";
    const NULL: &'static str = " != NULL";
}

impl Polarity for Same {
    type Truth<ST: EncryptedSqlType> = Bool;

    const ONE: &'static str = Is::ONE;
    const SEVERAL: &'static str = Is::SEVERAL;
    const NONE: &'static str = Is::NONE;
    const UNLESS_NULL: Option<&'static str> = Some(" IS NOT NULL AND ");
    const NULL: &'static str = " IS NULL";
}

impl Polarity for Different {
    type Truth<ST: EncryptedSqlType> = Bool;

    const ONE: &'static str = IsNot::ONE;
    const SEVERAL: &'static str = IsNot::SEVERAL;
    const NONE: &'static str = IsNot::NONE;
    const UNLESS_NULL: Option<&'static str> = Some(" IS NULL OR ");
    const NULL: &'static str = " IS NOT NULL";
}

impl<L, O, P> Comparison<L, O, P> {
    pub(crate) const fn new(expression: L, operand: O) -> Self {
        Self { expression, lookup: Lookup::new(operand), polarity: PhantomData }
    }
}

type TruthOf<L, P> = <P as Polarity>::Truth<<L as Expression>::SqlType>;

/// Diesel's own, as inherent methods: if the column is randomized, the compiler then says why there is no comparison to go on
/// from, and not which of Diesel's bounds for `and` and `or` are not met.
impl<L, O, P> Comparison<L, O, P>
where
    L: Expression<SqlType: EncryptedSqlType>,
    P: Polarity,
{
    /// Both.
    pub fn and<T, ST>(self, other: T) -> dsl::And<Self, T, ST>
    where
        MarkerOf<L>: SearchableColumn,
        ST: SqlType + TypedExpressionType + BoolOrNullableBool,
        T: AsExpression<ST>,
        IsSqlTypeNullable<TruthOf<L, P>>: OneIsNullable<IsSqlTypeNullable<ST>>,
        IsOneNullable<TruthOf<L, P>, ST>: MaybeNullableType<Bool>,
    {
        BoolExpressionMethods::and(self, other)
    }

    /// Either.
    pub fn or<T, ST>(self, other: T) -> dsl::Or<Self, T, ST>
    where
        MarkerOf<L>: SearchableColumn,
        ST: SqlType + TypedExpressionType + BoolOrNullableBool,
        T: AsExpression<ST>,
        IsSqlTypeNullable<TruthOf<L, P>>: OneIsNullable<IsSqlTypeNullable<ST>>,
        IsOneNullable<TruthOf<L, P>, ST>: MaybeNullableType<Bool>,
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
    P: Polarity,
{
    type SqlType = P::Truth<L::SqlType>;
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

/// Diesel knows the statement by its type, and keeps it prepared, as long as there is one search key. With several it has as many
/// placeholders, and with `NULL` none, of which the type says nothing: such a statement is not kept.
impl<L, O, P> QueryId for Comparison<L, O, P>
where
    L: QueryId,
    O: OperandKind,
    P: 'static,
{
    type QueryId = Comparison<L::QueryId, (), P>;

    const HAS_STATIC_QUERY_ID: bool = L::HAS_STATIC_QUERY_ID && !O::IS_LIST;
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
        // In parentheses like Diesel's own, as it may be an operand: `NOT (email = ?)`, `flag = (email = ?)`.
        out.push_sql("(");
        let stored = self.lookup.found::<MarkerOf<L>>().stored.as_deref();
        if O::IS_LIST || !matches!(stored, Some([_])) {
            out.unsafe_to_cache_prepared();
        }
        if let (Some(unless_null), Some(_)) = (P::UNLESS_NULL, stored) {
            self.expression.walk_ast(out.reborrow())?;
            out.push_sql(unless_null);
        }
        match stored {
            None => {
                self.expression.walk_ast(out.reborrow())?;
                out.push_sql(P::NULL);
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
