//! Column markers as SQL types.

use diesel::{
    query_builder::QueryId,
    sql_types::{Bool, BoolOrNullableBool, Nullable, SingleValue, SqlType, is_nullable::NotNull},
};
use envelope_core::Column;

/// The SQL type of an encrypted column: a marker such as `UserEmail`, or `Nullable<UserEmail>`.
///
/// `#[derive(Encrypted)]` implements it for the markers it emits. Generic code asks for it where it
/// [compares](crate::EncryptedExpressionMethods) encrypted expressions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the SQL type of an encrypted column",
    label = "expected a column with a type such as `UserEmail` in `table!`",
    note = "`#[derive(Encrypted)]` on `User` emits `UserEmail` for its field `#[encrypt] email`; name it in `table!`: `email -> crate::models::UserEmail`"
)]
pub trait EncryptedSqlType: SqlType + SingleValue + QueryId {
    /// The column's marker.
    type Column: Column + EncryptedSqlType<Column = Self::Column> + SqlType<IsNull = NotNull>;
    /// The type of a comparison: `Bool`, or `Nullable<Bool>` where the column may be `NULL`.
    type Truth: SqlType + SingleValue + BoolOrNullableBool;
}

impl<M> EncryptedSqlType for Nullable<M>
where
    M: EncryptedSqlType<Column = M> + SqlType<IsNull = NotNull> + Column,
{
    type Column = M;
    type Truth = Nullable<Bool>;
}

/// The marker of an encrypted expression's type.
pub(crate) type MarkerOf<E> = <<E as diesel::Expression>::SqlType as EncryptedSqlType>::Column;

/// That `table!` and a struct agree on a column: `Self` is the type in `table!`, `M` the struct's marker, `C` the column.
#[diagnostic::on_unimplemented(
    message = "`table!` gives the column `{C}` the type `{Self}`, and this struct encrypts it as `{M}`",
    label = "the column's type in `table!` is `{Self}`",
    note = "if this struct declares the column, write `{M}` in `table!`, with its path, or `Nullable<…>` of it",
    note = "if another struct declares the columns of the table, name it here: `#[encrypt(columns = path::User)]`"
)]
pub trait DeclaredAs<M, C> {}

impl<M: EncryptedSqlType<Column = M>, C> DeclaredAs<M, C> for M {}
impl<M: EncryptedSqlType<Column = M>, C> DeclaredAs<M, C> for Nullable<M> {}

/// What an encrypted column is in every database, for code that is not told which column it is. Not the type of any column.
#[derive(Clone, Copy, Debug, QueryId, SqlType)]
#[diesel(postgres_type(oid = 17, array_oid = 1001), sqlite_type(name = "Binary"), mysql_type(name = "Blob"))]
#[expect(clippy::exhaustive_structs, reason = "a name without contents")]
pub struct Ciphertext;

/// The same of a column of text.
#[derive(Clone, Copy, Debug, QueryId, SqlType)]
#[diesel(postgres_type(oid = 25, array_oid = 1009), sqlite_type(name = "Text"), mysql_type(name = "String"))]
#[expect(clippy::exhaustive_structs, reason = "a name without contents")]
pub struct TextCiphertext;
