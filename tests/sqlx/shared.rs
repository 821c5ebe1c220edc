//! Structs for Diesel and SQLx.

use diesel::prelude::*;

diesel::table! {
    accounts (id) {
        id -> Integer,
        email -> crate::shared::AccountEmail,
        note -> Nullable<crate::shared::AccountNote>,
        iban -> crate::shared::AccountIban,
        is_active -> Bool,
    }
}

diesel::table! {
    letters (id) {
        id -> Integer,
        text -> crate::shared::LetterText,
    }
}

/// Declared at Diesel's entry point.
#[derive(envelope_diesel::Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = accounts)]
#[encrypt(diesel, sqlx)]
pub(crate) struct Account {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt]
    pub(crate) note: Option<String>,
    #[encrypt(deterministic)]
    pub(crate) iban: Iban,
    pub(crate) is_active: bool,
}

#[derive(envelope_diesel::Plaintext, Clone, Debug, PartialEq)]
#[expect(unnameable_types, reason = "the SQL type of a column is public, and names its plaintext")]
pub struct Iban(pub(crate) String);

/// Declared at SQLx's.
#[derive(envelope_sqlx::Encrypted, Queryable, Selectable, Identifiable, Debug, PartialEq)]
#[diesel(table_name = letters)]
#[encrypt(diesel, sqlx)]
pub(crate) struct Letter {
    pub(crate) id: i32,
    #[encrypt]
    pub(crate) text: String,
}

/// Some columns, for both.
#[derive(envelope_diesel::Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = accounts)]
#[encrypt(diesel, sqlx, columns = Account)]
pub(crate) struct Contact {
    #[encrypt]
    pub(crate) email: String,
    #[encrypt]
    pub(crate) note: Option<String>,
}
