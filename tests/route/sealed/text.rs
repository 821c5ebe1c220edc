//! Columns of text, written by one ORM and read by the other.

use core::slice;

use diesel::{Connection as _, prelude::*};
use envelope_core::{Encoding, Keyring, MalformedValue, OpenError, testing};
use envelope_sqlx::QueryBuilderExt as _;
use sqlx::{QueryBuilder, Sqlite, SqlitePool, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::keys;

diesel::table! {
    accounts (id) {
        id -> Integer,
        email -> crate::sealed::text::AccountEmail,
        note -> Nullable<crate::sealed::text::AccountNote>,
        old -> Nullable<crate::sealed::text::AccountOld>,
    }
}

diesel::table! {
    letters (id) {
        id -> Integer,
        text -> crate::sealed::text::LetterText,
    }
}

#[derive(envelope_diesel::Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = accounts)]
#[encrypt(diesel, sqlx, sealed)]
struct Account {
    id: i32,
    #[encrypt(deterministic, encoding = "text")]
    email: String,
    #[encrypt(encoding = "text")]
    note: Option<String>,
    /// A column that is being encrypted.
    #[encrypt(encoding = "text", plaintext = "read")]
    old: Option<String>,
}

/// Bound to its row, of a tenant, and text, for both.
#[derive(envelope_sqlx::Encrypted, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = letters)]
#[encrypt(diesel, sqlx, bind = id)]
struct Letter {
    id: i32,
    #[encrypt(encoding = "text")]
    text: String,
}

struct Databases {
    diesel: SqliteConnection,
    sqlx: SqlitePool,
    _folder: TempDir,
}

async fn databases() -> Databases {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.sqlite");
    let sqlx = SqlitePool::connect_with(SqliteConnectOptions::new().filename(&path).create_if_missing(true));
    let sqlx = sqlx.await.unwrap();
    for table in [
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(200) NOT NULL UNIQUE, note TEXT, old TEXT)",
        "CREATE TABLE letters (id INTEGER PRIMARY KEY, text TEXT NOT NULL)",
    ] {
        sqlx::query(table).execute(&sqlx).await.unwrap();
    }
    let diesel = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    Databases { diesel, sqlx, _folder: folder }
}

fn account(id: i32, email: &str) -> Account {
    Account { id, email: email.to_owned(), note: Some(format!("note {id}")), old: None }
}

impl Databases {
    fn write_by_diesel(&mut self, account: &Account) {
        diesel::insert_into(accounts::table).values(account).execute(&mut self.diesel).unwrap();
    }

    async fn write_by_sqlx(&self, account: &Account) {
        sqlx::query("INSERT INTO accounts VALUES (?, ?, ?, ?)")
            .bind(account.id)
            .bind(Account::EMAIL.bind(&account.email))
            .bind(Account::NOTE.bind(&account.note))
            .bind(Account::OLD.seal(&account.old).unwrap())
            .execute(&self.sqlx)
            .await
            .unwrap();
    }

    fn find_by_diesel(&mut self, email: &str) -> QueryResult<Vec<Account>> {
        accounts::table.filter(accounts::email.eq(email)).load(&mut self.diesel)
    }

    async fn find_by_sqlx(&self, email: &str) -> sqlx::Result<Vec<Account>> {
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM accounts WHERE ");
        query.push_lookup(Account::EMAIL, Account::EMAIL.lookup(email).unwrap());
        query.build_query_as().fetch_all(&self.sqlx).await
    }

    async fn sql(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.sqlx).await.unwrap();
    }

    /// The typed error of each ORM's reading, which is the same.
    async fn open_error(&mut self) -> OpenError {
        use std::error::Error as _;
        let diesel = accounts::table.load::<Account>(&mut self.diesel).unwrap_err();
        let diesel = diesel.source().unwrap().downcast_ref::<OpenError>().unwrap().clone();
        let sqlx = sqlx::query_as::<_, Account>("SELECT * FROM accounts").fetch_all(&self.sqlx).await;
        let Err(sqlx::Error::ColumnDecode { source, .. }) = sqlx else { panic!("{sqlx:?}") };
        assert_eq!(source.downcast_ref::<OpenError>().unwrap().to_string(), diesel.to_string());
        diesel
    }
}

#[tokio::test]
async fn text_that_begins_like_a_value_is_never_plaintext() {
    testing::keyring()
        .scope(async {
            let mut databases = databases().await;
            databases.write_by_diesel(&account(1, "ada@example.com"));
            for statement in [
                "UPDATE accounts SET old = 'env:'",
                "UPDATE accounts SET old = 'env: hello'",
                "UPDATE accounts SET old = 'env:aGVsbG8='",
                "UPDATE accounts SET old = 'env:aGVsbG8'",
                "UPDATE accounts SET old = note || '='",
                "UPDATE accounts SET old = note || char(10)",
                "UPDATE accounts SET old = replace(note, '/', '_')",
            ] {
                databases.sql(statement).await;
                let error = databases.open_error().await;
                let is_text = matches!(error, OpenError::Malformed { reason: MalformedValue::Text, .. });
                assert!(is_text, "{statement}: {error}");
                assert!(error.to_string().contains("accounts.old"), "{error}");
            }
            databases.sql("UPDATE accounts SET old = note").await;
            assert!(matches!(databases.open_error().await, OpenError::NotAuthentic { .. }));
            databases.sql("UPDATE accounts SET old = 'likes tea'").await;
            let ada = Account { old: Some("likes tea".into()), ..account(1, "ada@example.com") };
            assert_eq!(databases.find_by_diesel("ada@example.com").unwrap(), slice::from_ref(&ada));
            assert_eq!(databases.find_by_sqlx("ada@example.com").await.unwrap(), slice::from_ref(&ada));
            // Where plaintext is not read, it is none.
            databases.sql("UPDATE accounts SET note = 'likes tea'").await;
            assert!(matches!(databases.open_error().await, OpenError::NotAnEnvelope { .. }));
            databases.sql("UPDATE accounts SET note = NULL").await;
            diesel::update(accounts::table)
                .set(accounts::old.eq(Some("sealed")))
                .execute(&mut databases.diesel)
                .unwrap();
            let old: String =
                sqlx::query_scalar("SELECT old FROM accounts").fetch_one(&databases.sqlx).await.unwrap();
            assert!(old.starts_with("env:/g"), "{old}");
        })
        .await;
}

#[tokio::test]
async fn a_column_of_the_other_encoding_is_a_typed_error() {
    #[derive(envelope_sqlx::Encrypted, Debug)]
    #[encrypt(table = "accounts")]
    struct Bytes {
        #[encrypt(deterministic)]
        #[expect(dead_code, reason = "it is not read")]
        email: String,
    }

    let keyring = testing::keyring();
    let is_wrong = |error: &OpenError, found| matches!(error, OpenError::WrongEncoding { found: other, .. } if *other == found);
    let text = keyring.seal(Account::EMAIL, "x").unwrap();
    let bytes = keyring.seal(Bytes::EMAIL, "x").unwrap();
    let error = keyring.open(Account::EMAIL, &bytes).unwrap_err();
    assert!(is_wrong(&error, Encoding::Bytes), "{error}");
    assert_eq!(
        error.to_string(),
        "cannot open accounts.email: the value is stored as bytes and the column is declared as text"
    );
    let error = keyring.open(Account::OLD, &bytes).unwrap_err();
    assert!(is_wrong(&error, Encoding::Bytes), "{error}");
    let error = keyring.open(Bytes::EMAIL, &text).unwrap_err();
    assert!(is_wrong(&error, Encoding::Text), "{error}");
    // SQLx looks at the column's type before.
    keyring
        .scope(async {
            let databases = databases().await;
            databases.write_by_sqlx(&account(1, "ada@example.com")).await;
            let read =
                sqlx::query_as::<_, Bytes>("SELECT email FROM accounts").fetch_all(&databases.sqlx).await;
            assert!(matches!(read, Err(sqlx::Error::ColumnDecode { .. })), "{read:?}");
        })
        .await;
}

async fn each_finds_what_the_other_wrote(written_by: &Keyring, read_by: &Keyring) {
    let mut databases = databases().await;
    let (ada, bob) = (account(1, "ada@example.com"), Account { note: None, ..account(2, "bob@example.com") });
    written_by.with(|| databases.write_by_diesel(&ada));
    written_by.scope(databases.write_by_sqlx(&bob)).await;
    read_by
        .scope(async {
            for account in [&ada, &bob] {
                assert_eq!(databases.find_by_sqlx(&account.email).await.unwrap(), slice::from_ref(account));
                assert_eq!(databases.find_by_diesel(&account.email).unwrap(), slice::from_ref(account));
            }
            let types: Vec<String> = sqlx::query_scalar("SELECT DISTINCT typeof(email) FROM accounts")
                .fetch_all(&databases.sqlx)
                .await
                .unwrap();
            assert_eq!(types, ["text"]);
        })
        .await;
    // Sealed rows of both, by whichever ORM.
    let sealed: Vec<SealedAccount> =
        accounts::table.order_by(accounts::id).load(&mut databases.diesel).unwrap();
    assert_eq!(SealedAccount::open_all(sealed, read_by).await.unwrap(), [ada.clone(), bob.clone()]);
    let sealed: Vec<SealedAccount> =
        sqlx::query_as("SELECT * FROM accounts ORDER BY id").fetch_all(&databases.sqlx).await.unwrap();
    assert_eq!(SealedAccount::open_all(sealed, read_by).await.unwrap(), [ada, bob]);
}

#[tokio::test]
async fn with_one_key() {
    let keyring = testing::keyring();
    each_finds_what_the_other_wrote(&keyring, &keyring).await;
}

#[tokio::test]
async fn with_two_live_search_keys() {
    let keys::Rotated { before, after } = keys::rotated().await;
    each_finds_what_the_other_wrote(&before, &after).await;
}

#[tokio::test]
async fn bound_text_is_read_by_both_and_moves_to_no_other_row() {
    use std::error::Error as _;
    let keyring = testing::keyring();
    keyring
        .scope(async {
            let mut databases = databases().await;
            let (one, two) =
                (Letter { id: 1, text: "Dear Ada".into() }, Letter { id: 2, text: "Dear Bob".into() });
            diesel::insert_into(letters::table).values(&one).execute(&mut databases.diesel).unwrap();
            let sealed = two.seal(&keyring).unwrap();
            let text = envelope_sqlx::Sealed::<LetterText>::new(sealed.text.into_bytes());
            let insert = sqlx::query("INSERT INTO letters VALUES (?, ?)").bind(sealed.id).bind(text);
            insert.execute(&databases.sqlx).await.unwrap();
            let by_sqlx: Vec<Letter> =
                sqlx::query_as("SELECT * FROM letters ORDER BY id").fetch_all(&databases.sqlx).await.unwrap();
            let by_diesel: Vec<Letter> =
                letters::table.order_by(letters::id).load(&mut databases.diesel).unwrap();
            assert_eq!((&by_sqlx, &by_diesel), (&vec![one.clone(), two.clone()], &vec![one, two]));
            databases.sql("UPDATE letters SET text = (SELECT text FROM letters WHERE id = 1)").await;
            let error = letters::table.load::<Letter>(&mut databases.diesel).unwrap_err();
            let error = error.source().unwrap().downcast_ref::<OpenError>().unwrap().clone();
            assert!(matches!(error, OpenError::NotAuthentic { .. }), "{error}");
            let error = sqlx::query_as::<_, Letter>("SELECT * FROM letters").fetch_all(&databases.sqlx).await;
            assert!(error.is_err());
        })
        .await;
}
