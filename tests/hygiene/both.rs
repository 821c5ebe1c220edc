//! One struct, both integrations, from either entry point.

use diesel::prelude::*;

#[derive(envelope_diesel::Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = schema::accounts)]
#[encrypt(diesel, sqlx)]
pub struct Account {
    pub id: i32,
    #[encrypt(deterministic)]
    pub email: String,
    #[encrypt]
    pub status: Option<Status>,
}

#[derive(envelope_sqlx::Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = schema::invoices)]
#[encrypt(diesel, table = "invoices")]
pub struct Invoice {
    pub id: i32,
    #[encrypt(deterministic)]
    pub number: String,
}

/// Diesel's derive of a plaintext is enough for both.
#[derive(envelope_diesel::Plaintext, Debug, PartialEq)]
pub enum Status {
    Open,
    Closed,
}

pub mod schema {
    diesel::table! {
        accounts (id) {
            id -> Integer,
            email -> crate::both::AccountEmail,
            status -> Nullable<crate::both::AccountStatus>,
        }
    }
    diesel::table! {
        invoices (id) {
            id -> Integer,
            number -> crate::both::InvoiceNumber,
        }
    }
}

#[test]
fn what_one_writes_the_other_reads() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("both.sqlite");
    let path = path.to_str().unwrap();
    let keyring = envelope_core::testing::keyring();
    let account = Account { id: 1, email: "alice@example.com".into(), status: Some(Status::Closed) };
    let invoice = Invoice { id: 2, number: "2026-1".into() };
    keyring.with(|| {
        let mut connection = SqliteConnection::establish(path).unwrap();
        for sql in [
            "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email BLOB NOT NULL, status BLOB)",
            "CREATE TABLE invoices (id INTEGER PRIMARY KEY, number BLOB NOT NULL)",
        ] {
            diesel::sql_query(sql).execute(&mut connection).unwrap();
        }
        diesel::insert_into(schema::accounts::table).values(&account).execute(&mut connection).unwrap();
        diesel::insert_into(schema::invoices::table).values(&invoice).execute(&mut connection).unwrap();
        let read = schema::invoices::table
            .filter(schema::invoices::number.eq("2026-1"))
            .select(Invoice::as_select())
            .first(&mut connection);
        assert_eq!(read, Ok(Invoice { id: 2, number: "2026-1".into() }));
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(keyring.scope(async {
        let pool = sqlx::SqlitePool::connect(path).await.unwrap();
        let [email] = Account::EMAIL.lookup("alice@example.com").unwrap().array().unwrap();
        let query = sqlx::query_as("SELECT * FROM accounts WHERE email = ?").bind(email);
        assert_eq!(query.fetch_one(&pool).await.ok(), Some(account));
        let query = sqlx::query_as("SELECT * FROM invoices");
        assert_eq!(query.fetch_all(&pool).await.ok(), Some(vec![invoice]));
    }));
}
