//! Values whose place does not say what they need.

use thiserror::Error;

use crate::{
    key::{Tenant, TenantNameError},
    plaintext::PlaintextError,
};

/// What is known of a value's place, its row and its tenant, does not do for sealing or opening it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlaceError {
    /// The column is bound to its row, and no row was given.
    #[error(
        "its values are bound to their row, and no row was given; read and write whole structs, or give the row's id"
    )]
    NoRow,
    /// A part of the row's id has more than 65,535 bytes.
    #[error("the row's id has {0} bytes, and a row that values are bound to at most 65535")]
    RowTooLong(usize),
    /// A part of the row's id has no encoding.
    #[error("the row's id names no row: {0}")]
    RowId(#[source] PlaintextError),
    /// The rows are of tenants, and neither the row nor the keyring names one.
    #[error(
        "its rows are of tenants, and the keyring is of none; use `keyring.tenant(…)`, or read and write whole structs"
    )]
    NoTenant,
    /// The row's field does not hold the name of a tenant.
    #[error("the row names no tenant: {0}")]
    TenantName(#[source] TenantNameError),
    /// The keyring is of one tenant and the row of another.
    #[error(
        "the row is of {row}, and the keyring of {keyring}; the application's own keyring opens the rows of all tenants"
    )]
    OtherTenant {
        /// The row's tenant.
        row: Tenant,
        /// The keyring's tenant.
        keyring: Tenant,
    },
}
