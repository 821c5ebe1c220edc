//! Searching while rows are under several search keys, and expressions that outlive a scope.

use diesel::{insert_into, prelude::*};
use envelope_core::testing;
use envelope_diesel::EncryptedExpressionMethods;

use super::{
    Connection, DB,
    fixture::{all, insert, stored, with_database, without_keyring},
};
use crate::{
    keys::processes,
    model::{User, ada, bob, carol, users},
};

/// The ids of the users that a condition holds for.
macro_rules! ids {
    ($condition:expr, $connection:expr) => {
        users::table
            .filter($condition)
            .select(users::id)
            .order_by(users::id)
            .load::<i32>($connection)
            .unwrap()
    };
}

#[test]
fn a_value_under_any_live_key_is_found() {
    let [one, two, three] = processes();
    without_keyring(|connection| {
        one.with(|| insert(&[ada()], connection));
        two.with(|| insert(&[bob()], connection));
        three.with(|| insert(&[carol()], connection));
        let key_ids: Vec<_> = stored(connection).iter().map(|row| row.email[2..6].to_vec()).collect();
        assert!(key_ids[0] != key_ids[1] && key_ids[1] != key_ids[2] && key_ids[0] != key_ids[2]);
        // A process that does not know the newer keys.
        assert_eq!(one.with(|| ids!(users::email.eq("bob@example.com"), connection)), [0; 0]);
        assert_eq!(two.with(|| ids!(users::phone.eq("+44 1"), connection)), [1]);
        three.with(|| {
            for (id, email) in [(1, "ada@example.com"), (2, "bob@example.com"), (3, "carol@example.com")] {
                assert_eq!(ids!(users::email.eq(email), connection), [id]);
            }
            assert_eq!(ids!(users::email.eq("dave@example.com"), connection), [0; 0]);
            let two = ["ada@example.com", "bob@example.com"];
            assert_eq!(ids!(users::email.eq_any(two), connection), [1, 2]);
            assert_eq!(ids!(users::email.ne_all(two), connection), [3]);
            assert_eq!(ids!(users::email.ne("ada@example.com"), connection), [2, 3]);
            let other = diesel::alias!(users as other);
            let query = other.filter(other.field(users::phone).matches("+44 1"));
            assert_eq!(query.count().get_result(connection), Ok(2));
            let query = other.filter(other.field(users::email).not_matches("ada@example.com"));
            assert_eq!(query.count().get_result(connection), Ok(2));
        });
    });
}

/// What is `NULL` is in no list, and outside of none.
#[test]
fn null_under_any_number_of_keys() {
    let keyrings = processes::<3>();
    without_keyring(|connection| {
        keyrings[0].with(|| insert(&[ada(), bob()], connection));
        keyrings[2].with(|| insert(&[carol()], connection));
        for (keyring, known) in keyrings.iter().zip([&[1][..], &[1], &[1, 3]]) {
            keyring.with(|| {
                assert_eq!(ids!(users::phone.eq("+44 1"), connection), known);
                assert_eq!(ids!(users::phone.eq_any(["+44 1", "+44 2"]), connection), known);
                assert_eq!(ids!(users::phone.eq(None::<&str>), connection), [0; 0]);
                assert_eq!(ids!(users::phone.ne(None::<&str>), connection), [0; 0]);
                assert_eq!(ids!(users::phone.ne("+44 2"), connection), [1, 3]);
                assert_eq!(ids!(users::phone.ne_all(["+44 2", "+44 3"]), connection), [1, 3]);
                assert_eq!(ids!(users::phone.is_null(), connection), [2]);
                assert_eq!(ids!(users::phone.is_not_distinct_from(Some("+44 1")), connection), known);
                assert_eq!(ids!(users::phone.is_not_distinct_from(None::<&str>), connection), [2]);
                assert_eq!(ids!(users::phone.is_distinct_from("+44 2"), connection), [1, 2, 3]);
                assert_eq!(ids!(users::phone.is_distinct_from(None::<&str>), connection), [1, 3]);
            });
        }
        keyrings[2].with(|| {
            assert_eq!(ids!(users::phone.ne("+44 1"), connection), [0; 0]);
            assert_eq!(ids!(users::phone.is_distinct_from("+44 1"), connection), [2]);
            let is_not = diesel::dsl::not(users::phone.is_not_distinct_from("+44 1"));
            assert_eq!(ids!(is_not, connection), [2]);
        });
    });
}

/// Diesel keeps prepared statements by their type, or by their SQL if that is not all.
#[test]
fn the_number_of_keys_goes_back_and_forth_on_one_connection() {
    let keyrings = processes::<3>();
    without_keyring(|connection| {
        for (keyring, user) in keyrings.iter().zip([ada(), bob(), carol()]) {
            keyring.with(|| insert(&[user], connection));
        }
        for keys in [1, 2, 1, 3, 2, 3, 1] {
            keyrings[keys - 1].with(|| {
                let known: Vec<i32> = (1..).take(keys).collect();
                let known_with_phone: Vec<i32> = known.iter().copied().filter(|id| *id != 2).collect();
                let mut found = Vec::new();
                let emails = ["ada@example.com", "bob@example.com", "carol@example.com"];
                for email in emails {
                    found.extend(ids!(users::email.eq(email).and(users::id.lt(9)), connection));
                }
                assert_eq!(found, known, "{keys}");
                assert_eq!(ids!(users::email.eq_any(emails), connection), known, "{keys}");
                let others: Vec<i32> = (1..=3).filter(|id| !known.contains(id)).collect();
                assert_eq!(ids!(users::email.ne_all(emails), connection), others, "{keys}");
                assert_eq!(ids!(users::phone.eq("+44 1"), connection), known_with_phone, "{keys}");
                assert_eq!(ids!(users::email.ne("ada@example.com"), connection), [2, 3], "{keys}");
                assert_eq!(ids!(users::email.matches("ada@example.com"), connection), [1], "{keys}");
                let update = diesel::update(users::table.filter(users::email.eq("ada@example.com")));
                assert_eq!(update.set(users::name.eq("Ada")).execute(connection), Ok(1), "{keys}");
            });
        }
    });
}

#[test]
fn what_is_written_is_under_the_active_key() {
    let [before, after] = processes();
    without_keyring(|connection| {
        before.with(|| insert(&[ada()], connection));
        after.with(|| {
            insert(&[bob()], connection);
            let update = diesel::update(users::table.filter(users::email.eq("ada@example.com")));
            assert_eq!(update.set(users::email.eq("ada@example.com")).execute(connection), Ok(1));
            let rows = stored(connection);
            assert_eq!(rows[0].email[2..6], rows[1].email[2..6]);
            assert_eq!(ids!(users::email.eq("ada@example.com"), connection), [1]);
        });
    });
}

#[test]
fn an_expression_that_is_printed_here_and_run_there() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    without_keyring(|connection| {
        acme.with(|| insert(&[ada()], connection));
        other.with(|| insert(&[User { email: "x".to_owned(), ..bob() }], connection));
        let query = users::table.filter(users::email.eq("ada@example.com")).select(users::id);
        // Without a keyring, with that of another tenant, and then with the right one.
        let print = || assert!(diesel::debug_query::<DB, _>(&query).to_string().contains(" = "));
        print();
        other.with(print);
        assert_eq!(other.with(|| query.clone().load::<i32>(connection)), Ok(vec![]));
        assert_eq!(acme.with(|| query.load::<i32>(connection)), Ok(vec![1]));
    });
}

#[test]
fn a_row_of_each_tenant() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    without_keyring(|connection| {
        // The same e-mail, unique in the table: each tenant has it once.
        acme.with(|| insert(&[ada()], connection));
        other.with(|| insert(&[User { id: 2, ..ada() }], connection));
        for (keyring, id) in [(&acme, 1), (&other, 2)] {
            let found = users::table.filter(users::email.eq("ada@example.com"));
            assert_eq!(keyring.with(|| found.first(connection)), Ok(User { id, ..ada() }));
            assert!(keyring.with(|| all(connection)).is_err());
        }
    });
}

/// A unique index compares bytes: while a search key is rotated, it sees two values where there is one.
#[test]
fn uniqueness_waits_for_the_end_of_a_rotation() {
    let [before, after] = processes();
    without_keyring(|connection| {
        before.with(|| insert(&[ada()], connection));
        after.with(|| {
            let again = User { id: 2, ..ada() };
            assert_eq!(insert_into(users::table).values(&again).execute(connection), Ok(1));
            assert_eq!(ids!(users::email.eq("ada@example.com"), connection), [1, 2]);
        });
    });
    with_database(|connection: &mut Connection| {
        insert(&[ada()], connection);
        assert!(insert_into(users::table).values(User { id: 2, ..ada() }).execute(connection).is_err());
    });
}
