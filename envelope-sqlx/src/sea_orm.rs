//! SeaORM 2: `Sealed` as the field of a model, and lookups as filters.
//!
//! A field is sealed and not the wrapper [`Encrypted`](struct@crate::Encrypted), because SeaORM makes its values where nothing can fail.

use core::any::type_name;

use envelope_core::{Column, Encoding, SearchableColumn};
use sea_orm::{
    ActiveValue, ColIdx, ColumnTrait, Condition, IntoActiveValue, QueryResult, TryGetError, TryGetable,
    Value,
    sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr},
};

use crate::{Lookup, Sealed};

impl<C: Column> From<Sealed<C>> for Value {
    fn from(sealed: Sealed<C>) -> Self {
        let stored = sealed.into_bytes();
        match C::FIELD.stored_as() {
            Encoding::Bytes => stored.into(),
            // What the keyring sealed as text is text; other bytes are refused by the column.
            Encoding::Text => {
                String::from_utf8(stored).map_or_else(|error| error.into_bytes().into(), Self::from)
            }
        }
    }
}

impl<C: Column> Nullable for Sealed<C> {
    fn null() -> Value {
        match C::FIELD.stored_as() {
            Encoding::Bytes => Vec::<u8>::null(),
            Encoding::Text => String::null(),
        }
    }
}

impl<C: Column> ValueType for Sealed<C> {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        match C::FIELD.stored_as() {
            Encoding::Bytes => <Vec<u8> as ValueType>::try_from(value).map(Self::new),
            Encoding::Text => <String as ValueType>::try_from(value).map(|text| Self::new(text.into_bytes())),
        }
    }

    fn type_name() -> String {
        type_name::<Self>().to_owned()
    }

    fn array_type() -> ArrayType {
        match C::FIELD.stored_as() {
            Encoding::Bytes => <Vec<u8> as ValueType>::array_type(),
            Encoding::Text => <String as ValueType>::array_type(),
        }
    }

    fn column_type() -> ColumnType {
        match C::FIELD.stored_as() {
            Encoding::Bytes => <Vec<u8> as ValueType>::column_type(),
            Encoding::Text => ColumnType::Text,
        }
    }
}

impl<C: Column> TryGetable for Sealed<C> {
    fn try_get_by<I: ColIdx>(result: &QueryResult, index: I) -> Result<Self, TryGetError> {
        match C::FIELD.stored_as() {
            Encoding::Bytes => Vec::<u8>::try_get_by(result, index).map(Self::new),
            Encoding::Text => String::try_get_by(result, index).map(|text| Self::new(text.into_bytes())),
        }
    }
}

impl<C: Column> IntoActiveValue<Self> for Sealed<C> {
    fn into_active_value(self) -> ActiveValue<Self> {
        ActiveValue::Set(self)
    }
}

impl<C: SearchableColumn> Lookup<C> {
    /// The condition that a column of a SeaORM entity holds the value: it is one of all candidates.
    ///
    /// ```
    /// # use envelope_sqlx::Encrypted;
    /// # mod user {
    /// #     use sea_orm::entity::prelude::*;
    /// #     use envelope_sqlx::{Encrypted, Sealed};
    /// #     #[derive(Encrypted)]
    /// #     #[encrypt(table = "users", no_from_row)]
    /// #     pub struct User { #[encrypt(deterministic)] pub email: String }
    /// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    /// #     #[sea_orm(table_name = "users")]
    /// #     pub struct Model { #[sea_orm(primary_key)] pub id: i64, pub email: Sealed<UserEmail> }
    /// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    /// #     pub enum Relation {}
    /// #     impl ActiveModelBehavior for ActiveModel {}
    /// # }
    /// # use user::User;
    /// # use sea_orm::{DbBackend, EntityTrait, QueryFilter, QueryTrait};
    /// # envelope_core::testing::keyring().with(|| {
    /// let query = user::Entity::find().filter(User::EMAIL.lookup("ada@example.com")?.is_in(user::Column::Email));
    /// # assert!(query.build(DbBackend::Sqlite).sql.ends_with(r#"WHERE "users"."email" IN (?)"#));
    /// # Ok::<_, envelope_sqlx::SealError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn is_in(self, column: impl ColumnTrait) -> Condition {
        Condition::all().add(column.is_in(self.into_candidates()))
    }

    /// The condition that a column of a SeaORM entity holds another value. As with `<>`, a row with `NULL` does not meet it.
    #[must_use]
    pub fn is_not_in(self, column: impl ColumnTrait) -> Condition {
        Condition::all().add(column.is_not_in(self.into_candidates()))
    }
}
