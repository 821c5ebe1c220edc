//! Through Diesel.

#[path = "diesel/tenants.rs"]
mod tenants;

use std::error::Error as _;

use diesel::{prelude::*, sql_types::Binary};
use envelope_core::{Keyring, OpenError, RowKey, SealError, testing};
use envelope_diesel::{Encrypted, Sealed};

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::sealed::by_diesel::UserEmail,
        note -> Nullable<crate::sealed::by_diesel::UserNote>,
    }
}

diesel::table! {
    docs (id) {
        id -> Integer,
        title -> Text,
        body -> crate::sealed::by_diesel::DocBody,
        note -> Nullable<crate::sealed::by_diesel::DocNote>,
    }
}

diesel::table! {
    members (org_id, number) {
        org_id -> Text,
        number -> BigInt,
        name -> crate::sealed::by_diesel::MemberName,
    }
}

diesel::table! {
    people (id) {
        id -> Integer,
        org_id -> Integer,
        email -> crate::sealed::by_diesel::PersonEmail,
        note -> Nullable<crate::sealed::by_diesel::PersonNote>,
    }
}

diesel::joinable!(people -> users (org_id));
diesel::allow_tables_to_appear_in_same_query!(docs, users, people);

const TABLES: [&str; 4] = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB NOT NULL UNIQUE, note BLOB)",
    "CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body BLOB NOT NULL, note BLOB)",
    "CREATE TABLE members (org_id TEXT NOT NULL, number BIGINT NOT NULL, name BLOB NOT NULL, PRIMARY KEY (org_id, number))",
    "CREATE TABLE people (id INTEGER PRIMARY KEY, org_id INTEGER NOT NULL, email BLOB NOT NULL, note BLOB)",
];

#[derive(Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = users)]
#[encrypt(sealed)]
struct User {
    id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
}

/// Inserted, with an id that the database makes.
#[derive(Encrypted)]
#[diesel(table_name = users)]
#[encrypt(columns = User, sealed)]
struct NewUser<'a> {
    #[encrypt]
    email: &'a str,
    #[encrypt]
    note: Option<&'a str>,
}

#[derive(Encrypted, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = docs)]
#[encrypt(bind = id)]
struct Doc {
    id: i32,
    title: String,
    #[encrypt]
    body: String,
    #[encrypt]
    note: Option<String>,
}

/// A change, which leaves out what is `None`, and knows the row all the same.
#[derive(Encrypted)]
#[diesel(table_name = docs)]
#[encrypt(columns = Doc, bind = id)]
struct DocChange<'a> {
    id: i32,
    #[encrypt]
    body: Option<&'a str>,
    #[encrypt]
    note: Option<Option<&'a str>>,
}

#[derive(Encrypted, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = members, primary_key(org_id, number))]
#[encrypt(bind = (org_id, number), tenant = org_id)]
struct Member {
    org_id: String,
    number: i64,
    #[encrypt(type = String)]
    name: Encrypted<MemberName>,
}

#[derive(Encrypted, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = people)]
#[encrypt(tenant = org_id)]
struct Person {
    id: i32,
    org_id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
}

fn database() -> SqliteConnection {
    let mut db = SqliteConnection::establish(":memory:").unwrap();
    TABLES.into_iter().for_each(|table| sql(table, &mut db));
    db
}

fn with_database<R>(test: impl FnOnce(&Keyring, &mut SqliteConnection) -> R) -> R {
    let keyring = testing::keyring();
    keyring.with(|| test(&keyring, &mut database()))
}

fn sql(statement: &str, db: &mut SqliteConnection) {
    diesel::sql_query(statement).execute(db).unwrap();
}

#[track_caller]
fn open_error<T: core::fmt::Debug>(result: QueryResult<T>) -> OpenError {
    let error = result.unwrap_err();
    assert!(matches!(error, diesel::result::Error::DeserializationError(_)), "{error:?}");
    error.source().unwrap().downcast_ref::<OpenError>().unwrap().clone()
}

#[track_caller]
fn seal_error<T: core::fmt::Debug>(result: QueryResult<T>) -> SealError {
    let error = result.unwrap_err();
    assert!(matches!(error, diesel::result::Error::SerializationError(_)), "{error:?}");
    error.source().unwrap().downcast_ref::<SealError>().unwrap().clone()
}

fn doc(id: i32, note: Option<&str>) -> Doc {
    Doc { id, title: format!("title {id}"), body: format!("body {id}"), note: note.map(str::to_owned) }
}

fn person(id: i32, org_id: i32) -> Person {
    Person { id, org_id, email: "ada@example.com".to_owned(), note: Some(format!("note {id}")) }
}

fn docs_in(db: &mut SqliteConnection) -> QueryResult<Vec<Doc>> {
    docs::table.order_by(docs::id).select(Doc::as_select()).load(db)
}

fn people_in(db: &mut SqliteConnection) -> QueryResult<Vec<Person>> {
    people::table.order_by(people::id).select(Person::as_select()).load(db)
}

fn member(org_id: &str, number: i64) -> Member {
    Member { org_id: org_id.to_owned(), number, name: Encrypted::new(format!("{org_id} {number}")) }
}

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

#[test]
fn a_value_that_was_moved_to_another_row_does_not_open() {
    with_database(|_, db| {
        diesel::insert_into(docs::table)
            .values(&vec![doc(1, Some("one")), doc(2, Some("two"))])
            .execute(db)
            .unwrap();
        for column in ["body", "note"] {
            let before: Vec<Doc> = docs_in(db).unwrap();
            sql(
                &format!("UPDATE docs SET {column} = (SELECT {column} FROM docs WHERE id = 1) WHERE id = 2"),
                db,
            );
            let error = open_error(docs_in(db));
            assert!(matches!(&error, OpenError::NotAuthentic { .. }), "{error}");
            assert_eq!(error.field().column(), column);
            assert_eq!(docs::table.find(1).select(Doc::as_select()).first(db), Ok(before[0].clone()));
            diesel::update(docs::table.find(2)).set(&before[1]).execute(db).unwrap();
            assert_eq!(docs_in(db).unwrap(), before);
        }
        // A changed id is another row.
        sql("UPDATE docs SET id = 3 WHERE id = 2", db);
        assert!(matches!(open_error(docs_in(db)), OpenError::NotAuthentic { .. }));
    });
}

#[test]
fn swapped_and_truncated_values_of_a_bound_column_do_not_open() {
    with_database(|_, db| {
        diesel::insert_into(docs::table).values(&doc(1, Some("one"))).execute(db).unwrap();
        sql("UPDATE docs SET body = note, note = body", db);
        assert!(matches!(open_error(docs_in(db)), OpenError::NotAuthentic { .. }));
        sql("UPDATE docs SET body = note, note = body", db);
        assert_eq!(docs_in(db).unwrap(), [doc(1, Some("one"))]);
        sql("UPDATE docs SET body = substr(body, 1, length(body) - 1)", db);
        assert!(matches!(open_error(docs_in(db)), OpenError::NotAuthentic { .. }));
        sql("UPDATE docs SET body = substr(body, 1, 20)", db);
        assert!(matches!(open_error(docs_in(db)), OpenError::Malformed { .. }));
        sql("UPDATE docs SET body = x''", db);
        assert!(matches!(open_error(docs_in(db)), OpenError::NotAnEnvelope { .. }));
    });
}

#[test]
fn a_bound_struct_is_inserted_changed_and_loaded() {
    with_database(|keyring, db| {
        let (one, two) = (doc(1, Some("one")), doc(2, None));
        diesel::insert_into(docs::table).values(&one).execute(db).unwrap();
        diesel::insert_into(docs::table).values(two.clone()).execute(db).unwrap();
        assert_eq!(docs_in(db).unwrap(), [one.clone(), two.clone()]);
        let change = DocChange { id: 2, body: Some("new"), note: Some(None) };
        diesel::update(docs::table.find(2)).set(&change).execute(db).unwrap();
        let change = DocChange { id: 1, body: None, note: Some(Some("changed")) };
        diesel::update(docs::table.find(1)).set(change).execute(db).unwrap();
        let changed =
            [Doc { note: Some("changed".into()), ..one.clone() }, Doc { body: "new".into(), ..two.clone() }];
        assert_eq!(docs_in(db).unwrap(), changed);
        // A value alone, for a statement of one column.
        let body = Sealed::<DocBody>::of_row(keyring, &RowKey::new(&1), "alone").unwrap();
        diesel::update(docs::table.find(1)).set(docs::body.eq(&body)).execute(db).unwrap();
        let body: Sealed<DocBody> = docs::table.find(1).select(docs::body).first(db).unwrap();
        assert_eq!(body.open_in_row(keyring, &RowKey::new(&1)).unwrap(), "alone");
        let elsewhere = body.open_in_row(keyring, &RowKey::new(&2)).unwrap_err();
        assert!(matches!(elsewhere, OpenError::NotAuthentic { .. }), "{elsewhere}");
        // Joined, and by the names of columns.
        let query = docs::table.left_join(users::table.on(users::id.eq(docs::id)));
        let rows: Vec<(Doc, Option<User>)> = query
            .filter(docs::id.eq(2))
            .select((Doc::as_select(), Option::<User>::as_select()))
            .load(db)
            .unwrap();
        assert_eq!(rows, [(changed[1].clone(), None)]);
        let by_name: Doc = diesel::sql_query("SELECT * FROM docs WHERE id = 2").get_result(db).unwrap();
        assert_eq!(by_name, changed[1]);
    });
}

#[test]
fn without_a_keyring_in_force_sealed_structs_are_read_written_and_opened() {
    let (keyring, db) = (testing::keyring(), &mut database());
    let ada = User { id: 1, email: "ada@example.com".into(), note: None };
    let sealed = ada.seal(&keyring).unwrap();
    assert_eq!(format!("{sealed:?}"), "SealedUser { email: Sealed(users.email, 37 bytes), note: None, .. }");
    diesel::insert_into(users::table).values(&sealed).execute(db).unwrap();
    let bob = NewUser { email: "bob@example.com", note: Some("likes tea") }.seal(&keyring).unwrap();
    diesel::insert_into(users::table).values(bob).execute(db).unwrap();
    let error = open_error(users::table.select(User::as_select()).load(db));
    assert!(matches!(error, OpenError::NoKeyring { .. }), "{error}");
    let rows: Vec<SealedUser> =
        users::table.order_by(users::id).select(SealedUser::as_select()).load(db).unwrap();
    let bob = User { id: 2, email: "bob@example.com".into(), note: Some("likes tea".into()) };
    assert_eq!(SealedUser::open_all_blocking(rows.clone(), &keyring).unwrap(), [ada.clone(), bob.clone()]);
    let changed = User { note: Some("new".into()), ..ada };
    diesel::update(users::table.find(1)).set(&changed.seal(&keyring).unwrap()).execute(db).unwrap();
    let row: SealedUser = users::table.find(1).first(db).unwrap();
    assert_eq!(row.open(&keyring).unwrap(), changed);
    let row: SealedUser = diesel::sql_query("SELECT * FROM users WHERE id = 2").get_result(db).unwrap();
    assert_eq!(row.open(&keyring).unwrap(), bob);
    let other = rows.into_iter().next().unwrap().open(&testing::keyring()).unwrap_err();
    assert!(matches!(other, OpenError::UnknownKey { .. }), "{other}");
}

#[test]
fn what_is_stored_is_bound_as_the_format_says() {
    with_database(|keyring, db| {
        diesel::insert_into(docs::table).values(&doc(42, None)).execute(db).unwrap();
        let rows: Vec<Bytes> = diesel::sql_query("SELECT body AS bytes FROM docs").load(db).unwrap();
        let opened = keyring.open_in_row(Doc::BODY, &RowKey::new(&42_u8), &rows[0].bytes).unwrap();
        assert_eq!(opened, "body 42");
    });
}

#[test]
fn a_bound_struct_has_a_sealed_form_too() {
    let (keyring, db) = (testing::keyring(), &mut database());
    diesel::insert_into(docs::table).values(doc(1, None).seal(&keyring).unwrap()).execute(db).unwrap();
    let no_keyring = open_error(docs_in(db));
    assert!(matches!(&no_keyring, OpenError::NoKeyring { .. }), "{no_keyring}");
    let rows: Vec<SealedDoc> = docs::table.load(db).unwrap();
    let moved = SealedDoc { id: 2, ..rows[0].clone() }.open(&keyring).unwrap_err();
    assert!(matches!(moved, OpenError::NotAuthentic { .. }), "{moved}");
    assert_eq!(SealedDoc::open_all_blocking(rows, &keyring).unwrap(), [doc(1, None)]);
    keyring.with(|| assert_eq!(docs_in(db).unwrap(), [doc(1, None)]));
}
