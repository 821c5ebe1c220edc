//! The wrapper: a plaintext that is encrypted whenever it meets the database.

use core::{fmt, hash, ops};

use envelope_core::{Column, PlaintextWriter, ToPlaintext, UnboundColumn};
use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};

use crate::{current, stored};

/// The plaintext of an encrypted column, which SQLx seals when it binds it and opens when it reads it.
///
/// For the places that know types and no structs: tuples, `query_scalar`, `query!`, SQLx's own `FromRow`. It derefs to the
/// plaintext and does not print it. `Option<Encrypted<C>>` is a column that may be `NULL`.
///
/// ```
/// # use envelope_sqlx::Encrypted;
/// #[derive(Encrypted)]
/// #[encrypt(table = "users")]
/// struct User {
///     id: i64,
///     #[encrypt]
///     name: String,
/// }
///
/// let name = Encrypted::<UserName>::new("Ada".to_owned());
/// assert_eq!(name.len(), 3);
/// assert_eq!(format!("{name:?}"), "Encrypted(users.name)");
/// ```
///
/// Of a column with an index it is read, and binding it does not compile: it would leave the index behind.
///
/// ```compile_fail,E0080
/// # use envelope_sqlx::Encrypted;
/// # #[derive(Encrypted)]
/// # #[encrypt(table = "users")]
/// # struct User { id: i64, #[encrypt(index(column = email_index))] email: String }
/// let email = Encrypted::<UserEmail>::new("ada@example.com".to_owned());
/// let query = sqlx::query::<sqlx::Sqlite>("UPDATE users SET email = ?").bind(email);
/// // error: this encrypted column has an index, which is written with it
/// ```
///
/// # Security
///
/// Text, bytes, lists of them and JSON are wiped when the wrapper is dropped; a plaintext type of your own is if it wipes itself
/// (`ZeroizeOnDrop`). What [`into_inner`](Self::into_inner) hands out is the caller's to wipe.
///
/// Bound in a `WHERE` it is compared under the active key only. Search with [`Lookup`](crate::Lookup).
pub struct Encrypted<C: Column> {
    /// `None` only while `into_inner` takes the wrapper apart.
    plain: Option<C::Plain>,
}

impl<C: Column> Encrypted<C> {
    /// Wraps a plaintext.
    #[must_use]
    pub const fn new(plain: C::Plain) -> Self {
        Self { plain: Some(plain) }
    }

    /// The plaintext, without the wrapper that would wipe it.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "nobody can hold a wrapper without its plaintext")]
    pub fn into_inner(mut self) -> C::Plain {
        self.plain.take().expect(TAKEN)
    }
}

/// Why a wrapper always has its plaintext.
const TAKEN: &str = "only `into_inner` takes the plaintext, and the wrapper with it";

impl<C: Column> ops::Deref for Encrypted<C> {
    type Target = C::Plain;

    fn deref(&self) -> &C::Plain {
        self.plain.as_ref().expect(TAKEN)
    }
}

/// The plaintext is never pinned in place.
impl<C: Column> Unpin for Encrypted<C> {}

impl<C: Column> Drop for Encrypted<C> {
    fn drop(&mut self) {
        if let Some(plain) = &mut self.plain {
            envelope_core::wipe(plain);
        }
    }
}

impl<C: Column> fmt::Debug for Encrypted<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encrypted({})", C::FIELD.name())
    }
}

impl<C: Column<Plain: Clone>> Clone for Encrypted<C> {
    fn clone(&self) -> Self {
        Self { plain: self.plain.clone() }
    }
}

impl<C: Column<Plain: PartialEq>> PartialEq for Encrypted<C> {
    fn eq(&self, other: &Self) -> bool {
        self.plain == other.plain
    }
}

impl<C: Column<Plain: Eq>> Eq for Encrypted<C> {}

impl<C: Column<Plain: hash::Hash>> hash::Hash for Encrypted<C> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

/// So that a wrapper can be bound and looked up like the plaintext in it.
impl<C: Column> ToPlaintext for Encrypted<C> {
    type Plain = C::Plain;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        (**self).write(out);
    }

    fn size_hint(&self) -> usize {
        (**self).size_hint()
    }
}

impl<DB: Database, C: Column> Type<DB> for Encrypted<C>
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

impl<'q, DB: Database, C: UnboundColumn> Encode<'q, DB> for Encrypted<C>
where
    Vec<u8>: Encode<'q, DB>,
    String: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        const {
            assert!(
                C::FIELD.is_written_alone(),
                "this encrypted column has an index, which is written with it: `.bind_indexed(User::EMAIL.indexed(value)?)`"
            );
        }
        stored::encode::<DB, C>(current::seal::<C>(&**self)?, buf)
    }

    fn size_hint(&self) -> usize {
        (**self).size_hint()
    }
}

impl<'r, DB: Database, C: UnboundColumn> Decode<'r, DB> for Encrypted<C>
where
    Vec<u8>: Decode<'r, DB>,
    String: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::new(current::open::<C>(stored::decode::<DB, C>(value)?)?))
    }
}

#[cfg(feature = "postgres")]
impl<C: Column> sqlx::postgres::PgHasArrayType for Encrypted<C> {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        crate::lookup::pg_array(C::FIELD.stored_as())
    }
}
