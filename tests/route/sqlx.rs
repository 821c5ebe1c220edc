//! SQLx on SQLite: declarations. `tests/sqlx` has what each database does, and every type.

#[path = "sqlx/declarations.rs"]
mod declarations;

use envelope_core::{OpenError, testing};
use envelope_sqlx::Encrypted;
use sqlx::{SqlitePool, sqlite::SqlitePoolOptions};

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    name: String,
    #[encrypt]
    note: Option<String>,
    is_active: bool,
}

/// A database in memory with an empty table `users`.
async fn database() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    let table = "CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB NOT NULL UNIQUE, name BLOB NOT NULL, note BLOB, \
                 is_active BOOLEAN NOT NULL)";
    sqlx::query(table).execute(&pool).await.unwrap();
    pool
}

fn ada() -> User {
    let note = Some("likes tea".to_owned());
    User { id: 1, email: "ada@example.com".to_owned(), name: "Ada".to_owned(), note, is_active: true }
}

async fn insert(pool: &SqlitePool, user: &User) {
    sqlx::query("INSERT INTO users VALUES (?, ?, ?, ?, ?)")
        .bind(user.id)
        .bind(User::EMAIL.bind(&user.email))
        .bind(User::NAME.bind(&user.name))
        .bind(User::NOTE.bind(&user.note))
        .bind(user.is_active)
        .execute(pool)
        .await
        .unwrap();
}

/// The typed error of a value that was not opened.
#[track_caller]
fn open_error<T: core::fmt::Debug>(result: sqlx::Result<T>) -> OpenError {
    match result.unwrap_err() {
        sqlx::Error::ColumnDecode { source, .. } => *source.downcast().unwrap(),
        other => panic!("not an error of decoding: {other:?}"),
    }
}

/// A future with a keyring of its own.
async fn with_keyring<F: Future>(future: F) -> F::Output {
    testing::keyring().scope(future).await
}
