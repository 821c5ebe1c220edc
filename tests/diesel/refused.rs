//! What must fail, and how.

use diesel::prelude::*;
use envelope_core::{NoKeyring, OpenError, SealError, testing};

use super::{
    DB,
    fixture::{all, insert, open_error, seal_error, stored, with_database, without_keyring},
};
use crate::model::{User, ada, bob, stored_users, users};

/// Changes what the database holds, as someone does who has no keys.
macro_rules! tamper {
    ($column:ident = $value:expr, $connection:expr) => {
        diesel::update(stored_users::table)
            .set(stored_users::$column.eq($value))
            .execute($connection)
            .unwrap()
    };
}

#[test]
fn a_value_of_another_tenant() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    without_keyring(|connection| {
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
    });
}

#[test]
fn a_value_of_another_keyring() {
    without_keyring(|connection| {
        testing::keyring().with(|| insert(&[ada()], connection));
        let error = open_error(testing::keyring().with(|| all(connection)));
        assert!(matches!(&error, OpenError::UnknownKey { .. }), "{error}");
    });
}

#[test]
fn a_randomized_value_in_another_column() {
    with_database(|connection| {
        insert(&[ada()], connection);
        tamper!(note = stored(connection)[0].name.clone(), connection);
        let error = open_error(all(connection));
        assert!(matches!(&error, OpenError::NotAuthentic { field, .. } if field.to_string() == "users.note"));
    });
}

#[test]
fn two_columns_of_a_row_that_were_swapped() {
    with_database(|connection| {
        insert(&[ada()], connection);
        let [row] = &stored(connection)[..] else { panic!() };
        tamper!(name = row.note.as_ref().unwrap(), connection);
        tamper!(note = &row.name, connection);
        let error = open_error(all(connection));
        assert!(matches!(&error, OpenError::NotAuthentic { field, .. } if field.to_string() == "users.name"));
    });
}

#[test]
fn a_deterministic_value_in_another_column() {
    with_database(|connection| {
        insert(&[ada()], connection);
        tamper!(phone = stored(connection)[0].email.clone(), connection);
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
        let [row] = &stored(connection)[..] else { panic!() };
        tamper!(name = &row.email, connection);
        assert!(matches!(open_error(all(connection)), OpenError::WrongMode { .. }));
        tamper!(email = row.note.as_ref().unwrap(), connection);
        assert!(matches!(open_error(all(connection)), OpenError::WrongMode { .. }));
    });
}

#[test]
fn a_value_that_was_changed() {
    with_database(|connection| {
        insert(&[ada()], connection);
        let name = stored(connection)[0].name.clone();
        tamper!(name = [&name[..], &[0]].concat(), connection);
        assert!(matches!(open_error(all(connection)), OpenError::NotAuthentic { .. }));
        tamper!(name = &name[..20], connection);
        assert!(matches!(open_error(all(connection)), OpenError::Malformed { .. }));
    });
}

#[test]
fn a_row_in_plaintext() {
    with_database(|connection| {
        insert(&[ada()], connection);
        for plaintext in ["Ada", "", "1815"] {
            tamper!(name = plaintext.as_bytes(), connection);
            let error = open_error(all(connection));
            assert!(
                matches!(&error, OpenError::NotAnEnvelope { field } if field.to_string() == "users.name"),
                "{plaintext}: {error}"
            );
        }
        // A plaintext row is not found by its value.
        tamper!(email = &b"ada@example.com"[..], connection);
        let query = users::table.filter(users::email.eq("ada@example.com"));
        assert_eq!(query.count().get_result(connection), Ok(0));
    });
}

#[test]
fn every_way_of_reading() {
    with_database(|connection| {
        insert(&[ada()], connection);
        tamper!(name = stored(connection)[0].note.clone().unwrap(), connection);
        open_error(users::table.load::<User>(connection));
        open_error(users::table.select(users::name).get_result::<String>(connection));
        open_error(users::table.select((users::id, users::name)).first::<(i32, String)>(connection));
        open_error(users::table.select(users::name.nullable()).first::<Option<String>>(connection));
        open_error(users::table.load_iter::<User, diesel::connection::DefaultLoadingMode>(connection).unwrap().next().unwrap());
    });
}

#[test]
fn to_read_without_a_keyring() {
    without_keyring(|connection| {
        testing::keyring().with(|| insert(&[ada()], connection));
        let error = open_error(all(connection));
        assert!(matches!(&error, OpenError::NoKeyring { source: NoKeyring { .. }, .. }), "{error}");
        assert!(error.to_string().starts_with("cannot open users.email: no keyring"), "{error}");
    });
}

#[test]
fn to_write_without_a_keyring() {
    without_keyring(|connection| {
        let error = seal_error(diesel::insert_into(users::table).values(&ada()).execute(connection));
        assert!(matches!(&error, SealError::NoKeyring { .. }), "{error}");
        assert!(error.to_string().starts_with("cannot seal users.email: no keyring"), "{error}");
        let assignment =
            diesel::insert_into(users::table).values((users::email.eq("ada"), users::name.eq("Ada")));
        assert!(matches!(seal_error(assignment.execute(connection)), SealError::NoKeyring { .. }));
        testing::keyring().with(|| insert(&[ada()], connection));
        let update = diesel::update(users::table).set(users::note.eq(Some("x")));
        assert!(matches!(seal_error(update.execute(connection)), SealError::NoKeyring { .. }));
    });
}

#[test]
fn to_search_without_a_keyring() {
    without_keyring(|connection| {
        let query = users::table.filter(users::email.eq("ada@example.com"));
        let error = seal_error(query.clone().select(users::id).first::<i32>(connection));
        assert!(matches!(&error, SealError::NoKeyring { .. }), "{error}");
        let query = users::table.filter(users::email.eq_any(["ada@example.com", "bob@example.com"]));
        seal_error(query.clone().select(users::id).first::<i32>(connection));
        // The error comes when the query runs: printing it must not panic, as instrumentation prints every query.
        assert!(!diesel::debug_query::<DB, _>(&query).to_string().contains("ada"));
    });
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
