//! What must fail, and how.

use diesel::prelude::*;
use envelope_core::{NoKeyring, OpenError, SealError, testing};

use super::{User, ada, all, bob, database, insert, open_error, seal_error, sql, users, with_database};

#[test]
fn a_value_of_another_tenant() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    let connection = &mut database();
    acme.with(|| insert(&[ada()], connection));

    let error = open_error(other.with(|| all(connection)));
    assert!(matches!(&error, OpenError::UnknownKey { tenant, .. } if tenant.as_str() == "other"), "{error}");
    let error = open_error(keyring.with(|| all(connection)));
    assert!(matches!(&error, OpenError::UnknownKey { tenant, .. } if tenant.is_default()), "{error}");
    // Nor is it found.
    let found =
        other.with(|| users::table.filter(users::email.eq("ada@example.com")).count().get_result(connection));
    assert_eq!(found, Ok(0));
    assert_eq!(acme.with(|| all(connection)), Ok(vec![ada()]));
}

#[test]
fn a_value_of_another_keyring() {
    let connection = &mut database();
    testing::keyring().with(|| insert(&[ada()], connection));
    let error = open_error(testing::keyring().with(|| all(connection)));
    assert!(matches!(&error, OpenError::UnknownKey { .. }), "{error}");
}

#[test]
fn a_randomized_value_in_another_column() {
    with_database(|connection| {
        insert(&[ada()], connection);
        sql("UPDATE users SET note = name", connection);
        let error = open_error(all(connection));
        assert!(matches!(&error, OpenError::NotAuthentic { field, .. } if field.to_string() == "users.note"));
    });
}

#[test]
fn two_columns_of_a_row_that_were_swapped() {
    with_database(|connection| {
        insert(&[ada()], connection);
        sql("UPDATE users SET name = note, note = name", connection);
        let error = open_error(all(connection));
        assert!(matches!(&error, OpenError::NotAuthentic { field, .. } if field.to_string() == "users.name"));
    });
}

#[test]
fn a_deterministic_value_in_another_column() {
    with_database(|connection| {
        insert(&[ada()], connection);
        sql("UPDATE users SET phone = email", connection);
        let error = open_error(all(connection));
        assert!(
            matches!(&error, OpenError::NotAuthentic { field, .. } if field.to_string() == "users.phone")
        );
        // Equal plaintexts have other bytes in another column, so it is not found either.
        let query = users::table.filter(users::phone.eq("ada@example.com"));
        assert_eq!(query.count().get_result(connection), Ok(0));
    });
}

#[test]
fn a_value_of_the_other_mode() {
    with_database(|connection| {
        insert(&[ada()], connection);
        sql("UPDATE users SET name = email", connection);
        assert!(matches!(open_error(all(connection)), OpenError::WrongMode { .. }));
        sql("UPDATE users SET email = note", connection);
        assert!(matches!(open_error(all(connection)), OpenError::WrongMode { .. }));
    });
}

#[test]
fn a_value_that_was_changed() {
    with_database(|connection| {
        insert(&[ada()], connection);
        sql("UPDATE users SET name = CAST(name || X'00' AS BLOB)", connection);
        assert!(matches!(open_error(all(connection)), OpenError::NotAuthentic { .. }));
        sql("UPDATE users SET name = substr(name, 1, 20)", connection);
        assert!(matches!(open_error(all(connection)), OpenError::Malformed { .. }));
    });
}

#[test]
fn a_row_in_plaintext() {
    with_database(|connection| {
        insert(&[ada()], connection);
        for plaintext in ["'Ada'", "X'416461'", "''", "X''", "1815"] {
            sql(&format!("UPDATE users SET name = {plaintext}"), connection);
            let error = open_error(all(connection));
            assert!(
                matches!(&error, OpenError::NotAnEnvelope { field } if field.to_string() == "users.name"),
                "{plaintext}: {error}"
            );
        }
        // A plaintext row is not found by its value, whatever the type of the column.
        sql("UPDATE users SET email = 'ada@example.com'", connection);
        let query = users::table.filter(users::email.eq("ada@example.com"));
        assert_eq!(query.count().get_result(connection), Ok(0));
    });
}

#[test]
fn every_way_of_reading() {
    with_database(|connection| {
        insert(&[ada()], connection);
        sql("UPDATE users SET name = note", connection);
        open_error(users::table.load::<User>(connection));
        open_error(users::table.select(users::name).get_result::<String>(connection));
        open_error(users::table.select((users::id, users::name)).first::<(i32, String)>(connection));
        open_error(users::table.select(users::name.nullable()).first::<Option<String>>(connection));
        open_error(users::table.load_iter::<User, _>(connection).unwrap().next().unwrap());
        open_error(
            diesel::update(users::table)
                .set(users::id.eq(2))
                .returning(users::name)
                .get_result::<String>(connection),
        );
    });
}

#[test]
fn to_read_without_a_keyring() {
    let connection = &mut database();
    testing::keyring().with(|| insert(&[ada()], connection));
    let error = open_error(all(connection));
    assert!(matches!(&error, OpenError::NoKeyring { source: NoKeyring { .. }, .. }), "{error}");
    assert!(error.to_string().starts_with("cannot open users.email: no keyring"), "{error}");
}

#[test]
fn to_write_without_a_keyring() {
    let connection = &mut database();
    let error = seal_error(diesel::insert_into(users::table).values(&ada()).execute(connection));
    assert!(matches!(&error, SealError::NoKeyring { .. }), "{error}");
    assert!(error.to_string().starts_with("cannot seal users.email: no keyring"), "{error}");
    let assignment =
        diesel::insert_into(users::table).values((users::email.eq("ada"), users::name.eq("Ada")));
    assert!(matches!(seal_error(assignment.execute(connection)), SealError::NoKeyring { .. }));
    testing::keyring().with(|| insert(&[ada()], connection));
    let update = diesel::update(users::table).set(users::note.eq(Some("x")));
    assert!(matches!(seal_error(update.execute(connection)), SealError::NoKeyring { .. }));
}

#[test]
fn to_search_without_a_keyring() {
    let connection = &mut database();
    let query = users::table.filter(users::email.eq("ada@example.com"));
    let error = seal_error(query.clone().select(users::id).first::<i32>(connection));
    assert!(matches!(&error, SealError::NoKeyring { .. }), "{error}");
    let query = users::table.filter(users::email.eq_any(["ada@example.com", "bob@example.com"]));
    seal_error(query.clone().select(users::id).first::<i32>(connection));
    // The error comes when the query runs: printing it must not panic, as instrumentation prints every query.
    assert!(diesel::debug_query::<diesel::sqlite::Sqlite, _>(&query).to_string().contains("`email` = ?"));
}

#[test]
fn the_whole_batch_if_one_row_fails() {
    with_database(|connection| {
        insert(&[bob()], connection);
        let users = vec![ada(), User { id: 3, ..bob() }];
        assert!(diesel::insert_into(users::table).values(&users).execute(connection).is_err());
        assert_eq!(all(connection), Ok(vec![bob()]));
    });
}
