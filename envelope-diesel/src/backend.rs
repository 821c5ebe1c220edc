//! The databases: how bytes get into a bind parameter and out of a row.

use std::borrow::Cow;

use diesel::{
    backend::Backend,
    serialize::{self, Output},
};

/// A database that can hold encrypted columns. The features `sqlite`, `postgres` and `mysql` implement it.
pub trait EncryptedBackend: Backend {
    /// Gives bytes to a bind parameter.
    #[doc(hidden)]
    fn write<'b>(bytes: Cow<'b, [u8]>, out: &mut Output<'b, '_, Self>) -> serialize::Result;

    /// Lends the bytes of a value.
    #[doc(hidden)]
    fn read<R>(value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> R;
}

#[cfg(feature = "sqlite")]
impl EncryptedBackend for diesel::sqlite::Sqlite {
    fn write<'b>(bytes: Cow<'b, [u8]>, out: &mut Output<'b, '_, Self>) -> serialize::Result {
        match bytes {
            Cow::Borrowed(bytes) => out.set_value(bytes),
            Cow::Owned(bytes) => out.set_value(bytes),
        }
        Ok(serialize::IsNull::No)
    }

    fn read<R>(mut value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> R {
        f(value.read_blob())
    }
}

#[cfg(feature = "postgres")]
impl EncryptedBackend for diesel::pg::Pg {
    fn write<'b>(bytes: Cow<'b, [u8]>, out: &mut Output<'b, '_, Self>) -> serialize::Result {
        std::io::Write::write_all(out, &bytes)?;
        Ok(serialize::IsNull::No)
    }

    fn read<R>(value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> R {
        f(value.as_bytes())
    }
}

#[cfg(feature = "mysql")]
impl EncryptedBackend for diesel::mysql::Mysql {
    fn write<'b>(bytes: Cow<'b, [u8]>, out: &mut Output<'b, '_, Self>) -> serialize::Result {
        std::io::Write::write_all(out, &bytes)?;
        Ok(serialize::IsNull::No)
    }

    fn read<R>(value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> R {
        f(value.as_bytes())
    }
}
