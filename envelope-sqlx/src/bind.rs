//! A value on its way into a statement: `User::EMAIL.bind(value)`.

use core::{fmt, marker::PhantomData};

use envelope_core::{Column, SealError, ToPlaintext, UnboundColumn};
use sqlx::{Database, Encode, Type, encode::IsNull, error::BoxDynError};

use crate::{
    current,
    indexed::{self, Indexed},
    sealed::Sealed,
    stored,
};

/// A plaintext, owned or borrowed, that SQLx seals for its column when it is bound.
///
/// `User::EMAIL.bind(value)` makes one. Sealing happens once, in SQLx's `.bind(…)`, on the task that calls it and with the
/// keyring in force there. If it fails, SQLx keeps the error's text and executing the statement returns it;
/// `User::EMAIL.seal(value)?` returns it at once, and typed.
///
/// `QueryBuilder::push_bind` *panics* when a value does not encode: push `User::EMAIL.seal(value)?` there.
///
/// # Security
///
/// For values that are stored. Compared with a column it finds what was written under the active key only; search with
/// [`Lookup`](crate::Lookup).
#[derive(Clone, Copy)]
pub struct Bind<C, V> {
    value: V,
    column: PhantomData<fn() -> C>,
}

impl<C: Column, V> fmt::Debug for Bind<C, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bind({})", C::FIELD.name())
    }
}

impl<DB: Database, C: Column, V> Type<DB> for Bind<C, V>
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

impl<'q, DB: Database, C: UnboundColumn, V: ToPlaintext<Plain = C::Plain>> Encode<'q, DB> for Bind<C, V>
where
    Vec<u8>: Encode<'q, DB>,
    String: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        stored::encode::<DB, C>(current::seal::<C>(&self.value)?, buf)
    }

    fn size_hint(&self) -> usize {
        self.value.size_hint()
    }
}

/// What can be bound to the column `C`: a form of its plaintext, or an `Option` of one for `NULL`.
///
/// Implemented for everything that it can be; `Kind` only keeps the implementations apart, and is always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in the encrypted column `{C}`",
    label = "not a form of the column's plaintext type",
    note = "the value is the type of the field, owned or borrowed, or an `Option` of it: `User::EMAIL.bind(&user.email)`"
)]
pub trait BindValue<C: Column, Kind>: Sized {
    /// What goes into SQLx's `.bind(…)`: [`Bind`], or an `Option` of it.
    type Bind;
    /// The same, sealed: [`Sealed`], or an `Option` of it.
    type Sealed;

    /// Pairs the value with its column.
    #[doc(hidden)]
    fn into_bind(self) -> Self::Bind;

    /// Seals the value with the keyring in force.
    #[doc(hidden)]
    fn into_sealed(self) -> Result<Self::Sealed, SealError>;

    /// Seals the value, and the terms of its indexes, with the keyring in force.
    #[doc(hidden)]
    fn into_indexed(self) -> Result<Indexed<C>, SealError>;
}

/// [`BindValue`]'s `Kind` of a plaintext.
#[derive(Debug)]
#[non_exhaustive]
pub struct Value;

/// [`BindValue`]'s `Kind` of an `Option`.
#[derive(Debug)]
#[non_exhaustive]
pub struct Nullable;

/// [`BindValue`]'s `Kind` of a reference to an `Option`, as `&user.note` is one.
#[derive(Debug)]
#[non_exhaustive]
pub struct NullableRef;

impl<C: Column, V: ToPlaintext<Plain = C::Plain>> BindValue<C, Value> for V {
    type Bind = Bind<C, V>;
    type Sealed = Sealed<C>;

    fn into_bind(self) -> Bind<C, V> {
        Bind { value: self, column: PhantomData }
    }

    fn into_sealed(self) -> Result<Sealed<C>, SealError> {
        current::seal::<C>(&self).map(Sealed::new)
    }

    fn into_indexed(self) -> Result<Indexed<C>, SealError> {
        current::with_keyring::<C, _>(|keyring| indexed::seal::<C>(keyring, &self)).map(Indexed::new)
    }
}

impl<C: Column, V: ToPlaintext<Plain = C::Plain>> BindValue<C, Nullable> for Option<V> {
    type Bind = Option<Bind<C, V>>;
    type Sealed = Option<Sealed<C>>;

    fn into_bind(self) -> Option<Bind<C, V>> {
        self.map(BindValue::into_bind)
    }

    fn into_sealed(self) -> Result<Option<Sealed<C>>, SealError> {
        self.map(BindValue::into_sealed).transpose()
    }

    fn into_indexed(self) -> Result<Indexed<C>, SealError> {
        match self {
            Some(value) => value.into_indexed(),
            None => Ok(Indexed::null()),
        }
    }
}

impl<'v, C: Column, V: ToPlaintext<Plain = C::Plain>> BindValue<C, NullableRef> for &'v Option<V> {
    type Bind = Option<Bind<C, &'v V>>;
    type Sealed = Option<Sealed<C>>;

    fn into_bind(self) -> Option<Bind<C, &'v V>> {
        self.as_ref().into_bind()
    }

    fn into_sealed(self) -> Result<Option<Sealed<C>>, SealError> {
        self.as_ref().into_sealed()
    }

    fn into_indexed(self) -> Result<Indexed<C>, SealError> {
        self.as_ref().into_indexed()
    }
}
