//! Diesel on SQLite.

#[path = "diesel/query.rs"]
mod query;
#[path = "diesel/redacted.rs"]
mod redacted;
#[path = "diesel/refused.rs"]
mod refused;
#[path = "diesel/rotation.rs"]
mod rotation;
#[path = "diesel/structs.rs"]
mod structs;
#[path = "diesel/update.rs"]
mod update;
#[path = "diesel/values.rs"]
mod values;
#[path = "diesel/wrapper.rs"]
mod wrapper;
#[path = "diesel/write.rs"]
mod write;

use std::error::Error as _;

use diesel::{prelude::*, sql_types::Binary};
use envelope_core::{OpenError, SealError, testing};
use envelope_diesel::Encrypted;

use crate::keys;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::diesel_route::UserEmail,
        name -> crate::diesel_route::UserName,
        note -> Nullable<crate::diesel_route::UserNote>,
        phone -> Nullable<crate::diesel_route::UserPhone>,
        is_active -> Bool,
    }
}

diesel::table! {
    orders (id) {
        id -> Integer,
        user_id -> Integer,
        item -> crate::diesel_route::OrderItem,
    }
}

diesel::joinable!(orders -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(orders, users);

#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = users)]
struct User {
    id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    name: String,
    #[encrypt]
    note: Option<String>,
    #[encrypt(deterministic)]
    phone: Option<String>,
    is_active: bool,
}

#[derive(Encrypted, Queryable, Selectable, Identifiable, Associations, Clone, Debug, PartialEq)]
#[diesel(table_name = orders, belongs_to(User))]
struct Order {
    id: i32,
    user_id: i32,
    #[encrypt(deterministic)]
    item: String,
}

const TABLES: [&str; 2] = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB NOT NULL UNIQUE, name BLOB NOT NULL, note BLOB, phone BLOB, \
     is_active BOOLEAN NOT NULL DEFAULT TRUE)",
    "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users, item BLOB NOT NULL)",
];

/// A database in memory with empty tables.
fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    for table in TABLES {
        diesel::sql_query(table).execute(&mut connection).unwrap();
    }
    connection
}

/// Runs a test with a database and a keyring of its own.
fn with_database<R>(test: impl FnOnce(&mut SqliteConnection) -> R) -> R {
    testing::keyring().with(|| test(&mut database()))
}

fn ada() -> User {
    User {
        id: 1,
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        note: Some("likes tea".to_owned()),
        phone: Some("+44 1".to_owned()),
        is_active: true,
    }
}

fn bob() -> User {
    User {
        id: 2,
        email: "bob@example.com".to_owned(),
        name: "Bob".to_owned(),
        note: None,
        phone: None,
        is_active: false,
    }
}

fn insert(users: &[User], connection: &mut SqliteConnection) {
    diesel::insert_into(users::table).values(users).execute(connection).unwrap();
}

fn all(connection: &mut SqliteConnection) -> QueryResult<Vec<User>> {
    users::table.order_by(users::id).select(User::as_select()).load(connection)
}

/// Runs SQL that knows nothing of encryption.
fn sql(statement: &str, connection: &mut SqliteConnection) {
    diesel::sql_query(statement).execute(connection).unwrap();
}

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

/// What the database holds: the values of an SQL expression over a table.
fn stored(expression: &str, table: &str, connection: &mut SqliteConnection) -> Vec<Vec<u8>> {
    let query =
        format!("SELECT {expression} AS bytes FROM {table} WHERE {expression} IS NOT NULL ORDER BY id");
    let rows: Vec<Bytes> = diesel::sql_query(query).load(connection).unwrap();
    rows.into_iter().map(|row| row.bytes).collect()
}

/// The typed error of a value that was not opened, and the whole text.
#[track_caller]
fn open_error<T: core::fmt::Debug>(result: QueryResult<T>) -> OpenError {
    let error = result.unwrap_err();
    assert!(matches!(error, diesel::result::Error::DeserializationError(_)), "{error:?}");
    error.source().unwrap().downcast_ref::<OpenError>().unwrap().clone()
}

/// The typed error of a value that was not sealed.
#[track_caller]
fn seal_error<T: core::fmt::Debug>(result: QueryResult<T>) -> SealError {
    let error = result.unwrap_err();
    assert!(matches!(error, diesel::result::Error::SerializationError(_)), "{error:?}");
    error.source().unwrap().downcast_ref::<SealError>().unwrap().clone()
}
