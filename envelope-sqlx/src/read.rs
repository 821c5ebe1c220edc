//! What the derived `FromRow` calls for each encrypted field.

use envelope_core::{Column, Keyring, OpenError, Plaintext, SealedRow, UnboundColumn};
use sqlx::{ColumnIndex, Decode, Row, Type, error::BoxDynError};

use crate::{encrypted::Encrypted, sealed::Sealed};

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

    /// Leaves the plaintext as it is, or wraps it.
    #[doc(hidden)]
    fn from_plain(plain: C::Plain) -> Self;
}

impl<C: Column> EncryptedFieldType<C> for Encrypted<C> {
    fn from_encrypted(value: Self) -> Self {
        value
    }

    fn from_plain(plain: C::Plain) -> Self {
        Self::new(plain)
    }
}

impl<P: Plaintext, C: Column<Plain = P>> EncryptedFieldType<C> for P {
    fn from_encrypted(value: Encrypted<C>) -> P {
        value.into_inner()
    }

    fn from_plain(plain: P) -> P {
        plain
    }
}

/// Reads a field that is never `NULL`.
///
/// # Errors
///
/// As [`Row::try_get`]; an [`OpenError`](crate::OpenError) is the source of [`sqlx::Error::ColumnDecode`].
pub fn read<'r, C: UnboundColumn, T: EncryptedFieldType<C>, R: Row>(
    row: &'r R,
    column: &'r str,
) -> Result<T, sqlx::Error>
where
    &'r str: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get(column).map(T::from_encrypted)
}

/// Reads a field that may be `NULL`.
///
/// # Errors
///
/// As [`read`].
pub fn read_nullable<'r, C: UnboundColumn, T: EncryptedFieldType<C>, R: Row>(
    row: &'r R,
    column: &'r str,
) -> Result<Option<T>, sqlx::Error>
where
    &'r str: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    let value: Option<Encrypted<C>> = row.try_get(column)?;
    Ok(value.map(T::from_encrypted))
}

/// Reads the stored value of a field that is never `NULL`. Its bytes, as the sealed struct may be Diesel's, whose `Sealed` is another.
///
/// # Errors
///
/// As [`Row::try_get`].
pub fn stored<'r, C: Column, R: Row>(row: &'r R, column: &'r str) -> Result<Vec<u8>, sqlx::Error>
where
    &'r str: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    row.try_get(column).map(Sealed::<C>::into_bytes)
}

/// The same for a field that may be `NULL`.
///
/// # Errors
///
/// As [`stored`].
pub fn stored_nullable<'r, C: Column, R: Row>(
    row: &'r R,
    column: &'r str,
) -> Result<Option<Vec<u8>>, sqlx::Error>
where
    &'r str: ColumnIndex<R>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
{
    let value: Option<Sealed<C>> = row.try_get(column)?;
    Ok(value.map(Sealed::into_bytes))
}

/// Opens a row with the keyring in force.
///
/// # Errors
///
/// An [`OpenError`], as the source of [`sqlx::Error::ColumnDecode`].
pub fn open_row<S: SealedRow>(row: S) -> Result<S::Row, sqlx::Error> {
    Keyring::with_current(|keyring| row.open_row(keyring))
        .unwrap_or_else(|source| Err(OpenError::NoKeyring { field: S::FIRST, source }))
        .map_err(|error| sqlx::Error::ColumnDecode {
            // As SQLx has it where a column is read by its name.
            index: format!("{:?}", error.field().column()),
            source: Box::new(error),
        })
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
