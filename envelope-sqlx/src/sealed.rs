//! Ciphertext that knows its column.

use core::{fmt, marker::PhantomData};

use envelope_core::{Column, Keyring, OpenError};
use sqlx::{
    Database, Decode, Encode, Type, ValueRef,
    encode::IsNull,
    error::{BoxDynError, UnexpectedNullError},
};

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

    /// Decrypts the value.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open(&self, keyring: &Keyring) -> Result<C::Plain, OpenError> {
        keyring.open_field(&C::FIELD, &self.bytes)
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

impl<DB: Database, C: Column> Type<DB> for Sealed<C>
where
    Vec<u8>: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <Vec<u8> as Type<DB>>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        <Vec<u8> as Type<DB>>::compatible(ty)
    }
}

impl<'q, DB: Database, C: Column> Encode<'q, DB> for Sealed<C>
where
    Vec<u8>: Encode<'q, DB>,
{
    fn encode(self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.bytes.encode(buf)
    }

    fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.bytes.encode_by_ref(buf)
    }

    fn size_hint(&self) -> usize {
        self.bytes.len()
    }
}

impl<'r, DB: Database, C: Column> Decode<'r, DB> for Sealed<C>
where
    Vec<u8>: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        // SQLite decodes `NULL` as empty bytes.
        if value.is_null() {
            return Err(Box::new(UnexpectedNullError));
        }
        Vec::<u8>::decode(value).map(Self::new)
    }
}

#[cfg(feature = "postgres")]
impl<C: Column> sqlx::postgres::PgHasArrayType for Sealed<C> {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        <Vec<u8> as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}
