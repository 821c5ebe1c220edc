//! Through SQLx.

use std::sync::Arc;

use envelope_core::{
    KeyError, Keyring, OpenError, PlaceError, RowKey, SealError,
    testing::{self, Fault},
};
use envelope_sqlx::{Encrypted, QueryBuilderExt as _, Sealed};
use envelope_tests::application::Application;
use sqlx::{QueryBuilder, Sqlite, SqlitePool, sqlite::SqlitePoolOptions};
use tokio::sync::Barrier;

use super::Together;

const TABLES: [&str; 4] = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB NOT NULL UNIQUE, note BLOB)",
    "CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body BLOB NOT NULL, note BLOB)",
    "CREATE TABLE members (org_id TEXT NOT NULL, number BIGINT NOT NULL, name BLOB NOT NULL)",
    "CREATE TABLE people (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL, email BLOB NOT NULL, note BLOB)",
];

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "users", sealed)]
struct User {
    id: i64,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
}

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "docs", bind = id)]
struct Doc {
    id: i64,
    title: String,
    #[encrypt]
    body: String,
    #[encrypt]
    #[sqlx(default)]
    note: Option<String>,
}

/// A part of the columns, with the id.
#[derive(Encrypted, Debug, PartialEq)]
#[encrypt(columns = Doc, bind = id)]
struct Body {
    id: i64,
    #[encrypt]
    body: Encrypted<DocBody>,
}

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "members", bind = (org_id, number), tenant = org_id)]
struct Member {
    org_id: String,
    number: i64,
    #[encrypt]
    name: String,
}

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "people", tenant = org_id)]
struct Person {
    id: i64,
    org_id: i64,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
}

async fn database() -> SqlitePool {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
    for table in TABLES {
        sqlx::query(table).execute(&pool).await.unwrap();
    }
    pool
}

async fn insert_doc(doc: &Doc, keyring: &Keyring, pool: &SqlitePool) {
    let sealed = doc.seal(keyring).unwrap();
    sqlx::query("INSERT INTO docs VALUES (?, ?, ?, ?)")
        .bind(sealed.id)
        .bind(sealed.title)
        .bind(sealed.body)
        .bind(sealed.note)
        .execute(pool)
        .await
        .unwrap();
}

async fn insert_person(person: &Person, keyring: &Keyring, pool: &SqlitePool) {
    let sealed = person.seal(keyring).unwrap();
    sqlx::query("INSERT INTO people VALUES (?, ?, ?, ?)")
        .bind(sealed.id)
        .bind(sealed.org_id)
        .bind(sealed.email)
        .bind(sealed.note)
        .execute(pool)
        .await
        .unwrap();
}

async fn insert_member(member: &Member, keyring: &Keyring, pool: &SqlitePool) {
    let sealed = member.seal(keyring).unwrap();
    sqlx::query("INSERT INTO members VALUES (?, ?, ?)")
        .bind(sealed.org_id)
        .bind(sealed.number)
        .bind(sealed.name)
        .execute(pool)
        .await
        .unwrap();
}

async fn sql(statement: &'static str, pool: &SqlitePool) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

fn doc(id: i64, note: Option<&str>) -> Doc {
    Doc { id, title: format!("title {id}"), body: format!("body {id}"), note: note.map(str::to_owned) }
}

fn person(id: i64, org_id: i64) -> Person {
    Person { id, org_id, email: "ada@example.com".to_owned(), note: Some(format!("note {id}")) }
}

fn member(org_id: &str, number: i64) -> Member {
    Member { org_id: org_id.to_owned(), number, name: format!("{org_id} {number}") }
}

async fn docs(pool: &SqlitePool) -> sqlx::Result<Vec<Doc>> {
    sqlx::query_as("SELECT * FROM docs ORDER BY id").fetch_all(pool).await
}

async fn people(pool: &SqlitePool) -> sqlx::Result<Vec<Person>> {
    sqlx::query_as("SELECT * FROM people ORDER BY id").fetch_all(pool).await
}

async fn members(pool: &SqlitePool) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as("SELECT * FROM members ORDER BY org_id, number").fetch_all(pool).await
}

#[track_caller]
fn open_error<T: core::fmt::Debug>(result: sqlx::Result<T>) -> OpenError {
    match result.unwrap_err() {
        sqlx::Error::ColumnDecode { source, index } => {
            let error: OpenError = *source.downcast().unwrap();
            assert_eq!(format!("{:?}", error.field().column()), index);
            error
        }
        other => panic!("not an error of decoding: {other:?}"),
    }
}

#[tokio::test]
async fn a_value_that_was_moved_to_another_row_does_not_open() {
    let (keyring, pool) = (&testing::keyring(), &database().await);
    keyring
        .scope(async {
            insert_doc(&doc(1, Some("one")), keyring, pool).await;
            insert_doc(&doc(2, Some("two")), keyring, pool).await;
            assert_eq!(docs(pool).await.unwrap(), [doc(1, Some("one")), doc(2, Some("two"))]);
            sql("UPDATE docs SET note = (SELECT note FROM docs WHERE id = 1) WHERE id = 2", pool).await;
            let error = open_error(docs(pool).await);
            assert!(matches!(&error, OpenError::NotAuthentic { .. }), "{error}");
            assert!(error.to_string().contains("docs.note"), "{error}");
            let note = Sealed::<DocNote>::of_row(keyring, &RowKey::new(&2), "again").unwrap();
            sqlx::query("UPDATE docs SET note = ? WHERE id = 2").bind(&note).execute(pool).await.unwrap();
            assert_eq!(docs(pool).await.unwrap(), [doc(1, Some("one")), doc(2, Some("again"))]);
            sql("UPDATE docs SET id = 3 WHERE id = 2", pool).await;
            assert!(matches!(open_error(docs(pool).await), OpenError::NotAuthentic { .. }));
        })
        .await;
}

#[tokio::test]
async fn swapped_and_truncated_values_of_a_bound_column_do_not_open() {
    let (keyring, pool) = (&testing::keyring(), &database().await);
    keyring
        .scope(async {
            insert_doc(&doc(1, Some("one")), keyring, pool).await;
            sql("UPDATE docs SET body = note, note = body", pool).await;
            assert!(matches!(open_error(docs(pool).await), OpenError::NotAuthentic { .. }));
            sql("UPDATE docs SET body = note, note = body", pool).await;
            sql("UPDATE docs SET body = substr(body, 1, length(body) - 1)", pool).await;
            assert!(matches!(open_error(docs(pool).await), OpenError::NotAuthentic { .. }));
            sql("UPDATE docs SET body = x'fe01'", pool).await;
            assert!(matches!(open_error(docs(pool).await), OpenError::Malformed { .. }));
        })
        .await;
}

#[tokio::test]
async fn a_row_without_its_id_is_not_read() {
    let (keyring, pool) = (&testing::keyring(), &database().await);
    keyring
        .scope(async {
            insert_doc(&doc(1, Some("one")), keyring, pool).await;
            let error = sqlx::query_as::<_, Doc>("SELECT title, body, note FROM docs").fetch_one(pool).await;
            assert!(matches!(error, Err(sqlx::Error::ColumnNotFound(name)) if name == "id"));
            // The id of another table's row is another id.
            let query = "SELECT 7 AS id, title, body, note FROM docs";
            let error = open_error(sqlx::query_as::<_, Doc>(query).fetch_one(pool).await);
            assert!(matches!(error, OpenError::NotAuthentic { .. }), "{error}");
            let part: Body = sqlx::query_as("SELECT id, body FROM docs").fetch_one(pool).await.unwrap();
            assert_eq!((part.id, &**part.body), (1, "body 1"));
            let part: Doc = sqlx::query_as("SELECT id, title, body FROM docs").fetch_one(pool).await.unwrap();
            assert_eq!(part, doc(1, None));
        })
        .await;
}

#[tokio::test]
async fn a_composite_id_and_a_tenant_are_bound_together() {
    let (keyring, pool) = (&testing::keyring(), &database().await);
    keyring
        .scope(async {
            let all = [member("acme", 1), member("acme", 12), member("globex", 1)];
            for member in &all {
                insert_member(member, keyring, pool).await;
            }
            assert_eq!(members(pool).await.unwrap(), all);
            sql("UPDATE members SET number = 2 WHERE number = 12", pool).await;
            assert!(matches!(open_error(members(pool).await), OpenError::NotAuthentic { .. }));
            sql("UPDATE members SET org_id = 'globex', number = 12 WHERE number = 2", pool).await;
            assert!(matches!(open_error(members(pool).await), OpenError::UnknownKey { .. }));
            sql("UPDATE members SET org_id = '', number = 12 WHERE number = 12", pool).await;
            let error = open_error(members(pool).await);
            assert!(matches!(error, OpenError::Place { source: PlaceError::TenantName(_), .. }), "{error}");
        })
        .await;
}

#[tokio::test]
async fn a_row_opens_with_the_keys_of_its_tenant_only() {
    let (keyring, pool) = (&testing::keyring(), &database().await);
    keyring
        .scope(async {
            insert_person(&person(1, 7), keyring, pool).await;
            insert_person(&person(2, 8), keyring, pool).await;
            assert_eq!(people(pool).await.unwrap(), [person(1, 7), person(2, 8)]);
            sql("UPDATE people SET org_id = 8 WHERE id = 1", pool).await;
            let error = open_error(people(pool).await);
            assert!(
                matches!(&error, OpenError::UnknownKey { tenant, .. } if tenant.as_str() == "8"),
                "{error}"
            );
            sql("UPDATE people SET org_id = 7 WHERE id = 1", pool).await;
            let error = open_error(keyring.tenant("7").unwrap().scope(people(pool)).await);
            assert!(
                matches!(error, OpenError::Place { source: PlaceError::OtherTenant { .. }, .. }),
                "{error}"
            );
        })
        .await;
    let error = person(3, 8).seal(&keyring.tenant("7").unwrap()).unwrap_err();
    assert!(matches!(error, SealError::Place { source: PlaceError::OtherTenant { .. }, .. }), "{error}");
}

#[tokio::test]
async fn a_search_needs_to_know_the_tenant() {
    let (keyring, pool) = (&testing::keyring(), &database().await);
    insert_person(&person(1, 7), keyring, pool).await;
    insert_person(&person(2, 8), keyring, pool).await;
    let no_tenant = keyring.with(|| Person::EMAIL.lookup("ada@example.com")).unwrap_err();
    assert!(matches!(no_tenant, SealError::Place { source: PlaceError::NoTenant, .. }), "{no_tenant}");
    let no_tenant = keyring.with(|| Person::NOTE.seal("x")).unwrap_err();
    assert!(matches!(no_tenant, SealError::Place { source: PlaceError::NoTenant, .. }), "{no_tenant}");
    let email: sqlx::Result<Encrypted<PersonEmail>> =
        keyring.scope(sqlx::query_scalar("SELECT email FROM people").fetch_one(pool)).await;
    let Err(sqlx::Error::ColumnDecode { source, .. }) = email else { panic!("{email:?}") };
    let no_tenant = source.downcast_ref::<OpenError>().unwrap();
    assert!(matches!(no_tenant, OpenError::Place { source: PlaceError::NoTenant, .. }), "{no_tenant}");
    for (id, org_id) in [(1, 7), (2, 8)] {
        let found: Vec<Person> = keyring
            .tenant(&org_id.to_string())
            .unwrap()
            .scope(async {
                let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM people WHERE ");
                query.push_lookup(Person::EMAIL, Person::EMAIL.lookup("ada@example.com").unwrap());
                query.build_query_as().fetch_all(pool).await.unwrap()
            })
            .await;
        assert_eq!(found, [person(id, org_id)]);
    }
}

#[tokio::test]
async fn without_a_keyring_in_force_sealed_structs_are_read_written_and_opened() {
    let (keyring, pool) = (&testing::keyring(), &database().await);
    let ada = User { id: 1, email: "ada@example.com".into(), note: None };
    let sealed = ada.seal(keyring).unwrap();
    assert_eq!(format!("{sealed:?}"), "SealedUser { email: Sealed(users.email, 37 bytes), note: None, .. }");
    let insert = sqlx::query("INSERT INTO users VALUES (?, ?, ?)").bind(sealed.id).bind(sealed.email);
    insert.bind(sealed.note).execute(pool).await.unwrap();
    let error = open_error(sqlx::query_as::<_, User>("SELECT * FROM users").fetch_one(pool).await);
    assert!(matches!(error, OpenError::NoKeyring { .. }), "{error}");
    let rows: Vec<SealedUser> = sqlx::query_as("SELECT * FROM users").fetch_all(pool).await.unwrap();
    let other = rows[0].clone().open(&testing::keyring()).unwrap_err();
    assert!(matches!(other, OpenError::UnknownKey { .. }), "{other}");
    assert_eq!(rows[0].clone().open(keyring).unwrap(), ada);
    assert_eq!(SealedUser::open_all(rows, keyring).await.unwrap(), [ada]);
    insert_doc(&doc(1, None), keyring, pool).await;
    let error = open_error(docs(pool).await);
    assert!(matches!(&error, OpenError::NoKeyring { .. }), "{error}");
}

#[tokio::test]
async fn the_rows_of_many_tenants_are_opened_with_one_fetch_of_their_keys() {
    let (application, pool) = (Application::start(), &database().await);
    let writer = application.process();
    writer.warm_tenants(["1", "2", "3", "4", "5"]).await.unwrap();
    for id in 1..=50 {
        insert_person(&person(id, (id - 1) % 5 + 1), &writer, pool).await;
    }
    let rows: Vec<SealedPerson> =
        sqlx::query_as("SELECT * FROM people ORDER BY id").fetch_all(pool).await.unwrap();
    let (reader, unlucky) = (application.process(), application.process());
    let cold = rows[0].clone().open(&reader).unwrap_err();
    assert!(matches!(cold, OpenError::Key { source: KeyError::NotLoaded { .. }, .. }), "{cold}");
    application.kms.fail(Fault::Outage);
    let down = SealedPerson::open_all(rows.clone(), &unlucky).await.unwrap_err();
    assert!(matches!(&down, OpenError::Key { source, .. } if source.is_transient()), "{down}");
    application.kms.recover();
    let calls = application.kms.calls();
    // In a task of its own, so that what is awaited can move between threads.
    let opened = tokio::spawn(async move { SealedPerson::open_all(rows, &reader).await });
    let people = opened.await.unwrap().unwrap();
    assert_eq!(people, (1..=50).map(|id| person(id, (id - 1) % 5 + 1)).collect::<Vec<_>>());
    // One for each of two keys of five tenants.
    assert_eq!(application.kms.calls() - calls, 10);
}

#[tokio::test]
async fn the_keys_of_a_batch_are_fetched_together() {
    let application = Application::start();
    let writer = application.process();
    writer.warm_tenants(["1", "2", "3"]).await.unwrap();
    let rows: Vec<_> = (1..=6).map(|id| person(id, (id - 1) % 3 + 1).seal(&writer).unwrap()).collect();
    // Were one key fetched after the other, the first would wait for ever.
    let provider = Together(application.kms.clone(), Arc::new(Barrier::new(6)));
    let builder = Keyring::builder(provider, Arc::clone(&application.store)).allow_test_provider();
    let reader = builder.open().await.unwrap();
    assert_eq!(SealedPerson::open_all(rows, &reader).await.unwrap().len(), 6);
}
