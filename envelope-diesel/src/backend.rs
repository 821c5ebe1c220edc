//! The databases: how bytes get into a bind parameter and out of a row.

use diesel::{
    backend::Backend,
    deserialize,
    serialize::{self, Output},
};
use envelope_core::{Column, Encoding};

use crate::{encrypted::Encrypted, kept::Kept};

/// A database that can hold encrypted columns. The features `sqlite`, `postgres` and `mysql` implement it, and
/// [`multi_connection!`](crate::multi_connection) for a backend of `#[derive(MultiConnection)]`.
pub trait EncryptedBackend: Backend {
    /// Gives a stored value to a bind parameter.
    #[doc(hidden)]
    fn lend<'b>(bytes: &'b [u8], stored_as: Encoding, out: &mut Output<'b, '_, Self>) -> serialize::Result;

    /// Gives a bind parameter a stored value that is made for it. Who cannot take it keeps it beside the value.
    #[doc(hidden)]
    fn give<'b>(
        bytes: Vec<u8>,
        stored_as: Encoding,
        kept: &'b Kept,
        out: &mut Output<'b, '_, Self>,
    ) -> serialize::Result;

    /// Gives a bind parameter a wrapper, which it seals.
    #[doc(hidden)]
    fn wrapped<'b, M: Column>(value: &'b Encrypted<M>, out: &mut Output<'b, '_, Self>) -> serialize::Result;

    /// Lends the bytes of a value.
    #[doc(hidden)]
    fn read<R>(value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> deserialize::Result<R>;
}

#[cfg(feature = "sqlite")]
impl EncryptedBackend for diesel::sqlite::Sqlite {
    fn lend<'b>(bytes: &'b [u8], stored_as: Encoding, out: &mut Output<'b, '_, Self>) -> serialize::Result {
        match stored_as {
            Encoding::Bytes => out.set_value(bytes),
            Encoding::Text => out.set_value(str::from_utf8(bytes)?),
        }
        Ok(serialize::IsNull::No)
    }

    fn give<'b>(
        bytes: Vec<u8>,
        stored_as: Encoding,
        _: &'b Kept,
        out: &mut Output<'b, '_, Self>,
    ) -> serialize::Result {
        match stored_as {
            Encoding::Bytes => out.set_value(bytes),
            Encoding::Text => out.set_value(String::from_utf8(bytes)?),
        }
        Ok(serialize::IsNull::No)
    }

    fn wrapped<'b, M: Column>(value: &'b Encrypted<M>, out: &mut Output<'b, '_, Self>) -> serialize::Result {
        match M::FIELD.stored_as() {
            Encoding::Bytes => out.set_value(value.sealed()?),
            Encoding::Text => out.set_value(String::from_utf8(value.sealed()?)?),
        }
        Ok(serialize::IsNull::No)
    }

    fn read<R>(mut value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> deserialize::Result<R> {
        Ok(f(value.read_blob()))
    }
}

/// Those that copy what a bind parameter is given.
#[cfg(any(feature = "postgres", feature = "mysql"))]
macro_rules! copying_backend {
    ($backend:ty) => {
        impl EncryptedBackend for $backend {
            fn lend<'b>(bytes: &'b [u8], _: Encoding, out: &mut Output<'b, '_, Self>) -> serialize::Result {
                std::io::Write::write_all(out, bytes)?;
                Ok(serialize::IsNull::No)
            }

            fn give<'b>(
                bytes: Vec<u8>,
                _: Encoding,
                _: &'b Kept,
                out: &mut Output<'b, '_, Self>,
            ) -> serialize::Result {
                std::io::Write::write_all(out, &bytes)?;
                Ok(serialize::IsNull::No)
            }

            fn wrapped<'b, M: Column>(
                value: &'b Encrypted<M>,
                out: &mut Output<'b, '_, Self>,
            ) -> serialize::Result {
                std::io::Write::write_all(out, &value.sealed()?)?;
                Ok(serialize::IsNull::No)
            }

            fn read<R>(value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> deserialize::Result<R> {
                Ok(f(value.as_bytes()))
            }
        }
    };
}

#[cfg(feature = "postgres")]
copying_backend!(diesel::pg::Pg);
#[cfg(feature = "mysql")]
copying_backend!(diesel::mysql::Mysql);
