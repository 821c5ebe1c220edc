//! `cargo run --example customers -- FILE.csv [--db OUT.sqlite]`
//!
//! Stores the customers of a CSV file (columns as in the Chinook sample database's `Customer` table) in SQLite with their
//! e-mail, phone, fax, address, city and postal code encrypted: written with Diesel, read with SQLx, found again by e-mail. Then looks for
//! plaintext in the database file.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool says what it did")]

mod input;
mod model;
mod scan;

use std::{
    error::Error,
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use envelope_diesel::{FileStore, Keyring, LocalKey};
use envelope_sqlx::QueryBuilderExt as _;
use sqlx::{QueryBuilder, Sqlite, SqlitePool, sqlite::SqliteConnectOptions};

use crate::model::{CREATE_TABLE, Customer, customers};

/// Stores customers encrypted and finds them again.
#[derive(Parser)]
struct Arguments {
    /// The customers.
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/customers/customers.csv"))]
    file: PathBuf,
    /// A new database, with its keys beside it as OUT.sqlite.key (the secret) and OUT.sqlite.keys.json. Without it a temporary one is used.
    #[arg(long, value_name = "OUT.sqlite")]
    db: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("customers: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let customers = input::read(&arguments.file)
        .map_err(|error| format!("{}: {error}; nothing was stored", arguments.file.display()))?;

    let temporary = tempfile::tempdir()?;
    let database = arguments.db.unwrap_or_else(|| temporary.path().join("customers.sqlite"));
    if database.exists() {
        return Err(format!("{} exists already; nothing was stored", database.display()).into());
    }
    let keyring = Keyring::builder(
        LocalKey::open_or_create(beside(&database, ".key"))?,
        FileStore::new(beside(&database, ".keys.json")),
    )
    .application("customers")
    .open()
    .await?;
    keyring.install()?;

    store(&database, &customers)?;
    let found = find(&database, &customers).await?;
    let readable = scan::plaintext_values(&database, &customers)?;
    println!(
        "stored {} customers, found {found} by email, plaintext values found in the database file: {readable}",
        customers.len(),
    );
    Ok(())
}

/// Writes with Diesel: the models as they are, all of them or none.
fn store(database: &Path, rows: &[Customer]) -> Result<(), Box<dyn Error>> {
    let path = database.to_str().ok_or("the database's path is not UTF-8")?;
    let mut connection = SqliteConnection::establish(path)?;
    connection.transaction(|connection| {
        diesel::sql_query(CREATE_TABLE).execute(connection)?;
        for row in rows {
            diesel::insert_into(customers::table).values(row).execute(connection)?;
        }
        Ok(())
    })
}

/// Reads with SQLx, and counts the customers that come back whole.
async fn find(database: &Path, rows: &[Customer]) -> Result<usize, Box<dyn Error>> {
    let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(database)).await?;
    let mut found = 0_usize;
    for row in rows {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM customers WHERE ");
        query.push_lookup(Customer::EMAIL, Customer::EMAIL.lookup(&row.email)?);
        let customer: Option<Customer> = query.build_query_as().fetch_optional(&pool).await?;
        if customer.as_ref() == Some(row) {
            found = found.saturating_add(1);
        }
    }
    pool.close().await;
    Ok(found)
}

fn beside(path: &Path, suffix: &str) -> OsString {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name
}
