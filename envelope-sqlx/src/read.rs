//! What the derived `FromRow` calls for each encrypted field.

use envelope_core::{Column, Plaintext};
use sqlx::{ColumnIndex, Decode, Row, Type, error::BoxDynError};

use crate::encrypted::Encrypted;

/// A field of an encrypted column: its plaintext type, or [`Encrypted`] around it.
#[diagnostic::on_unimplemented(
    message = "a field of the encrypted column `{C}` cannot be of type `{Self}`",
    label = "not the column's plaintext type",
    note = "the field has the type that the declaring struct gives it, or `Encrypted<{C}>`"
)]
pub trait EncryptedFieldType<C: Column>: Sized {
    /// Takes the plaintext out of the wrapper, or leaves it in.
    #[doc(hidden)]
    fn from_encrypted(value: Encrypted<C>) -> Self;
}

impl<C: Column> EncryptedFieldType<C> for Encrypted<C> {
    fn from_encrypted(value: Self) -> Self {
        value
    }
}

impl<P: Plaintext, C: Column<Plain = P>> EncryptedFieldType<C> for P {
    fn from_encrypted(value: Encrypted<C>) -> P {
        value.into_inner()
    }
}

/// Reads a field that is never `NULL`.
///
/// # Errors
///
/// As [`Row::try_get`]; an [`OpenError`](crate::OpenError) is the source of [`sqlx::Error::ColumnDecode`].
pub fn read<'r, C: Column, T: EncryptedFieldType<C>, R: Row>(
    row: &'r R,
    column: &'r str,
) -> Result<T, sqlx::Error>
where
    &'r str: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get(column).map(T::from_encrypted)
}

/// Reads a field that may be `NULL`.
///
/// # Errors
///
/// As [`read`].
pub fn read_nullable<'r, C: Column, T: EncryptedFieldType<C>, R: Row>(
    row: &'r R,
    column: &'r str,
) -> Result<Option<T>, sqlx::Error>
where
    &'r str: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    let value: Option<Encrypted<C>> = row.try_get(column)?;
    Ok(value.map(T::from_encrypted))
}

/// `#[sqlx(default)]`: a column that the query does not select.
///
/// # Errors
///
/// All others.
pub fn or_default<T: Default>(value: Result<T, sqlx::Error>) -> Result<T, sqlx::Error> {
    match value {
        Err(sqlx::Error::ColumnNotFound(_)) => Ok(T::default()),
        value => value,
    }
}

/// `#[sqlx(try_from = "…")]`: a field that is made of what was read.
///
/// # Errors
///
/// That of the conversion, as the source of [`sqlx::Error::ColumnDecode`].
pub fn convert<F, T: TryFrom<F, Error: Into<BoxDynError>>>(
    value: Result<F, sqlx::Error>,
    column: &str,
) -> Result<T, sqlx::Error> {
    T::try_from(value?)
        .map_err(|error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: error.into() })
}
