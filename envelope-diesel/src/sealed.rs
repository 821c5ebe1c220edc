//! Ciphertext that knows its column.

use core::{fmt, marker::PhantomData};

use diesel::{
    deserialize::{self, FromSql, Queryable},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::{Nullable, SingleValue, SqlType, is_nullable::NotNull},
};
use envelope_core::{
    BoundColumn, Column, Keyring, OpenError, Place, Plaintext, RowKey, SealError, UnboundColumn,
};

use crate::{
    backend::EncryptedBackend, current::NotOpened, encrypted::Encrypted, put::WriteOnly, value::Value,
};

/// A stored value of an encrypted column, as it stands in the database.
///
/// Diesel copies the bytes and nothing else: reading and writing one needs no keyring. It can be stored, and not be compared with.
/// `#[encrypt(sealed)]` on `User` emits `SealedUser`, whose encrypted fields are of this type.
///
/// Two values are equal if their bytes are: in a deterministic column, if their plaintexts are and the key is the same.
pub struct Sealed<C> {
    bytes: Vec<u8>,
    column: PhantomData<fn() -> C>,
}

impl<C: Column> Sealed<C> {
    /// Bytes of the column, as [`Keyring::seal`] returned them or the database holds them. They are not examined before
    /// they are opened.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, column: PhantomData }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Encrypts a value. The terms of its indexes are the caller's to write.
    ///
    /// # Errors
    ///
    /// See [`Keyring::seal`].
    pub fn of(keyring: &Keyring, value: &(impl Value<C> + ?Sized)) -> Result<Self, SealError>
    where
        C: UnboundColumn,
    {
        seal_value(keyring, &Place::default(), value)
    }

    /// Encrypts a value of a column that is bound to its row.
    ///
    /// # Errors
    ///
    /// See [`Keyring::seal_in_row`].
    pub fn of_row(
        keyring: &Keyring,
        row: &RowKey,
        value: &(impl Value<C> + ?Sized),
    ) -> Result<Self, SealError>
    where
        C: BoundColumn,
    {
        seal_value(keyring, &Place::default().in_row(row.clone()), value)
    }

    /// Decrypts the value.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(&self, keyring: &Keyring) -> Result<C::Plain, OpenError>
    where
        C: UnboundColumn,
    {
        keyring.open_field(&C::FIELD, &self.bytes)
    }

    /// Decrypts a value of a column that is bound to its row.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]. A value of another row is [`OpenError::NotAuthentic`].
    pub fn open_in_row(&self, keyring: &Keyring, row: &RowKey) -> Result<C::Plain, OpenError>
    where
        C: BoundColumn,
    {
        keyring.open_at(&C::FIELD, &Place::default().in_row(row.clone()), &self.bytes)
    }
}

/// What a field of a sealed struct is opened as: the plaintext, or the wrapper around it.
#[diagnostic::on_unimplemented(
    message = "a field of the encrypted column `{C}` cannot be of type `{Self}`",
    label = "not the column's plaintext type",
    note = "the field has the type that the declaring struct gives it, or `Encrypted<{C}>`"
)]
pub trait EncryptedFieldType<C: Column>: Sized {
    /// Leaves the plaintext as it is, or wraps it.
    #[doc(hidden)]
    fn from_plain(plain: C::Plain) -> Self;
}

impl<C: Column> EncryptedFieldType<C> for Encrypted<C> {
    fn from_plain(plain: C::Plain) -> Self {
        Self::new(plain)
    }
}

impl<P: Plaintext, C: Column<Plain = P>> EncryptedFieldType<C> for P {
    fn from_plain(plain: P) -> P {
        plain
    }
}

/// Seals a field, for generated code.
///
/// # Errors
///
/// See [`Keyring::seal`].
pub fn seal_value<C: Column, V: Value<C> + ?Sized>(
    keyring: &Keyring,
    place: &Place,
    value: &V,
) -> Result<Sealed<C>, SealError> {
    value.seal(keyring, place).map(Sealed::new)
}

/// Opens a field in the buffer that it came in, for generated code.
///
/// # Errors
///
/// See [`OpenError`].
pub fn open_value<C: Column, T: EncryptedFieldType<C>>(
    keyring: &Keyring,
    place: &Place,
    value: Sealed<C>,
) -> Result<T, OpenError> {
    keyring.open_at(&C::FIELD, place, value.bytes).map(T::from_plain)
}

/// Opens a row with the keyring in force, for generated code.
///
/// # Errors
///
/// [`OpenError`], boxed. It is the `source()` of what Diesel's `DeserializationError` holds.
pub fn open_row<S: envelope_core::SealedRow>(row: S) -> deserialize::Result<S::Row> {
    Keyring::with_current(|keyring| row.open_row(keyring))
        .unwrap_or_else(|source| Err(OpenError::NoKeyring { field: S::FIRST, source }))
        .map_err(|error| NotOpened(error).into())
}

impl<C> Clone for Sealed<C> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), column: PhantomData }
    }
}

impl<C: Column> fmt::Debug for Sealed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({}, {} bytes)", C::FIELD.name(), self.bytes.len())
    }
}

impl<C> PartialEq for Sealed<C> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl<C> Eq for Sealed<C> {}

impl<C: Column, DB: EncryptedBackend> FromSql<C, DB> for Sealed<C> {
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        DB::read(value, <[u8]>::to_vec).map(Self::new)
    }
}

impl<C, ST, DB> Queryable<ST, DB> for Sealed<C>
where
    C: Column,
    ST: SingleValue,
    DB: EncryptedBackend,
    Self: FromSql<ST, DB>,
{
    type Row = Self;

    fn build(row: Self) -> deserialize::Result<Self> {
        Ok(row)
    }
}

/// As the wrapper: it can be stored and not compared with.
macro_rules! written_as {
    ($(($($lifetime:lifetime)*) $form:ty;)*) => {$(
        impl<$($lifetime,)* M> AsExpression<M> for $form
        where
            M: Column + SqlType<IsNull = NotNull> + SingleValue,
        {
            type Expression = WriteOnly<M, Self>;

            fn as_expression(self) -> Self::Expression {
                WriteOnly::new(self)
            }
        }

        impl<$($lifetime,)* M> AsExpression<Nullable<M>> for $form
        where
            M: Column + SqlType<IsNull = NotNull> + SingleValue,
        {
            type Expression = WriteOnly<Nullable<M>, Self>;

            fn as_expression(self) -> Self::Expression {
                WriteOnly::new(self)
            }
        }
    )*};
}

written_as! {
    () Sealed<M>;
    ('a) &'a Sealed<M>;
    ('a 'b) &'a &'b Sealed<M>;
}

impl<M: Column, DB: EncryptedBackend> ToSql<M, DB> for Sealed<M> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::lend(&self.bytes, M::FIELD.stored_as(), out)
    }
}

impl<M: Column, DB: EncryptedBackend> ToSql<Nullable<M>, DB> for Sealed<M> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::lend(&self.bytes, M::FIELD.stored_as(), out)
    }
}
