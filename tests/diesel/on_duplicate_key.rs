//! `ON DUPLICATE KEY UPDATE`, and what else MySQL and MariaDB have of their own.

use std::slice;

use diesel::{debug_query, dsl::DuplicatedKeys, insert_into, prelude::*, result::Error, sql_query};
use envelope_core::OpenError;

use super::{
    DB,
    fixture::{all, insert, open_error, stored, with_database},
    snapshot::{Statement, statements},
};
use crate::model::{User, ada, bob, users};

/// For the snapshot of the SQL.
pub(super) fn statements() -> Vec<Statement> {
    statements! {
        insert_into(users::table).values(&ada()).on_conflict_do_nothing();
        insert_into(users::table).values(&ada()).on_conflict(DuplicatedKeys).do_update()
            .set((users::name.eq("a"), users::phone.eq(Some("b"))));
        insert_into(users::table).values(&ada()).on_conflict(DuplicatedKeys).do_update().set(&ada());
    }
}

#[test]
fn or_nothing() {
    with_database(|connection| {
        insert(&[ada()], connection);
        let again = User { id: 7, name: "Other".to_owned(), ..ada() };
        let error = insert_into(users::table).values(&again).execute(connection).unwrap_err();
        assert!(error.to_string().contains("Duplicate entry"), "{error}");
        let ignored =
            insert_into(users::table).values(&again).on_conflict(DuplicatedKeys).do_nothing();
        ignored.execute(connection).unwrap();
        let ignored = insert_into(users::table).values(&again).on_conflict_do_nothing();
        ignored.execute(connection).unwrap();
        assert_eq!(all(connection), Ok(vec![ada()]));
    });
}

#[test]
fn or_an_update() {
    with_database(|connection| {
        insert(&[ada(), bob()], connection);
        let again = User { id: 7, name: "Other".to_owned(), ..ada() };
        let upsert = insert_into(users::table)
            .values(&again)
            .on_conflict(DuplicatedKeys)
            .do_update()
            .set((users::name.eq("Set"), users::note.eq(Some("new")), users::phone.eq("+1")));
        // MySQL counts two for a row that is updated.
        assert_eq!(upsert.execute(connection), Ok(2));
        let expected = User {
            name: "Set".to_owned(),
            note: Some("new".to_owned()),
            phone: Some("+1".to_owned()),
            ..ada()
        };
        assert_eq!(all(connection), Ok(vec![expected, bob()]));
        let whole = User { name: "Whole".to_owned(), ..ada() };
        let upsert = insert_into(users::table)
            .values(&again)
            .on_conflict(DuplicatedKeys)
            .do_update()
            .set(&whole);
        assert_eq!(upsert.execute(connection), Ok(2));
        assert_eq!(all(connection), Ok(vec![whole, bob()]));
    });
}

/// A value that does not fit its column is an error, and not a value that lost its tag.
#[test]
fn a_value_that_is_too_long_for_its_column() {
    with_database(|connection| {
        let fits = User { note: Some("x".repeat(255 - 34)), email: "x".repeat(255 - 22), ..ada() };
        insert(slice::from_ref(&fits), connection);
        assert_eq!(all(connection), Ok(vec![fits]));
        let too_long = [
            User { note: Some("x".repeat(255 - 33)), ..bob() },
            User { email: "x".repeat(255 - 21), ..bob() },
        ];
        for user in too_long {
            let error = insert_into(users::table).values(&user).execute(connection).unwrap_err();
            assert!(matches!(&error, Error::DatabaseError(..)), "{error:?}");
            assert!(error.to_string().contains("Data too long"), "{error}");
        }
        let update = diesel::update(users::table).set(users::name.eq("x".repeat(300)));
        assert!(update.execute(connection).is_err());
        assert_eq!(stored(connection).len(), 1);
    });
}

/// Without its strict mode the database cuts what is too long. That loses the value, but is told when it is read.
#[test]
fn a_value_that_was_cut() {
    with_database(|connection| {
        sql_query("SET sql_mode = ''").execute(connection).unwrap();
        insert(&[User { note: Some("x".repeat(300)), ..ada() }], connection);
        assert_eq!(stored(connection)[0].note.as_ref().map(Vec::len), Some(255));
        let error = open_error(all(connection));
        assert!(matches!(&error, OpenError::NotAuthentic { .. }), "{error}");
        assert_eq!(error.to_string().matches("users.note").count(), 1, "{error}");
    });
}

/// A `BLOB` has no length, and an index only on a prefix of it.
#[test]
fn a_column_without_a_length() {
    with_database(|connection| {
        let change = "ALTER TABLE users DROP INDEX email, MODIFY email BLOB NOT NULL, MODIFY note MEDIUMBLOB, \
                      ADD INDEX (email(64))";
        sql_query(change).execute(connection).unwrap();
        let user = User { note: Some("x".repeat(100_000)), email: "x".repeat(1000), ..ada() };
        insert(slice::from_ref(&user), connection);
        let found = users::table.filter(users::email.eq("x".repeat(1000))).first::<User>(connection);
        assert_eq!(found, Ok(user));
    });
}
