//! A web service with accounts: sign up with an e-mail that nobody else has, log in, edit. SQLx's checked macros on encrypted columns.
//!
//! ```sh
//! cargo run --example accounts                    # a database in memory
//! cargo run --example accounts -- accounts.sqlite # a file, with the key in accounts.key
//! ```
//!
//! The macros check the queries against `examples/.sqlx`, which `cargo sqlx prepare` writes; `examples/sqlx.toml` tells them the types
//! of encrypted columns.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

#[path = "model.rs"]
mod model;
#[path = "service.rs"]
mod service;

use std::{env, error::Error, path::PathBuf};

use envelope_sqlx::{Keyring, LocalKey, SqlxKeyStore};
use sqlx::{Sqlite, SqlitePool, sqlite::SqliteConnectOptions};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let scratch = tempfile::tempdir()?;
    let database = env::args().nth(1).map_or_else(|| scratch.path().join("accounts.sqlite"), PathBuf::from);
    let options = SqliteConnectOptions::new().filename(&database).create_if_missing(true);
    let pool = SqlitePool::connect_with(options.clone()).await?;
    // The tables, and the one with the wrapped data keys.
    sqlx::migrate!("accounts/migrations").run(&pool).await?;

    // A key service takes the place of the file in production.
    let key = LocalKey::open_or_create(database.with_extension("key"))?;
    let keyring =
        Keyring::builder(key, SqlxKeyStore::<Sqlite>::new(options)).application("accounts").open().await?;
    keyring.install()?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, service::router(pool)).await?;
    Ok(())
}
