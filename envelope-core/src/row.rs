//! Where a value stands: the row that it is bound to, and the tenant whose it is.

use core::fmt;
use std::{borrow::Cow, rc::Rc, sync::Arc};

use crate::{
    key::{Tenant, TenantNameError},
    plaintext::{PlaintextError, PlaintextWriter, ToPlaintext},
};

/// One column names the row (FORMAT.md#associated-data).
const SINGLE: u8 = 1;
/// Several columns name it.
const COMPOSITE: u8 = 2;

/// The primary key of a row, to which the values of a bound column are sealed.
///
/// ```
/// use envelope_core::RowKey;
///
/// let of_document = RowKey::new(&17_i64);
/// let of_member = RowKey::new("acme").and(&17_i64); // `#[encrypt(bind = (org_id, id))]`
/// # let _ = (of_document, of_member);
/// ```
///
/// An id has the encoding that it would have as a plaintext (FORMAT.md#plaintext-encodings), so `17_i32` and `17_i64` name
/// the same row.
#[derive(Clone, PartialEq, Eq)]
pub struct RowKey {
    /// `row` of FORMAT.md#associated-data.
    encoded: Vec<u8>,
    /// Why a part of the key cannot name a row.
    flaw: Option<Flaw>,
}

/// An id that names no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It has so many bytes.
    TooLong(usize),
    /// It has no encoding.
    Refused(PlaintextError),
}

impl RowKey {
    /// A row that one column names.
    #[must_use]
    pub fn new(id: &(impl ToPlaintext + ?Sized)) -> Self {
        let mut encoded = Vec::with_capacity(id.size_hint().min(usize::from(u16::MAX)).saturating_add(3));
        encoded.push(SINGLE);
        let mut key = Self { encoded, flaw: None };
        key.push(id);
        key
    }

    /// The same with one more column of a composite primary key. The order counts.
    #[must_use]
    pub fn and(mut self, id: &(impl ToPlaintext + ?Sized)) -> Self {
        if let Some(kind) = self.encoded.first_mut() {
            *kind = COMPOSITE;
        }
        self.push(id);
        self
    }

    fn push(&mut self, id: &(impl ToPlaintext + ?Sized)) {
        let start = self.encoded.len();
        self.encoded.extend_from_slice(&[0; 2]);
        let from = self.encoded.len();
        let mut out = PlaintextWriter::new(&mut self.encoded, 0);
        id.write(&mut out);
        let refused = out.finish().err().map(Flaw::Refused);
        let length = self.encoded.len().saturating_sub(from);
        match (u16::try_from(length), self.encoded.get_mut(start..from)) {
            (Ok(length), Some(place)) => place.copy_from_slice(&length.to_be_bytes()),
            _ => self.flaw = Some(Flaw::TooLong(length)),
        }
        self.flaw = self.flaw.take().or(refused);
    }

    /// `row` of FORMAT.md#associated-data.
    pub(crate) fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Why it names no row, if it does not.
    pub(crate) const fn flaw(&self) -> Option<&Flaw> {
        self.flaw.as_ref()
    }
}

impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowKey({} bytes)", self.encoded.len())
    }
}

/// What a struct's fields say of the place of its values: the row, and the tenant.
///
/// A value that is bound to its row needs the row; one in a table whose rows are of tenants needs the tenant, of the row
/// or of the keyring.
#[derive(Clone, Debug, Default)]
pub struct Place {
    row: Option<Arc<RowKey>>,
    tenant: Option<Result<Tenant, TenantNameError>>,
}

impl Place {
    /// The place, in this row.
    #[must_use]
    pub fn in_row(mut self, row: RowKey) -> Self {
        self.row = Some(Arc::new(row));
        self
    }

    /// The place, of this tenant. A name that is not one is an error of sealing and opening.
    #[must_use]
    pub fn of_tenant(mut self, tenant: &(impl TenantId + ?Sized)) -> Self {
        self.tenant = Some(tenant.tenant());
        self
    }

    pub(crate) fn row(&self) -> Option<&RowKey> {
        self.row.as_deref()
    }

    pub(crate) const fn tenant(&self) -> Option<&Result<Tenant, TenantNameError>> {
        self.tenant.as_ref()
    }
}

/// A field that names the tenant of its row, by `#[encrypt(tenant = org_id)]`.
///
/// Different values have to have different names, and one value the same name for ever: the name is bound into every value
/// of the tenant and every key. Text names itself, byte by byte; a number is written in decimal digits, a UUID in lower-case digits with hyphens.
///
/// ```
/// use envelope_core::{Tenant, TenantId, TenantNameError};
///
/// struct OrgId(u32);
///
/// impl TenantId for OrgId {
///     fn tenant(&self) -> Result<Tenant, TenantNameError> {
///         self.0.tenant()
///     }
/// }
///
/// assert_eq!(OrgId(7).tenant(), Tenant::new("7"));
/// assert!("".tenant().is_err());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name the tenant of a row",
    label = "not the name of a tenant",
    note = "text, integers and UUIDs name a tenant; for a type of your own implement `TenantId`; a row without a tenant (`Option`) has no keys"
)]
pub trait TenantId {
    /// The tenant.
    ///
    /// # Errors
    ///
    /// When the name is empty or has more than 255 bytes.
    fn tenant(&self) -> Result<Tenant, TenantNameError>;
}

impl TenantId for str {
    fn tenant(&self) -> Result<Tenant, TenantNameError> {
        Tenant::new(self)
    }
}

/// A tenant by its own name; the default tenant has none.
impl TenantId for Tenant {
    fn tenant(&self) -> Result<Tenant, TenantNameError> {
        Self::new(self.as_str())
    }
}

impl<T: TenantId + ?Sized> TenantId for &T {
    fn tenant(&self) -> Result<Tenant, TenantNameError> {
        T::tenant(self)
    }
}

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl TenantId for $text {
            fn tenant(&self) -> Result<Tenant, TenantNameError> {
                Tenant::new(self)
            }
        }
    )*};
}

texts!(String, Box<str>, Arc<str>, Rc<str>, Cow<'_, str>);

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl TenantId for $int {
            fn tenant(&self) -> Result<Tenant, TenantNameError> {
                Tenant::new(&self.to_string())
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

#[cfg(feature = "uuid")]
impl TenantId for uuid::Uuid {
    fn tenant(&self) -> Result<Tenant, TenantNameError> {
        Tenant::new(&self.hyphenated().to_string())
    }
}
