//! What is tampered with: two tables alike, and one with values bound to their row; rows of tenants; for Diesel and SQLx.

use diesel::prelude::*;

diesel::table! {
    patients (id) {
        id -> Integer,
        org_id -> Text,
        name -> crate::tampered::PatientName,
        note -> Nullable<crate::tampered::PatientNote>,
        email -> crate::tampered::PatientEmail,
        phone -> crate::tampered::PatientPhone,
    }
}

diesel::table! {
    archive (id) {
        id -> Integer,
        org_id -> Text,
        name -> crate::tampered::ArchivedName,
        note -> Nullable<crate::tampered::ArchivedNote>,
        email -> crate::tampered::ArchivedEmail,
        phone -> crate::tampered::ArchivedPhone,
    }
}

diesel::table! {
    charts (id) {
        id -> Integer,
        org_id -> Text,
        body -> crate::tampered::ChartBody,
        finding -> Nullable<crate::tampered::ChartFinding>,
    }
}

#[derive(envelope_diesel::Encrypted, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = patients)]
#[encrypt(diesel, sqlx, sealed, tenant = org_id)]
pub(crate) struct Patient {
    pub(crate) id: i32,
    pub(crate) org_id: String,
    #[encrypt]
    pub(crate) name: String,
    #[encrypt]
    pub(crate) note: Option<String>,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt(encoding = "text")]
    pub(crate) phone: String,
}

#[derive(envelope_diesel::Encrypted, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = archive)]
#[encrypt(diesel, sqlx, sealed, tenant = org_id)]
pub(crate) struct Archived {
    pub(crate) id: i32,
    pub(crate) org_id: String,
    #[encrypt]
    pub(crate) name: String,
    #[encrypt]
    pub(crate) note: Option<String>,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt(encoding = "text")]
    pub(crate) phone: String,
}

#[derive(envelope_diesel::Encrypted, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = charts)]
#[encrypt(diesel, sqlx, sealed, bind = id, tenant = org_id)]
pub(crate) struct Chart {
    pub(crate) id: i32,
    pub(crate) org_id: String,
    #[encrypt]
    pub(crate) body: String,
    #[encrypt]
    pub(crate) finding: Option<String>,
}
