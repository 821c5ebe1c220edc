//! Ciphertext that knows its column.

use core::{fmt, marker::PhantomData};

use envelope_core::{
    BoundColumn, Column, Encoding, Keyring, OpenError, Place, RowKey, SealError, ToPlaintext, UnboundColumn,
};
use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

use crate::{read::EncryptedFieldType, stored};

/// A stored value of an encrypted column, as it stands in the database.
///
/// SQLx copies the bytes and does nothing else: reading and binding one needs no keyring and fails for no reason of ours.
/// `User::EMAIL.seal(value)?` makes one; [`open`](Self::open) gives the plaintext.
///
/// Two values are equal if their bytes are: in a deterministic column, if their plaintexts are and the key is the same.
#[derive(Clone)]
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
    pub fn of(
        keyring: &Keyring,
        value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
    ) -> Result<Self, SealError>
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
        value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
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

/// Seals a field, for generated code.
///
/// # Errors
///
/// See [`Keyring::seal`].
pub fn seal_value<C: Column, V: ToPlaintext<Plain = C::Plain> + ?Sized>(
    keyring: &Keyring,
    place: &Place,
    value: &V,
) -> Result<Sealed<C>, SealError> {
    keyring.seal_at(&C::FIELD, place, value).map(Sealed::new)
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

impl<DB: Database, C: Column> Type<DB> for Sealed<C>
where
    Vec<u8>: Type<DB>,
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        stored::type_info::<DB, C>()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        stored::compatible::<DB, C>(ty)
    }
}

impl<'q, DB: Database, C: Column> Encode<'q, DB> for Sealed<C>
where
    Vec<u8>: Encode<'q, DB>,
    String: Encode<'q, DB>,
{
    fn encode(self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        stored::encode::<DB, C>(self.bytes, buf)
    }

    fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match C::FIELD.stored_as() {
            Encoding::Bytes => self.bytes.encode_by_ref(buf),
            Encoding::Text => stored::encode::<DB, C>(self.bytes.clone(), buf),
        }
    }

    fn size_hint(&self) -> usize {
        self.bytes.len()
    }
}

impl<'r, DB: Database, C: Column> Decode<'r, DB> for Sealed<C>
where
    Vec<u8>: Decode<'r, DB>,
    String: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        stored::decode::<DB, C>(value).map(Self::new)
    }
}

#[cfg(feature = "postgres")]
impl<C: Column> sqlx::postgres::PgHasArrayType for Sealed<C> {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        crate::lookup::pg_array(C::FIELD.stored_as())
    }
}
