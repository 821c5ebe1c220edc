//! Stored values as SQLx carries them: bytes, or text where the column holds text.

use envelope_core::{Column, Encoding};
use sqlx::{
    Database, Decode, Encode, Type, ValueRef,
    encode::IsNull,
    error::{BoxDynError, UnexpectedNullError},
};

pub(crate) fn type_info<DB: Database, C: Column>() -> DB::TypeInfo
where
    Vec<u8>: Type<DB>,
    String: Type<DB>,
{
    match C::FIELD.stored_as() {
        Encoding::Bytes => <Vec<u8> as Type<DB>>::type_info(),
        Encoding::Text => <String as Type<DB>>::type_info(),
    }
}

pub(crate) fn compatible<DB: Database, C: Column>(ty: &DB::TypeInfo) -> bool
where
    Vec<u8>: Type<DB>,
    String: Type<DB>,
{
    match C::FIELD.stored_as() {
        Encoding::Bytes => <Vec<u8> as Type<DB>>::compatible(ty),
        Encoding::Text => <String as Type<DB>>::compatible(ty),
    }
}

/// What the keyring sealed as text is text, so this does not fail for it.
pub(crate) fn encode<'q, DB: Database, C: Column>(
    stored: Vec<u8>,
    buf: &mut DB::ArgumentBuffer,
) -> Result<IsNull, BoxDynError>
where
    Vec<u8>: Encode<'q, DB>,
    String: Encode<'q, DB>,
{
    match C::FIELD.stored_as() {
        Encoding::Bytes => stored.encode(buf),
        Encoding::Text => String::from_utf8(stored)?.encode(buf),
    }
}

pub(crate) fn decode<'r, DB: Database, C: Column>(value: DB::ValueRef<'r>) -> Result<Vec<u8>, BoxDynError>
where
    Vec<u8>: Decode<'r, DB>,
    String: Decode<'r, DB>,
{
    // SQLite decodes `NULL` as empty bytes, which a column that still reads plaintext rows would take for a value.
    if value.is_null() {
        return Err(Box::new(UnexpectedNullError));
    }
    match C::FIELD.stored_as() {
        // Not `&[u8]`: in its text protocol PostgreSQL sends bytes as digits, which are decoded into a buffer.
        Encoding::Bytes => Vec::<u8>::decode(value),
        Encoding::Text => String::decode(value).map(String::into_bytes),
    }
}
