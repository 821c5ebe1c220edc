//! A module that warns of everything: generated code gives no cause.

#![deny(
    dead_code,
    elided_lifetimes_in_paths,
    let_underscore_drop,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    single_use_lifetimes,
    trivial_bounds,
    trivial_casts,
    trivial_numeric_casts,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::cargo,
    clippy::nursery,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::missing_inline_in_public_items,
    clippy::missing_trait_methods,
    clippy::panic,
    clippy::unwrap_used
)]

/// With `SQLx`; its constants are used by nobody.
#[derive(envelope_sqlx::Encrypted, Debug)]
#[encrypt(table = "users")]
pub(crate) struct SqlxUser {
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
    #[encrypt]
    status: SqlxStatus,
}

/// With `SQLx`, sealed, in its row.
#[derive(envelope_sqlx::Encrypted, Debug)]
#[encrypt(table = "docs", bind = id, tenant = org_id)]
pub(crate) struct SqlxDoc {
    id: i64,
    org_id: String,
    #[encrypt(encoding = "text")]
    body: String,
}

/// An enum.
#[derive(envelope_sqlx::Plaintext, Debug)]
pub(crate) enum SqlxStatus {
    Active,
    #[encrypt(rename = "gone")]
    Deleted,
}

/// A newtype.
#[derive(envelope_sqlx::Plaintext, Debug)]
pub(crate) struct SqlxIban(String);

/// With Diesel.
#[derive(envelope_diesel::Encrypted, Debug)]
#[diesel(table_name = schema::strict_users)]
pub struct DieselUser {
    id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
    #[encrypt]
    iban: DieselIban,
}

/// For inserts.
#[derive(envelope_diesel::Encrypted, Debug)]
#[diesel(table_name = schema::strict_users)]
#[encrypt(columns = DieselUser)]
pub(crate) struct NewDieselUser<'a> {
    #[encrypt]
    email: &'a str,
    #[encrypt]
    note: Option<&'a str>,
}

/// A newtype.
#[derive(envelope_diesel::Plaintext, Debug)]
pub struct DieselIban(String);

#[expect(missing_docs, clippy::exhaustive_structs, reason = "emitted by Diesel")]
pub mod schema {
    diesel::table! {
        strict_users (id) {
            id -> Integer,
            email -> crate::strict::DieselUserEmail,
            note -> Nullable<crate::strict::DieselUserNote>,
            iban -> crate::strict::DieselUserIban,
        }
    }
}

#[test]
fn everything_is_used() {
    let user = SqlxUser { email: String::new(), note: None, status: SqlxStatus::Active };
    assert!(user.email.is_empty() && user.note.is_none() && matches!(user.status, SqlxStatus::Active));
    assert!(matches!(SqlxStatus::Deleted, SqlxStatus::Deleted));
    assert_eq!(SqlxIban("DE".into()).0, "DE");
    let doc = SqlxDoc { id: 1, org_id: "a".into(), body: String::new() };
    assert!(doc.id == 1 && doc.org_id == "a" && doc.body.is_empty());
    let user = DieselUser { id: 1, email: String::new(), note: None, iban: DieselIban(String::new()) };
    assert!(user.id == 1 && user.email.is_empty() && user.note.is_none() && user.iban.0.is_empty());
    let user = NewDieselUser { email: "a", note: None };
    assert!(user.email == "a" && user.note.is_none());
}
