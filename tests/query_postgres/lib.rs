//! Queries on PostgreSQL that SQLx's macros check, as an application has them. The suite `tests/sqlx` runs them.

#![expect(missing_docs, clippy::missing_errors_doc, clippy::exhaustive_structs, reason = "a test calls them")]

use envelope_sqlx::{Encrypted, Lookup, Sealed};
use sqlx::{PgExecutor, Result, postgres::PgQueryResult};

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

/// The macro knows parameters as bytes, and `as _` leaves the type to them.
pub async fn insert(
    database: impl PgExecutor<'_>,
    id: i64,
    email: Sealed<UserEmail>,
    note: Option<Sealed<UserNote>>,
) -> Result<PgQueryResult> {
    sqlx::query!("INSERT INTO users VALUES ($1, $2, $3)", id, email as _, note as _).execute(database).await
}

/// What is bound here is sealed by the keyring in force.
pub async fn upsert(database: impl PgExecutor<'_>, user: &User) -> Result<(i64, Encrypted<UserEmail>)> {
    let row = sqlx::query!(
        r#"INSERT INTO users VALUES ($1, $2, $3) ON CONFLICT (email) DO UPDATE SET note = excluded.note
           RETURNING id, email AS "email: Encrypted<UserEmail>""#,
        user.id,
        User::EMAIL.bind(&user.email) as _,
        User::NOTE.bind(&user.note) as _,
    )
    .fetch_one(database)
    .await?;
    Ok((row.id, row.email))
}

pub async fn record(
    database: impl PgExecutor<'_>,
    id: i64,
) -> Result<(Encrypted<UserEmail>, Option<Encrypted<UserNote>>)> {
    let row = sqlx::query!(
        r#"SELECT email AS "email: Encrypted<UserEmail>", note AS "note: Encrypted<UserNote>" FROM users WHERE id = $1"#,
        id
    )
    .fetch_one(database)
    .await?;
    Ok((row.email, row.note))
}

pub async fn users(database: impl PgExecutor<'_>) -> Result<Vec<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT id, email AS "email: Encrypted<UserEmail>", note AS "note!: UserNoteOrNull" FROM users ORDER BY id"#
    )
    .fetch_all(database)
    .await
}

pub async fn wrapped(database: impl PgExecutor<'_>, id: i64) -> Result<WrappedUser> {
    sqlx::query_as!(
        WrappedUser,
        r#"SELECT id, email AS "email: Encrypted<UserEmail>", note AS "note: Encrypted<UserNote>" FROM users WHERE id = $1"#,
        id
    )
    .fetch_one(database)
    .await
}

pub async fn sealed(database: impl PgExecutor<'_>, id: i64) -> Result<Option<Sealed<UserNote>>> {
    sqlx::query_scalar!(r#"SELECT note AS "note: Sealed<UserNote>" FROM users WHERE id = $1"#, id)
        .fetch_one(database)
        .await
}

/// Every candidate in one parameter.
pub async fn find(database: impl PgExecutor<'_>, email: Lookup<UserEmail>) -> Result<Option<i64>> {
    sqlx::query_scalar!("SELECT id FROM users WHERE email = ANY($1)", email as _)
        .fetch_optional(database)
        .await
}

pub async fn insert_letter(database: impl PgExecutor<'_>, letter: &Letter) -> Result<PgQueryResult> {
    sqlx::query!(
        "INSERT INTO letters VALUES ($1, $2, $3)",
        letter.id,
        Letter::RECIPIENT.bind(&letter.recipient) as _,
        Letter::BODY.bind(&letter.body) as _,
    )
    .execute(database)
    .await
}

/// `sqlx.toml` has the type of `recipient`. One that may be `NULL`, in a plain field, says its own.
pub async fn letter(database: impl PgExecutor<'_>, id: i64) -> Result<Letter> {
    sqlx::query_as!(
        Letter,
        r#"SELECT id, recipient, body AS "body!: LetterBodyOrNull" FROM letters WHERE id = $1"#,
        id
    )
    .fetch_one(database)
    .await
}

pub async fn letter_body(database: impl PgExecutor<'_>, id: i64) -> Result<Option<Encrypted<LetterBody>>> {
    sqlx::query_scalar!("SELECT body FROM letters WHERE id = $1", id).fetch_one(database).await
}
