//! Encrypted columns with SQLx, on SQLite.
//!
//! ```sh
//! cargo run --example quickstart_sqlx
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use envelope_sqlx::{Encrypted, FileStore, Keyring, LocalKey, QueryBuilderExt as _, Sealed};
use sqlx::{QueryBuilder, Sqlite, SqlitePool, sqlite::SqliteConnectOptions};

/// `FromRow` opens what is marked `#[encrypt]`; `User::EMAIL` and its like seal what is bound.
#[derive(Encrypted, Debug)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(deterministic)] // can be searched; the database learns which rows are equal
    email: String,
    #[encrypt] // cannot be searched; equal values look different
    name: String,
    #[encrypt]
    note: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let options =
        SqliteConnectOptions::new().filename(folder.path().join("app.sqlite")).create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await?;
    sqlx::query("CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB UNIQUE, name BLOB, note BLOB)")
        .execute(&pool)
        .await?;

    // Once, when the application starts. A key service takes the place of `LocalKey` in production.
    let key = LocalKey::open_or_create(folder.path().join("app.key"))?;
    let store = FileStore::new(folder.path().join("keys.json"));
    Keyring::builder(key, store).application("quickstart").open().await?.install()?;

    let ada = add(&pool, "ada@example.com", "Ada Lovelace", Some("likes tea")).await?;
    add(&pool, "charles@example.com", "Charles Babbage", None).await?;

    let user: User = sqlx::query_as("SELECT * FROM users WHERE id = ?").bind(ada).fetch_one(&pool).await?;
    println!("the application sees  {user:?}");

    let sealed: Sealed<UserEmail> =
        sqlx::query_scalar("SELECT email FROM users WHERE id = ?").bind(user.id).fetch_one(&pool).await?;
    let hex: String = sealed.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    println!("the database holds    {hex}");

    if let Some(found) = find_by_email(&pool, "charles@example.com").await? {
        println!("found by e-mail       {} ({}), note: {:?}", found.name, found.email, found.note);
    }
    assert!(find_by_email(&pool, "eve@example.com").await?.is_none());

    // One encrypted value without a struct: `Encrypted<…>` derefs to it and does not print it.
    let names: Vec<(i64, Encrypted<UserName>)> =
        sqlx::query_as("SELECT id, name FROM users ORDER BY id").fetch_all(&pool).await?;
    println!(
        "in a tuple            {names:?}, of {} bytes",
        names.iter().map(|(_, name)| name.len()).sum::<usize>()
    );
    Ok(())
}

/// `bind` seals; an `Option` may be `NULL`.
async fn add(pool: &SqlitePool, email: &str, name: &str, note: Option<&str>) -> sqlx::Result<i64> {
    sqlx::query_scalar("INSERT INTO users (email, name, note) VALUES (?, ?, ?) RETURNING id")
        .bind(User::EMAIL.bind(email))
        .bind(User::NAME.bind(name))
        .bind(User::NOTE.bind(note))
        .fetch_one(pool)
        .await
}

/// A search compares with one candidate for each live search key: `= ?`, or `IN (?, ?)` while the key is rotated.
async fn find_by_email(pool: &SqlitePool, email: &str) -> Result<Option<User>, Box<dyn Error>> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM users WHERE ");
    query.push_lookup(User::EMAIL, User::EMAIL.lookup(email)?);
    Ok(query.build_query_as().fetch_optional(pool).await?)
}
