//! A web service for several tenants, each with keys of its own: the tenant of a request decides with which keys it writes, reads and
//! searches.
//!
//! ```sh
//! cargo run --example tenants_axum
//! curl -H 'x-tenant: acme' -H 'content-type: application/json' -d '{"email": "ada@example.com", "name": "Ada"}' http://127.0.0.1:…/people
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use envelope_sqlx::{
    Encrypted, Keyring, KeyringExt as _, LocalKey, OpenError, QueryBuilderExt as _, SqlxKeyStore,
};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite, SqlitePool, sqlite::SqliteConnectOptions};

#[derive(Encrypted, Serialize)]
#[encrypt(table = "people")]
struct Person {
    id: i64,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    name: String,
}

/// The column of tenants is for `shred`; what keeps tenants apart is their keys. One e-mail has other bytes for each of them, so that
/// `UNIQUE` holds within a tenant.
const TABLE: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, email BLOB NOT NULL UNIQUE, name BLOB NOT NULL)";

#[derive(Clone)]
struct App {
    pool: SqlitePool,
    keyring: Keyring,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let options =
        SqliteConnectOptions::new().filename(folder.path().join("app.sqlite")).create_if_missing(true);
    let pool = SqlitePool::connect_with(options.clone()).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let store = SqlxKeyStore::<Sqlite>::new(options);
    store.create_table().await?;
    let key = LocalKey::open_or_create(folder.path().join("app.key"))?;
    // Not installed: without a tenant there is nothing to read and write with.
    let keyring = Keyring::builder(key, store).application("tenants").open().await?;

    let app = App { pool, keyring };
    let router = Router::new()
        .route("/people", post(add))
        .route("/people", get(find))
        .route("/people/{id}", get(show))
        .route("/tenant", delete(shred))
        .layer(middleware::from_fn_with_state(app.clone(), as_tenant))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

/// Runs a request with the keys of its tenant, which are in memory by then.
///
/// Here a header says whose request it is. A real service takes that from a session that it has checked.
async fn as_tenant(State(app): State<App>, request: Request, next: Next) -> Result<Response, Failure> {
    let tenant = request.headers().get("x-tenant").and_then(|name| name.to_str().ok()).map(str::to_owned);
    let Some(Ok(keyring)) = tenant.map(|name| app.keyring.tenant(&name)) else {
        return Ok((StatusCode::BAD_REQUEST, "the header x-tenant has the tenant's name").into_response());
    };
    keyring.warm().await?;
    Ok(keyring.scope(next.run(request)).await)
}

#[derive(Deserialize)]
struct New {
    email: String,
    name: String,
}

async fn add(State(app): State<App>, Json(new): Json<New>) -> Result<Response, Failure> {
    let tenant = Keyring::current()?.tenant_name().as_str().to_owned();
    let inserted = sqlx::query_scalar::<_, i64>(
        "INSERT INTO people (tenant, email, name) VALUES (?, ?, ?) RETURNING id",
    )
    .bind(tenant)
    .bind(Person::EMAIL.seal(&new.email)?)
    .bind(Person::NAME.seal(&new.name)?)
    .fetch_one(&app.pool)
    .await;
    match inserted {
        Ok(id) => Ok((StatusCode::CREATED, Json(id)).into_response()),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
            Ok((StatusCode::CONFLICT, "this e-mail is known").into_response())
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct Find {
    email: String,
}

async fn find(State(app): State<App>, Query(wanted): Query<Find>) -> Result<Json<Vec<Person>>, Failure> {
    let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM people WHERE ");
    query.push_lookup(Person::EMAIL, Person::EMAIL.lookup(&wanted.email)?);
    Ok(Json(query.build_query_as().fetch_all(Keyring::current()?.on(&app.pool)).await?))
}

/// The query says nothing of tenants, as if that had been forgotten. The rows of others do not open.
async fn show(State(app): State<App>, Path(id): Path<i64>) -> Result<Response, Failure> {
    let person = sqlx::query_as::<_, Person>("SELECT * FROM people WHERE id = ?").bind(id);
    match person.fetch_optional(Keyring::current()?.on(&app.pool)).await {
        Ok(Some(person)) => Ok(Json(person).into_response()),
        Ok(None) => Ok(StatusCode::NOT_FOUND.into_response()),
        Err(sqlx::Error::ColumnDecode { source, .. })
            if matches!(
                source.downcast_ref(),
                Some(OpenError::UnknownKey { .. } | OpenError::KeyRetired { .. })
            ) =>
        {
            Ok(StatusCode::NOT_FOUND.into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// The tenant leaves. Without its keys its rows are noise, in every backup of them too; then they are deleted.
async fn shred(State(app): State<App>) -> Result<Json<usize>, Failure> {
    let keyring = Keyring::current()?;
    let destroyed = keyring.shred().await?;
    sqlx::query("DELETE FROM people WHERE tenant = ?")
        .bind(keyring.tenant_name().as_str().to_owned())
        .execute(&app.pool)
        .await?;
    Ok(Json(destroyed.len()))
}

/// What went wrong, for the log; the client is told that something did.
struct Failure(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Failure {
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
