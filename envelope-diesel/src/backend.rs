//! The databases: how bytes get into a bind parameter and out of a row.

use diesel::{
    backend::Backend,
    deserialize,
    serialize::{self, Output},
};
use envelope_core::Column;

use crate::{encrypted::Encrypted, kept::Kept};

/// A database that can hold encrypted columns. The features `sqlite`, `postgres` and `mysql` implement it, and
/// [`multi_connection!`](crate::multi_connection) for a backend of `#[derive(MultiConnection)]`.
pub trait EncryptedBackend: Backend {
    /// Gives bytes to a bind parameter.
    #[doc(hidden)]
    fn lend<'b>(bytes: &'b [u8], out: &mut Output<'b, '_, Self>) -> serialize::Result;

    /// Gives a bind parameter bytes that are made for it. Who cannot take them keeps them beside the value.
    #[doc(hidden)]
    fn give<'b>(bytes: Vec<u8>, kept: &'b Kept, out: &mut Output<'b, '_, Self>) -> serialize::Result;

    /// Gives a bind parameter a wrapper, which it seals.
    #[doc(hidden)]
    fn wrapped<'b, M: Column>(value: &'b Encrypted<M>, out: &mut Output<'b, '_, Self>) -> serialize::Result;

    /// Lends the bytes of a value.
    #[doc(hidden)]
    fn read<R>(value: Self::RawValue<'_>, f: impl FnOnce(&[u8]) -> R) -> deserialize::Result<R>;
}

#[cfg(feature = "sqlite")]
impl EncryptedBackend for diesel::sqlite::Sqlite {
    fn lend<'b>(bytes: &'b [u8], out: &mut Output<'b, '_, Self>) -> serialize::Result {
        out.set_value(bytes);
        Ok(serialize::IsNull::No)
    }

    fn give<'b>(bytes: Vec<u8>, _: &'b Kept, out: &mut Output<'b, '_, Self>) -> serialize::Result {
        out.set_value(bytes);
        Ok(serialize::IsNull::No)
    }

    fn wrapped<'b, M: Column>(value: &'b Encrypted<M>, out: &mut Output<'b, '_, Self>) -> serialize::Result {
        out.set_value(value.sealed()?);
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
            fn lend<'b>(bytes: &'b [u8], out: &mut Output<'b, '_, Self>) -> serialize::Result {
                std::io::Write::write_all(out, bytes)?;
                Ok(serialize::IsNull::No)
            }

            fn give<'b>(bytes: Vec<u8>, _: &'b Kept, out: &mut Output<'b, '_, Self>) -> serialize::Result {
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
