//! Searching: what the stored bytes can be, if the column holds a value.

use core::fmt;
use std::sync::OnceLock;

use diesel::serialize::{self, Output, ToSql};
use envelope_core::{Column, FieldName, Keyring, SealError, Tenant};
use smallvec::{SmallVec, smallvec};

use crate::{
    backend::EncryptedBackend,
    current::{NotSealed, with_keyring},
    put::Put,
    value::{Forms, Value},
};

/// What a column is compared with.
pub trait Operand<M: Column>: OperandKind {
    /// The bytes that a stored value may have; `None` for `NULL`.
    #[doc(hidden)]
    fn candidates(&self, keyring: &Keyring) -> Result<Option<Forms>, SealError>;
}

/// What is known of an operand by its type.
pub trait OperandKind {
    /// Whether the number of bind parameters depends on the value.
    const IS_LIST: bool = false;
}

impl<V> OperandKind for One<V> {}
impl<V> OperandKind for Maybe<V> {}
impl<V> OperandKind for AnyOf<V> {
    const IS_LIST: bool = true;
}

/// What a column is set to.
pub trait Assigned<M: Column> {
    /// The same as an operand that Diesel's `=` takes.
    type Assignable;

    #[doc(hidden)]
    fn assigned(self) -> Self::Assignable;
}

/// One value.
#[derive(Clone)]
pub struct One<V>(pub(crate) V);

/// One value, or `NULL`.
#[derive(Clone)]
pub struct Maybe<V>(pub(crate) Option<V>);

/// Any of these values.
#[derive(Clone)]
pub struct AnyOf<V>(pub(crate) Vec<V>);

impl<M: Column, V: Value<M>> Operand<M> for One<V> {
    fn candidates(&self, keyring: &Keyring) -> Result<Option<Forms>, SealError> {
        self.0.lookup(keyring).map(Some)
    }
}

impl<M: Column, V: Value<M>> Operand<M> for Maybe<V> {
    fn candidates(&self, keyring: &Keyring) -> Result<Option<Forms>, SealError> {
        self.0.as_ref().map(|value| value.lookup(keyring)).transpose()
    }
}

impl<M: Column, V: Value<M>> Operand<M> for AnyOf<V> {
    fn candidates(&self, keyring: &Keyring) -> Result<Option<Forms>, SealError> {
        let mut candidates = Forms::with_capacity(self.0.len());
        for value in &self.0 {
            candidates.extend(value.lookup(keyring)?);
        }
        Ok(Some(candidates))
    }
}

impl<M: Column, V: Value<M>> Assigned<M> for One<V> {
    type Assignable = Put<M, V>;

    fn assigned(self) -> Put<M, V> {
        Put::new(self.0)
    }
}

impl<M: Column, V: Value<M>> Assigned<M> for Maybe<V> {
    type Assignable = Option<Put<M, V>>;

    fn assigned(self) -> Option<Put<M, V>> {
        self.0.map(Put::new)
    }
}

impl<'a, M: Column, V> Assigned<M> for &'a One<V>
where
    &'a V: Value<M>,
{
    type Assignable = Put<M, &'a V>;

    fn assigned(self) -> Put<M, &'a V> {
        Put::new(&self.0)
    }
}

impl<'a, M: Column, V> Assigned<M> for &'a Maybe<V>
where
    &'a V: Value<M>,
{
    type Assignable = Option<Put<M, &'a V>>;

    fn assigned(self) -> Option<Put<M, &'a V>> {
        self.0.as_ref().map(Put::new)
    }
}

/// An operand, and what it was looked up as.
///
/// Diesel walks a query several times: for its SQL, for its bind parameters, to print it. The value is looked up at the first
/// of these, so that placeholders and parameters agree even if a key is rotated between two of them.
pub struct Lookup<O> {
    pub(crate) operand: O,
    first: OnceLock<Found>,
}

/// What one tenant's keyring found.
pub(crate) struct Found {
    /// `None` if no keyring was in force.
    tenant: Option<Tenant>,
    /// `None` for `NULL`.
    pub(crate) stored: Option<SmallVec<[Stored; 1]>>,
    /// For a query that is printed in one place and run in the scope of another tenant.
    next: OnceLock<Box<Self>>,
}

/// A bind parameter: the bytes that a stored value may have, or why there are none.
///
/// The error waits until the parameter is bound. Were it told where the SQL is written, a keyring that is missing would make
/// `debug_query` and Diesel's instrumentation panic, whose `Display` cannot fail.
pub(crate) struct Stored {
    field: FieldName,
    bytes: Result<Vec<u8>, SealError>,
}

impl<O> Lookup<O> {
    pub(crate) const fn new(operand: O) -> Self {
        Self { operand, first: OnceLock::new() }
    }

    /// What the keyring in force finds.
    pub(crate) fn found<M: Column>(&self) -> &Found
    where
        O: Operand<M>,
    {
        let tenant = Keyring::with_current(|keyring| keyring.tenant_name().clone()).ok();
        let find = || Found::new::<M, O>(&self.operand, tenant.clone());
        let mut found = self.first.get_or_init(find);
        while found.tenant != tenant {
            found = found.next.get_or_init(|| Box::new(find()));
        }
        found
    }
}

impl Found {
    fn new<M: Column, O: Operand<M>>(operand: &O, tenant: Option<Tenant>) -> Self {
        let field = M::FIELD.name();
        let stored = |bytes| Stored { field, bytes };
        let stored = match with_keyring::<M, _>(|keyring| operand.candidates(keyring)) {
            Ok(candidates) => candidates.map(|all| all.into_iter().map(Ok).map(stored).collect()),
            Err(error) => Some(smallvec![stored(Err(error))]),
        };
        Self { tenant, stored, next: OnceLock::new() }
    }
}

/// Looks up anew: a copy may run later, and under other keys.
impl<O: Clone> Clone for Lookup<O> {
    fn clone(&self) -> Self {
        Self::new(self.operand.clone())
    }
}

/// Operands are plaintext.
macro_rules! redacted {
    ($($operand:ident)*) => {$(
        impl<T> fmt::Debug for $operand<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($operand), "(redacted)"))
            }
        }
    )*};
}

redacted! { One Maybe AnyOf Lookup }

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encrypted({})", self.field)
    }
}

impl<M: Column, DB: EncryptedBackend> ToSql<M, DB> for Stored {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        match &self.bytes {
            Ok(bytes) => DB::lend(bytes, M::FIELD.stored_as(), out),
            Err(error) => Err(NotSealed(error.clone()).into()),
        }
    }
}
