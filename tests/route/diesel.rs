//! What has nothing to do with the database, through Diesel on SQLite. `tests/diesel` has the rest, on each of them.

#[path = "diesel/names.rs"]
mod names;
#[path = "diesel/values.rs"]
mod values;

use diesel::{prelude::*, sql_types::Binary};
use envelope_core::testing;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::diesel_route::UserEmail,
        note -> Nullable<crate::diesel_route::UserNote>,
    }
}

#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = users)]
struct User {
    id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
}

/// A database in memory with an empty table.
fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB NOT NULL UNIQUE, note BLOB)",
        &mut connection,
    );
    connection
}

/// Runs a test with a database and a keyring of its own.
fn with_database<R>(test: impl FnOnce(&mut SqliteConnection) -> R) -> R {
    testing::keyring().with(|| test(&mut database()))
}

fn ada() -> User {
    User { id: 1, email: "ada@example.com".to_owned(), note: Some("likes tea".to_owned()) }
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
