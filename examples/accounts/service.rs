//! The routes.

use std::sync::LazyLock;

use argon2::{
    Argon2, PasswordHash, PasswordVerifier as _,
    password_hash::{PasswordHasher as _, SaltString, rand_core::OsRng},
};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, patch, post},
};
use envelope_sqlx::{Keyring, KeyringExt as _};
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;

use crate::model::{Account, AccountBioOrNull};

pub(crate) fn router(pool: SqlitePool) -> Router {
    Router::new()
        .route("/accounts", post(sign_up))
        .route("/accounts/{id}", get(show))
        .route("/accounts/{id}", patch(edit))
        .route("/sessions", post(log_in))
        .with_state(pool)
}

#[derive(Deserialize)]
struct SignUp {
    email: String,
    name: String,
    password: String,
}

async fn sign_up(State(pool): State<SqlitePool>, Json(new): Json<SignUp>) -> Result<Response, Failure> {
    let password = hash(new.password).await?;
    let keyring = Keyring::current()?;
    // While the search key is rotated an e-mail has two forms, and `UNIQUE` compares with one: so it is looked for as well.
    let [first, second] = keyring.lookup_value(Account::EMAIL, &new.email).await?.array()?;
    let email = keyring.seal_value(Account::EMAIL, &new.email).await?;
    let name = keyring.seal_value(Account::NAME, &new.name).await?;
    let password = keyring.seal_value(Account::PASSWORD, &password).await?;
    let inserted = sqlx::query_scalar!(
        "INSERT INTO accounts (email, name, password)
         SELECT ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM accounts WHERE email IN (?, ?)) RETURNING id",
        email,
        name,
        password,
        first,
        second,
    )
    .fetch_optional(keyring.on(&pool))
    .await?;
    match inserted {
        Some(id) => Ok((StatusCode::CREATED, Json(Created { id })).into_response()),
        None => Ok((StatusCode::CONFLICT, "this e-mail has an account").into_response()),
    }
}

#[derive(Serialize)]
struct Created {
    id: i64,
}

async fn show(State(pool): State<SqlitePool>, Path(id): Path<i64>) -> Result<Response, Failure> {
    // `sqlx.toml` has the types of encrypted columns; one that may be NULL says its own.
    let account = sqlx::query_as!(
        Account,
        r#"SELECT id, email, name, bio AS "bio!: AccountBioOrNull", password FROM accounts WHERE id = ?"#,
        id
    )
    .fetch_optional(Keyring::current()?.on(&pool))
    .await?;
    Ok(account.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |account| Json(account).into_response()))
}

#[derive(Deserialize)]
struct Edit {
    bio: Option<String>,
}

async fn edit(
    State(pool): State<SqlitePool>,
    Path(id): Path<i64>,
    Json(edit): Json<Edit>,
) -> Result<StatusCode, Failure> {
    let bio = Keyring::current()?.seal_value(Account::BIO, &edit.bio).await?;
    let done = sqlx::query!("UPDATE accounts SET bio = ? WHERE id = ?", bio, id).execute(&pool).await?;
    Ok(if done.rows_affected() == 1 { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
}

#[derive(Deserialize)]
struct LogIn {
    email: String,
    password: String,
}

async fn log_in(State(pool): State<SqlitePool>, Json(given): Json<LogIn>) -> Result<Response, Failure> {
    let keyring = Keyring::current()?;
    let [first, second] = keyring.lookup_value(Account::EMAIL, &given.email).await?.array()?;
    let account = sqlx::query_as!(
        Account,
        r#"SELECT id, email, name, bio AS "bio!: AccountBioOrNull", password FROM accounts WHERE email IN (?, ?)"#,
        first,
        second
    )
    .fetch_optional(keyring.on(&pool))
    .await?;
    // Someone without an account waits as long as someone with another password.
    static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody").ok());
    let (id, password) = match account {
        Some(account) => (Some(account.id), account.password),
        None => (None, NOBODY.clone().unwrap_or_default()),
    };
    let is_right = tokio::task::spawn_blocking(move || {
        PasswordHash::new(&password)
            .is_ok_and(|hash| Argon2::default().verify_password(given.password.as_bytes(), &hash).is_ok())
    })
    .await?;
    match id {
        Some(id) if is_right => Ok(Json(Created { id }).into_response()),
        _ => Ok((StatusCode::UNAUTHORIZED, "no such e-mail and password").into_response()),
    }
}

async fn hash(password: String) -> Result<String, Failure> {
    tokio::task::spawn_blocking(move || hash_now(&password)).await?
}

fn hash_now(password: &str) -> Result<String, Failure> {
    let salt = SaltString::generate(&mut OsRng);
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

/// What went wrong, for the log; the client is told that something did.
struct Failure(Box<dyn std::error::Error + Send + Sync>);

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    #[expect(clippy::print_stderr, reason = "an example without a logger")]
    fn into_response(self) -> Response {
        eprintln!("{}", self.0);
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
