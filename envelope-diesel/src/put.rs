//! Writing: a value on its way into a column, sealed when Diesel collects the query's bind parameters.

use core::{fmt, marker::PhantomData};

use diesel::{
    AppearsOnTable, Expression, QueryResult,
    backend::Backend,
    expression::{AsExpression, ValidGrouping, is_aggregate},
    query_builder::{AstPass, QueryFragment, QueryId},
    serialize::{self, Output, ToSql},
    sql_types::{HasSqlType, Nullable, SingleValue, SqlType},
};
use envelope_core::{Column, Place};

use crate::{
    backend::EncryptedBackend,
    current::{NotSealed, with_keyring},
    kept::Kept,
    value::Value,
};

/// A value on its way into the column `M`, as generated code writes it.
pub struct Put<M, V> {
    value: V,
    kept: Kept,
    column: PhantomData<fn() -> M>,
}

impl<M, V> Put<M, V> {
    /// Diesel seals it when the query runs.
    pub const fn new(value: V) -> Self {
        Self { value, kept: Kept::new(), column: PhantomData }
    }
}

/// Of every type, so that a struct that does not fit its table is told what `DeclaredAs` says, once, and not what all of Diesel's bounds
/// say. Only a value of the column's own type can be bound.
impl<ST: SqlType + SingleValue, M, V> AsExpression<ST> for Put<M, V> {
    type Expression = WriteOnly<ST, Self>;

    fn as_expression(self) -> Self::Expression {
        WriteOnly::new(self)
    }
}

impl<ST: SqlType + SingleValue, M, V> AsExpression<ST> for &Put<M, V> {
    type Expression = WriteOnly<ST, Self>;

    fn as_expression(self) -> Self::Expression {
        WriteOnly::new(self)
    }
}

/// Diesel prints bind parameters, in `debug_query` and to instrumentation.
impl<M: Column, V> fmt::Debug for Put<M, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encrypted({})", M::FIELD.name())
    }
}

impl<M: Column, V: Value<M>, DB: EncryptedBackend> ToSql<M, DB> for Put<M, V> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::give(sealed::<M, _>(&self.value)?, M::FIELD.stored_as(), &self.kept, out)
    }
}

impl<M: Column, V: Value<M>, DB: EncryptedBackend> ToSql<Nullable<M>, DB> for Put<M, V> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::give(sealed::<M, _>(&self.value)?, M::FIELD.stored_as(), &self.kept, out)
    }
}

/// A sealed value as an expression: it can be inserted and assigned, and nothing else.
///
/// Diesel takes any expression of the column's type for the right side of `=`. This one would find nothing in a randomized
/// column and, while a search key is rotated, too little in a deterministic one. Hence no `ValidGrouping`,
/// which `filter` asks for and neither an insert nor an update does.
pub struct WriteOnly<ST, V> {
    value: V,
    sql_type: PhantomData<ST>,
}

impl<ST, V> WriteOnly<ST, V> {
    pub(crate) const fn new(value: V) -> Self {
        Self { value, sql_type: PhantomData }
    }
}

impl<ST, V: fmt::Debug> fmt::Debug for WriteOnly<ST, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<ST: SqlType + SingleValue, V> Expression for WriteOnly<ST, V> {
    type SqlType = ST;
}

impl<ST: SqlType + SingleValue, V, QS> AppearsOnTable<QS> for WriteOnly<ST, V> {}

impl<ST, V, DB> QueryFragment<DB> for WriteOnly<ST, V>
where
    DB: Backend + HasSqlType<ST>,
    V: ToSql<ST, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_bind_param::<ST, V>(&self.value)
    }
}

impl<ST: QueryId, V> QueryId for WriteOnly<ST, V> {
    type QueryId = WriteOnly<ST::QueryId, ()>;

    const HAS_STATIC_QUERY_ID: bool = ST::HAS_STATIC_QUERY_ID;
}

impl<ST: ComparedByEq, V, GB> ValidGrouping<GB> for WriteOnly<ST, V> {
    type IsAggregate = is_aggregate::Never;
}

/// Implemented by nothing, so that what is said here is said instead of `ValidGrouping` not being implemented.
#[diagnostic::on_unimplemented(
    message = "a sealed value of `{Self}` can be stored, and not be compared with",
    label = "this comparison would not find what is stored",
    note = "compare with the plaintext: `users::email.eq(&*value)`, or `.matches(&value)`"
)]
pub trait ComparedByEq {}

/// Seals a value with the keyring in force.
pub(crate) fn sealed<M: Column, V: Value<M>>(value: &V) -> Result<Vec<u8>, NotSealed> {
    with_keyring::<M, _>(|keyring| value.seal(keyring, &Place::default())).map_err(NotSealed)
}
