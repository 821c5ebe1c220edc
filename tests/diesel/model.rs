//! The tables and the models of the suite, which are the same on every backend.

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::model::UserEmail,
        name -> crate::model::UserName,
        note -> Nullable<crate::model::UserNote>,
        phone -> Nullable<crate::model::UserPhone>,
        is_active -> Bool,
    }
}

diesel::table! {
    orders (id) {
        id -> Integer,
        user_id -> Integer,
        item -> crate::model::OrderItem,
    }
}

diesel::table! {
    /// Former users, whose columns share the contexts of `users`.
    archive (id) {
        id -> Integer,
        email -> crate::model::ArchivedEmail,
        note -> Nullable<crate::model::ArchivedNote>,
    }
}

diesel::table! {
    /// `users`, as code sees it that knows nothing of encryption.
    #[sql_name = "users"]
    stored_users (id) {
        id -> Integer,
        email -> Binary,
        name -> Binary,
        note -> Nullable<Binary>,
        phone -> Nullable<Binary>,
    }
}

diesel::table! {
    secrets (id) {
        id -> Integer,
        login -> crate::model::SecretLogin,
        token -> Nullable<crate::model::SecretToken>,
    }
}

diesel::joinable!(orders -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(orders, users, archive);

#[derive(Encrypted, HasQuery, Identifiable, QueryableByName, Clone, Debug, PartialEq)]
#[diesel(table_name = users)]
pub(crate) struct User {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt]
    pub(crate) name: String,
    #[encrypt]
    pub(crate) note: Option<String>,
    #[encrypt(deterministic)]
    pub(crate) phone: Option<String>,
    pub(crate) is_active: bool,
}

#[derive(Encrypted, Queryable, Selectable, Identifiable, Associations, Clone, Debug, PartialEq)]
#[diesel(table_name = orders, belongs_to(User))]
pub(crate) struct Order {
    pub(crate) id: i32,
    pub(crate) user_id: i32,
    #[encrypt(deterministic)]
    pub(crate) item: String,
}

#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = archive)]
pub(crate) struct Archived {
    pub(crate) id: i32,
    #[encrypt(deterministic, context = "users.email")]
    pub(crate) email: String,
    #[encrypt(context = "users.note")]
    pub(crate) note: Option<String>,
}

#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq, Eq, Hash)]
#[diesel(table_name = secrets)]
pub(crate) struct Secret {
    pub(crate) id: i32,
    #[encrypt(deterministic, type = String)]
    pub(crate) login: Encrypted<SecretLogin>,
    #[encrypt(type = Vec<u8>)]
    pub(crate) token: Option<Encrypted<SecretToken>>,
}

/// The tables, with `{id}` and `{bytes}` for what each database calls those.
pub(crate) const TABLES: &str = "
    CREATE TABLE users (id {id}, email {bytes} NOT NULL UNIQUE, name {bytes} NOT NULL, note {bytes}, phone {bytes}, \
        is_active BOOLEAN NOT NULL DEFAULT TRUE);
    CREATE INDEX users_by_phone ON users (phone);
    CREATE TABLE orders (id {id}, user_id INTEGER NOT NULL REFERENCES users (id), item {bytes} NOT NULL);
    CREATE TABLE archive (id {id}, email {bytes} NOT NULL UNIQUE, note {bytes});
    CREATE TABLE secrets (id {id}, login {bytes} NOT NULL UNIQUE, token {bytes});
";

pub(crate) fn ada() -> User {
    User {
        id: 1,
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        note: Some("likes tea".to_owned()),
        phone: Some("+44 1".to_owned()),
        is_active: true,
    }
}

pub(crate) fn bob() -> User {
    User {
        id: 2,
        email: "bob@example.com".to_owned(),
        name: "Bob".to_owned(),
        note: None,
        phone: None,
        is_active: false,
    }
}

/// With Ada's phone.
pub(crate) fn carol() -> User {
    User { id: 3, email: "carol@example.com".to_owned(), ..ada() }
}
