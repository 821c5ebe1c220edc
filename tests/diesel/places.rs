//! Models with sealed structs, with values that are bound to their row, with rows that name their tenant, and with columns of text.

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    guests (id) {
        id -> Integer,
        email -> crate::places::GuestEmail,
        note -> Nullable<crate::places::GuestNote>,
    }
}

diesel::table! {
    docs (id) {
        id -> Integer,
        title -> Text,
        body -> crate::places::DocBody,
        note -> Nullable<crate::places::DocNote>,
    }
}

diesel::table! {
    /// `docs`, as code sees it that knows nothing of encryption.
    #[sql_name = "docs"]
    stored_docs (id) {
        id -> Integer,
        body -> Binary,
        note -> Nullable<Binary>,
    }
}

diesel::table! {
    members (org_id, number) {
        org_id -> Text,
        number -> BigInt,
        name -> crate::places::MemberName,
    }
}

diesel::table! {
    people (id) {
        id -> Integer,
        org_id -> Integer,
        email -> crate::places::PersonEmail,
        note -> Nullable<crate::places::PersonNote>,
    }
}

diesel::table! {
    accounts (id) {
        id -> Integer,
        email -> crate::places::AccountEmail,
        note -> Nullable<crate::places::AccountNote>,
        old -> Nullable<crate::places::AccountOld>,
    }
}

diesel::table! {
    /// `accounts`, when all of it was bytes.
    #[sql_name = "accounts"]
    bytes_accounts (id) {
        id -> Integer,
        email -> crate::places::BytesAccountEmail,
    }
}

diesel::table! {
    /// `accounts`, as code sees it that knows nothing of encryption.
    #[sql_name = "accounts"]
    stored_accounts (id) {
        id -> Integer,
        email -> Text,
        note -> Nullable<Text>,
        old -> Nullable<Text>,
    }
}

diesel::table! {
    letters (id) {
        id -> Integer,
        text -> crate::places::LetterText,
    }
}

diesel::table! {
    lengths (id) {
        id -> Integer,
        found -> Nullable<crate::places::LengthsFound>,
        hidden -> Nullable<crate::places::LengthsHidden>,
        found_text -> Nullable<crate::places::LengthsFoundText>,
        hidden_text -> Nullable<crate::places::LengthsHiddenText>,
    }
}

diesel::joinable!(people -> guests (org_id));
diesel::allow_tables_to_appear_in_same_query!(docs, guests, people);

#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = guests)]
#[encrypt(sealed)]
pub(crate) struct Guest {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt]
    pub(crate) note: Option<String>,
}

/// Inserted, with an id that the database makes.
#[derive(Encrypted)]
#[diesel(table_name = guests)]
#[encrypt(columns = Guest, sealed)]
pub(crate) struct NewGuest<'a> {
    #[encrypt]
    pub(crate) email: &'a str,
    #[encrypt]
    pub(crate) note: Option<&'a str>,
}

#[derive(Encrypted, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = docs)]
#[encrypt(bind = id)]
pub(crate) struct Doc {
    pub(crate) id: i32,
    pub(crate) title: String,
    #[encrypt]
    pub(crate) body: String,
    #[encrypt]
    pub(crate) note: Option<String>,
}

/// A change, which leaves out what is `None`, and knows the row all the same.
#[derive(Encrypted)]
#[diesel(table_name = docs)]
#[encrypt(columns = Doc, bind = id)]
pub(crate) struct DocChange<'a> {
    pub(crate) id: i32,
    #[encrypt]
    pub(crate) body: Option<&'a str>,
    #[encrypt]
    pub(crate) note: Option<Option<&'a str>>,
}

#[derive(Encrypted, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = members, primary_key(org_id, number))]
#[encrypt(bind = (org_id, number), tenant = org_id)]
pub(crate) struct Member {
    pub(crate) org_id: String,
    pub(crate) number: i64,
    #[encrypt(type = String)]
    pub(crate) name: Encrypted<MemberName>,
}

#[derive(Encrypted, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = people)]
#[encrypt(tenant = org_id)]
pub(crate) struct Person {
    pub(crate) id: i32,
    pub(crate) org_id: i32,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt]
    pub(crate) note: Option<String>,
}

#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = accounts)]
pub(crate) struct Account {
    pub(crate) id: i32,
    #[encrypt(deterministic, encoding = "text")]
    pub(crate) email: String,
    #[encrypt(encoding = "text")]
    pub(crate) note: Option<String>,
    /// Of a column that is being encrypted.
    #[encrypt(encoding = "text", plaintext = "read")]
    pub(crate) old: Option<String>,
}

#[derive(Encrypted)]
#[diesel(table_name = bytes_accounts)]
pub(crate) struct BytesAccount {
    #[encrypt(deterministic)]
    pub(crate) email: String,
}

#[derive(Encrypted, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = letters)]
#[encrypt(bind = id)]
pub(crate) struct Letter {
    pub(crate) id: i32,
    #[encrypt(encoding = "text")]
    pub(crate) text: String,
}

#[derive(Encrypted)]
#[diesel(table_name = lengths)]
pub(crate) struct Lengths {
    #[encrypt(deterministic)]
    pub(crate) found: Option<String>,
    #[encrypt]
    pub(crate) hidden: Option<String>,
    #[encrypt(deterministic, encoding = "text")]
    pub(crate) found_text: Option<String>,
    #[encrypt(encoding = "text")]
    pub(crate) hidden_text: Option<String>,
}

/// The tables; see `database::create`.
pub(crate) const TABLES: &str = "
    CREATE TABLE guests (id {id}, email {bytes} NOT NULL UNIQUE, note {bytes});
    CREATE TABLE docs (id {id}, title {text} NOT NULL, body {bytes} NOT NULL, note {bytes});
    CREATE TABLE members (org_id VARCHAR(20) NOT NULL, number BIGINT NOT NULL, name {bytes} NOT NULL, PRIMARY KEY (org_id, number));
    CREATE TABLE people (id {id}, org_id INTEGER NOT NULL, email {bytes} NOT NULL, note {bytes});
    CREATE TABLE accounts (id {id}, email {text} NOT NULL UNIQUE, note {text}, old {text});
    CREATE TABLE letters (id {id}, text {text} NOT NULL);
";

pub(crate) fn doc(id: i32, note: Option<&str>) -> Doc {
    Doc { id, title: format!("title {id}"), body: format!("body {id}"), note: note.map(str::to_owned) }
}

pub(crate) fn person(id: i32, org_id: i32) -> Person {
    Person { id, org_id, email: "ada@example.com".to_owned(), note: Some(format!("note {id}")) }
}

pub(crate) fn member(org_id: &str, number: i64) -> Member {
    Member { org_id: org_id.to_owned(), number, name: Encrypted::new(format!("{org_id} {number}")) }
}

pub(crate) fn account(id: i32) -> Account {
    Account { id, email: format!("{id}@example.com"), note: Some(format!("note {id}")), old: None }
}
