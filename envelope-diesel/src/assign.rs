//! `users::email.eq("…")` as an assignment, in `values` and in `set`.

use diesel::{
    Expression, ExpressionMethods, Insertable, dsl, expression::AsExpression,
    internal::derives::insertable::UndecoratedInsertRecord, query_builder::AsChangeset, query_source::Column,
};
use envelope_core::UnboundColumn;

use crate::{
    compare::{Comparison, Is},
    lookup::Assigned,
    sql_type::{EncryptedSqlType, MarkerOf},
};

/// As Diesel's own `=`, with the value on its way to be sealed.
type Assignment<C, O> = dsl::Eq<C, <O as Assigned<MarkerOf<C>>>::Assignable>;

/// That the column is written alone: it has no index that would be left behind.
pub(crate) const fn alone<M: envelope_core::Column>() {
    assert!(
        M::FIELD.is_written_alone(),
        "this encrypted column has an index, which is written with it: insert or set a struct with `#[derive(Encrypted)]` \
         that has the field and names the index, `#[encrypt(index(column = …))]`"
    );
}

impl<C, O> Insertable<C::Table> for Comparison<C, O, Is>
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    MarkerOf<C>: UnboundColumn,
    O: Assigned<MarkerOf<C>, Assignable: AsExpression<C::SqlType>>,
    Assignment<C, O>: Insertable<C::Table>,
{
    type Values = <Assignment<C, O> as Insertable<C::Table>>::Values;

    fn values(self) -> Self::Values {
        const { alone::<MarkerOf<C>>() };
        self.expression.eq(self.lookup.operand.assigned()).values()
    }
}

impl<'a, C, O> Insertable<C::Table> for &'a Comparison<C, O, Is>
where
    C: Column + Expression<SqlType: EncryptedSqlType> + Copy,
    MarkerOf<C>: UnboundColumn,
    &'a O: Assigned<MarkerOf<C>, Assignable: AsExpression<C::SqlType>>,
    Assignment<C, &'a O>: Insertable<C::Table>,
{
    type Values = <Assignment<C, &'a O> as Insertable<C::Table>>::Values;

    fn values(self) -> Self::Values {
        const { alone::<MarkerOf<C>>() };
        self.expression.eq(self.lookup.operand.assigned()).values()
    }
}

impl<C: Column, O> UndecoratedInsertRecord<C::Table> for Comparison<C, O, Is> {}

impl<C, O> AsChangeset for Comparison<C, O, Is>
where
    C: Column + Expression<SqlType: EncryptedSqlType>,
    MarkerOf<C>: UnboundColumn,
    O: Assigned<MarkerOf<C>, Assignable: AsExpression<C::SqlType>>,
    Assignment<C, O>: AsChangeset<Target = C::Table>,
{
    type Target = C::Table;
    type Changeset = <Assignment<C, O> as AsChangeset>::Changeset;

    fn as_changeset(self) -> Self::Changeset {
        const { alone::<MarkerOf<C>>() };
        self.expression.eq(self.lookup.operand.assigned()).as_changeset()
    }
}
