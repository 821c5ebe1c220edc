//! One struct for Diesel and SQLx, in one database: each reads, finds and changes what the other wrote.

use core::slice;

use diesel::{Connection as _, prelude::*};
use envelope_core::{Keyring, OpenError, testing};
use envelope_sqlx::QueryBuilderExt as _;
use envelope_tests::database::Database;
use sqlx::{Pool, QueryBuilder};

use super::{BYTES, Db, DieselConnection, INDEXED, KIND, sql};
use crate::{
    keys,
    shared::{Account, Contact, Iban, Letter, accounts, letters},
};

struct Databases {
    diesel: DieselConnection,
    sqlx: Pool<Db>,
    // Dropped after the connections.
    _database: Database,
}

async fn databases() -> Databases {
    let database = Database::new(KIND);
    database.sql(&format!(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email {INDEXED} NOT NULL UNIQUE, note {BYTES}, iban {BYTES} NOT NULL,
         is_active BOOLEAN NOT NULL)"
    ));
    database.sql(&format!("CREATE TABLE letters (id INTEGER PRIMARY KEY, text {BYTES} NOT NULL)"));
    let sqlx = Pool::<Db>::connect(database.url()).await.unwrap();
    let diesel = DieselConnection::establish(database.url()).unwrap();
    Databases { diesel, sqlx, _database: database }
}

fn ada() -> Account {
    Account {
        id: 1,
        email: "ada@example.com".to_owned(),
        note: Some("likes tea".to_owned()),
        iban: Iban("DE02120300000000202051".to_owned()),
        is_active: true,
    }
}

fn bob() -> Account {
    Account { id: 2, email: "bob@example.com".to_owned(), note: None, is_active: false, ..ada() }
}

fn write_by_diesel(account: &Account, databases: &mut Databases) {
    diesel::insert_into(accounts::table).values(account).execute(&mut databases.diesel).unwrap();
}

async fn write_by_sqlx(account: &Account, databases: &Databases) {
    sqlx::query(sql("INSERT INTO accounts VALUES (?, ?, ?, ?, ?)"))
        .bind(account.id)
        .bind(Account::EMAIL.bind(&account.email))
        .bind(Account::NOTE.bind(&account.note))
        .bind(Account::IBAN.bind(&account.iban))
        .bind(account.is_active)
        .execute(&databases.sqlx)
        .await
        .unwrap();
}

fn find_by_diesel(email: &str, databases: &mut Databases) -> QueryResult<Vec<Account>> {
    let query = accounts::table.filter(accounts::email.eq(email)).select(Account::as_select());
    query.load(&mut databases.diesel)
}

async fn find_by_sqlx(email: &str, databases: &Databases) -> sqlx::Result<Vec<Account>> {
    let mut query = QueryBuilder::<Db>::new("SELECT * FROM accounts WHERE ");
    query.push_lookup(Account::EMAIL, Account::EMAIL.lookup(email).unwrap());
    query.build_query_as().fetch_all(&databases.sqlx).await
}

#[tokio::test]
async fn neither_reads_what_the_other_wrote_for_another_tenant() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    let mut databases = databases().await;
    acme.with(|| write_by_diesel(&ada(), &mut databases));
    acme.scope(write_by_sqlx(&bob(), &databases)).await;
    other
        .scope(async {
            assert_eq!(find_by_sqlx("ada@example.com", &databases).await.unwrap(), []);
            assert_eq!(find_by_diesel("bob@example.com", &mut databases), Ok(vec![]));
            let error = sqlx::query_as::<_, Account>("SELECT * FROM accounts WHERE id = 1")
                .fetch_one(&databases.sqlx);
            let Err(sqlx::Error::ColumnDecode { source, .. }) = error.await else { panic!() };
            assert!(matches!(source.downcast_ref(), Some(OpenError::UnknownKey { .. })));
            let read = accounts::table.find(2).select(Account::as_select()).first(&mut databases.diesel);
            assert!(matches!(read, Err(diesel::result::Error::DeserializationError(_))), "{read:?}");
        })
        .await;
}

async fn each_finds_and_changes_what_the_other_wrote(written_by: &Keyring, read_by: &Keyring) {
    let mut databases = databases().await;
    written_by.with(|| write_by_diesel(&ada(), &mut databases));
    written_by.scope(write_by_sqlx(&bob(), &databases)).await;
    read_by
        .scope(async {
            for account in [ada(), bob()] {
                assert_eq!(
                    find_by_sqlx(&account.email, &databases).await.unwrap(),
                    slice::from_ref(&account)
                );
                assert_eq!(find_by_diesel(&account.email, &mut databases), Ok(vec![account]));
            }
            diesel::update(accounts::table.filter(accounts::email.eq("bob@example.com")))
                .set(accounts::note.eq(Some("likes coffee")))
                .execute(&mut databases.diesel)
                .unwrap();
            let note: Contact = sqlx::query_as("SELECT email, note FROM accounts WHERE id = 2")
                .fetch_one(&databases.sqlx)
                .await
                .unwrap();
            assert_eq!(note.note.as_deref(), Some("likes coffee"));
            sqlx::query(sql("UPDATE accounts SET note = ? WHERE id = 1"))
                .bind(Account::NOTE.bind(None::<&str>))
                .execute(&databases.sqlx)
                .await
                .unwrap();
            let note = accounts::table.find(1).select(Contact::as_select()).first(&mut databases.diesel);
            assert_eq!(note, Ok(Contact { email: ada().email, note: None }));
        })
        .await;
}

#[tokio::test]
async fn with_one_key() {
    let keyring = testing::keyring();
    each_finds_and_changes_what_the_other_wrote(&keyring, &keyring).await;
}

#[tokio::test]
async fn with_two_live_search_keys() {
    let keys::Rotated { before, after } = keys::rotated().await;
    each_finds_and_changes_what_the_other_wrote(&before, &after).await;
}

#[tokio::test]
async fn equal_values_of_a_deterministic_column_are_equal_to_the_database() {
    testing::keyring()
        .scope(async {
            let mut databases = databases().await;
            write_by_diesel(&ada(), &mut databases);
            write_by_sqlx(&bob(), &databases).await;
            let distinct: i64 = sqlx::query_scalar("SELECT count(DISTINCT iban) FROM accounts")
                .fetch_one(&databases.sqlx)
                .await
                .unwrap();
            assert_eq!(distinct, 1);
            let same_email = Account { id: 3, ..ada() };
            let unique = sqlx::query(sql("INSERT INTO accounts VALUES (3, ?, NULL, ?, TRUE)"))
                .bind(Account::EMAIL.bind(&same_email.email))
                .bind(Account::IBAN.bind(&same_email.iban))
                .execute(&databases.sqlx)
                .await;
            assert!(unique.unwrap_err().as_database_error().unwrap().is_unique_violation());
        })
        .await;
}

#[tokio::test]
async fn at_the_other_entry_point() {
    testing::keyring()
        .scope(async {
            let mut databases = databases().await;
            let letter = Letter { id: 1, text: "Dear Ada".to_owned() };
            diesel::insert_into(letters::table).values(&letter).execute(&mut databases.diesel).unwrap();
            let read: Letter =
                sqlx::query_as("SELECT * FROM letters").fetch_one(&databases.sqlx).await.unwrap();
            assert_eq!(read, letter);
            sqlx::query(sql("UPDATE letters SET text = ?"))
                .bind(Letter::TEXT.bind("Dear Bob"))
                .execute(&databases.sqlx)
                .await
                .unwrap();
            let text: String = letters::table.select(letters::text).first(&mut databases.diesel).unwrap();
            assert_eq!(text, "Dear Bob");
        })
        .await;
}
