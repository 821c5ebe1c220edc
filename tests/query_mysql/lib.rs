//! Queries on MySQL and MariaDB that SQLx's macros check, as an application has them. The suite `tests/sqlx` runs them.

#![expect(missing_docs, clippy::missing_errors_doc, clippy::exhaustive_structs, reason = "a test calls them")]

use envelope_sqlx::{Encrypted, Sealed};
use sqlx::{MySqlExecutor, Result, mysql::MySqlQueryResult};

pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "users", no_from_row)]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub email: String,
    #[encrypt]
    pub note: Option<String>,
}

/// The same, in wrappers.
#[derive(Debug)]
pub struct WrappedUser {
    pub id: i64,
    pub email: Encrypted<UserEmail>,
    pub note: Option<Encrypted<UserNote>>,
}

/// A table whose columns `sqlx.toml` knows.
#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "letters", no_from_row)]
pub struct Letter {
    pub id: i64,
    #[encrypt(deterministic)]
    pub recipient: String,
    #[encrypt]
    pub body: Option<String>,
}

/// Parameters need no cast: the database does not tell their types.
pub async fn insert(
    database: impl MySqlExecutor<'_>,
    id: i64,
    email: Sealed<UserEmail>,
    note: Option<Sealed<UserNote>>,
) -> Result<MySqlQueryResult> {
    sqlx::query!("INSERT INTO users VALUES (?, ?, ?)", id, email, note).execute(database).await
}

/// What is bound here is sealed by the keyring in force. MariaDB returns rows of an `INSERT`, but does not tell the macros which.
pub async fn upsert(database: impl MySqlExecutor<'_>, user: &User) -> Result<MySqlQueryResult> {
    sqlx::query!(
        "INSERT INTO users VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE note = VALUES(note)",
        user.id,
        User::EMAIL.bind(&user.email),
        User::NOTE.bind(&user.note),
    )
    .execute(database)
    .await
}

pub async fn record(
    database: impl MySqlExecutor<'_>,
    id: i64,
) -> Result<(Encrypted<UserEmail>, Option<Encrypted<UserNote>>)> {
    let row = sqlx::query!(
        r#"SELECT email AS "email: Encrypted<UserEmail>", note AS "note: Encrypted<UserNote>" FROM users WHERE id = ?"#,
        id
    )
    .fetch_one(database)
    .await?;
    Ok((row.email, row.note))
}

pub async fn users(database: impl MySqlExecutor<'_>) -> Result<Vec<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT id, email AS "email: Encrypted<UserEmail>", note AS "note!: UserNoteOrNull" FROM users ORDER BY id"#
    )
    .fetch_all(database)
    .await
}

pub async fn wrapped(database: impl MySqlExecutor<'_>, id: i64) -> Result<WrappedUser> {
    sqlx::query_as!(
        WrappedUser,
        r#"SELECT id, email AS "email: Encrypted<UserEmail>", note AS "note: Encrypted<UserNote>" FROM users WHERE id = ?"#,
        id
    )
    .fetch_one(database)
    .await
}

pub async fn sealed(database: impl MySqlExecutor<'_>, id: i64) -> Result<Option<Sealed<UserNote>>> {
    sqlx::query_scalar!(r#"SELECT note AS "note: Sealed<UserNote>" FROM users WHERE id = ?"#, id)
        .fetch_one(database)
        .await
}

/// Fixed SQL for up to two candidates.
pub async fn find(database: impl MySqlExecutor<'_>, email: [Sealed<UserEmail>; 2]) -> Result<Option<i64>> {
    let [first, second] = email;
    sqlx::query_scalar!("SELECT id FROM users WHERE email IN (?, ?)", first, second)
        .fetch_optional(database)
        .await
}

pub async fn insert_letter(database: impl MySqlExecutor<'_>, letter: &Letter) -> Result<MySqlQueryResult> {
    sqlx::query!(
        "INSERT INTO letters VALUES (?, ?, ?)",
        letter.id,
        Letter::RECIPIENT.bind(&letter.recipient),
        Letter::BODY.bind(&letter.body),
    )
    .execute(database)
    .await
}

/// `sqlx.toml` has the type of `recipient`. One that may be `NULL`, in a plain field, says its own.
pub async fn letter(database: impl MySqlExecutor<'_>, id: i64) -> Result<Letter> {
    sqlx::query_as!(
        Letter,
        r#"SELECT id, recipient, body AS "body!: LetterBodyOrNull" FROM letters WHERE id = ?"#,
        id
    )
    .fetch_one(database)
    .await
}

pub async fn letter_body(database: impl MySqlExecutor<'_>, id: i64) -> Result<Option<Encrypted<LetterBody>>> {
    sqlx::query_scalar!("SELECT body FROM letters WHERE id = ?", id).fetch_one(database).await
}
