//! The wrapper: a plaintext that is encrypted whenever it meets the database.

use core::{fmt, hash, ops};

use diesel::{
    deserialize::{self, FromSql, Queryable},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::{Nullable, SingleValue, SqlType, is_nullable::NotNull},
};
use envelope_core::{Column, Encoded, Keyring, Place, SealError, UnboundColumn};

use crate::{
    assign::alone,
    backend::EncryptedBackend,
    current,
    put::WriteOnly,
    sql_type::{Ciphertext, TextCiphertext},
    value::{Forms, Value},
};

/// The plaintext of an encrypted column, which Diesel seals when it writes it and opens when it reads it.
///
/// For fields that must not be printed or left in memory, and for code that has no model: tuples,
/// `select(users::email).load::<Encrypted<UserEmail>>()`, Diesel's own `Insertable`. It derefs to the plaintext and does not print it.
/// `Option<Encrypted<C>>` is a column that may be `NULL`.
///
/// ```standalone_crate
/// # mod schema { diesel::table! { users { id -> Integer, name -> crate::UserName } } }
/// # use schema::users;
/// use diesel::prelude::*;
/// use envelope_diesel::Encrypted;
///
/// #[derive(Encrypted, Queryable, Debug)]
/// #[diesel(table_name = users)]
/// pub struct User {
///     pub id: i32,
///     #[encrypt(type = String)]
///     pub name: Encrypted<UserName>,
/// }
///
/// # fn main() {
/// let user = User { id: 1, name: Encrypted::new("Ada".to_owned()) };
/// assert_eq!(user.name.len(), 3);
/// assert_eq!(format!("{user:?}"), "User { id: 1, name: Encrypted(users.name) }");
/// # }
/// ```
///
/// In a condition compare with the plaintext, or say [`matches`](crate::EncryptedExpressionMethods::matches). The wrapper itself is what
/// Diesel's derives insert, and as that it can be stored and not compared with:
///
/// ```compile_fail,E0277,standalone_crate
/// # mod schema { diesel::table! { users { id -> Integer, name -> crate::UserName } } }
/// # use schema::users;
/// # use diesel::prelude::*;
/// # use envelope_diesel::Encrypted;
/// # #[derive(Encrypted)]
/// # #[diesel(table_name = users)]
/// # pub struct User { pub id: i32, #[encrypt(deterministic)] pub name: String }
/// # fn main() {
/// # let wrapper = Encrypted::<UserName>::new("Ada".to_owned());
/// # let _ = users::table.filter(users::name.eq(&*wrapper)); // compiles
/// users::table.filter(users::name.eq(&wrapper)); // write `users::name.eq(&*wrapper)`
/// # }
/// ```
///
/// On an aliased column `eq_any(wrappers)` and `eq(Some(wrapper))` are Diesel's own and cannot be refused here. They compare under the active
/// key only, and find nothing in a randomized column: write `matches_any` and `matches`.
///
/// Of a column with an index the wrapper is read and not written: it would leave the index behind. Nor does a value set it alone.
///
/// ```compile_fail,E0080,standalone_crate
/// # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail, email_index -> crate::UserEmailIndex } } }
/// # use schema::users;
/// # use diesel::prelude::*;
/// # use envelope_diesel::Encrypted;
/// # #[derive(Encrypted)]
/// # #[diesel(table_name = users)]
/// # pub struct User { pub id: i32, #[encrypt(index(column = email_index))] pub email: String }
/// # fn main() {
/// # let db = &mut SqliteConnection::establish(":memory:").unwrap();
/// let wrapper = Encrypted::<UserEmail>::new("ada@example.com".to_owned());
/// let _ = diesel::update(users::table).set(users::email.eq(wrapper)).execute(db);
/// // error: this encrypted column has an index, which is written with it
/// # }
/// ```
///
/// ```compile_fail,E0080,standalone_crate
/// # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail, email_index -> crate::UserEmailIndex } } }
/// # use schema::users;
/// # use diesel::prelude::*;
/// # use envelope_diesel::Encrypted;
/// # #[derive(Encrypted)]
/// # #[diesel(table_name = users)]
/// # pub struct User { pub id: i32, #[encrypt(index(column = email_index))] pub email: String }
/// # fn main() {
/// # let db = &mut SqliteConnection::establish(":memory:").unwrap();
/// let _ = diesel::update(users::table).set(users::email.eq("ada@example.com")).execute(db);
/// # }
/// ```
///
/// # Security
///
/// Text, bytes, lists of them and JSON are wiped when the wrapper is dropped; a plaintext type of your own is if it wipes itself
/// (`ZeroizeOnDrop`). What [`into_inner`](Self::into_inner) hands out is the caller's to wipe.
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

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
impl<C: Column> Encrypted<C> {
    /// The stored bytes, as [`EncryptedBackend`] wants them.
    pub(crate) fn sealed(&self) -> Result<Vec<u8>, current::NotSealed> {
        crate::put::sealed::<C, _>(self)
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

impl<C: UnboundColumn, DB: EncryptedBackend> FromSql<C, DB> for Encrypted<C> {
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        current::open::<C, DB>(value).map(Self::new)
    }
}

/// What Diesel's `#[derive(FromSqlRow)]` writes.
impl<C, ST, DB> Queryable<ST, DB> for Encrypted<C>
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

/// What Diesel's `#[derive(AsExpression)]` writes, but for a type that can be stored and not compared with.
///
/// The wrapper is no `ToPlaintext`, for then `users::email.eq(wrapper)` could mean two things: Diesel's own `eq`, which its derives
/// need, would be as good as that of this crate.
macro_rules! written_as {
    ($(($($lifetime:lifetime)*) $form:ty;)*) => {$(
        impl<$($lifetime,)* M: Column> Value<M> for $form {
            fn seal(&self, keyring: &Keyring, place: &Place) -> Result<Vec<u8>, SealError> {
                let plain: &M::Plain = self;
                keyring.seal_at(&M::FIELD, place, plain)
            }

            fn lookup(&self, keyring: &Keyring) -> Result<Forms, SealError> {
                let plain: &M::Plain = self;
                <M::Plain as Value<M>>::lookup(plain, keyring)
            }

            fn encoded(&self) -> Encoded<()> {
                let plain: &M::Plain = self;
                Encoded::of(plain).retyped()
            }
        }

        impl<$($lifetime,)* M> AsExpression<M> for $form
        where
            M: Column + SqlType<IsNull = NotNull> + SingleValue,
        {
            type Expression = WriteOnly<M, Self>;

            fn as_expression(self) -> Self::Expression {
                const { alone::<M>() };
                WriteOnly::new(self)
            }
        }

        impl<$($lifetime,)* M> AsExpression<Nullable<M>> for $form
        where
            M: Column + SqlType<IsNull = NotNull> + SingleValue,
        {
            type Expression = WriteOnly<Nullable<M>, Self>;

            fn as_expression(self) -> Self::Expression {
                const { alone::<M>() };
                WriteOnly::new(self)
            }
        }
    )*};
}

written_as! {
    () Encrypted<M>;
    ('a) &'a Encrypted<M>;
    ('a 'b) &'a &'b Encrypted<M>;
}

impl<M: UnboundColumn, DB: EncryptedBackend> ToSql<M, DB> for Encrypted<M> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::wrapped(self, out)
    }
}

impl<M: UnboundColumn, DB: EncryptedBackend> ToSql<Nullable<M>, DB> for Encrypted<M> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::wrapped(self, out)
    }
}

/// As one of the connections of `#[derive(MultiConnection)]` binds it.
impl<M: Column, DB: EncryptedBackend> ToSql<Ciphertext, DB> for Encrypted<M> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::wrapped(self, out)
    }
}

impl<M: Column, DB: EncryptedBackend> ToSql<TextCiphertext, DB> for Encrypted<M> {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        DB::wrapped(self, out)
    }
}
