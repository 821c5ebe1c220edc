//! What may be printed.

use std::sync::{Arc, Mutex};

use core::fmt::Debug;
use diesel::{Connection as _, connection::InstrumentationEvent, debug_query, insert_into, prelude::*};
use envelope_diesel::{Encrypted, EncryptedExpressionMethods};

use super::{
    Connection, DB,
    fixture::{all, insert, with_database, without_keyring},
};
use crate::model::{User, UserEmail, UserNote, ada, stored_users, users};

const PLAINTEXTS: [&str; 4] = ["ada@example.com", "Ada", "likes tea", "+44 1"];

#[track_caller]
fn assert_redacted(text: &str) {
    for plaintext in PLAINTEXTS {
        assert!(!text.contains(plaintext), "{text}");
        // Nor as a list of its bytes.
        let bytes = format!("{:?}", plaintext.as_bytes());
        assert!(!text.contains(bytes.trim_matches(['[', ']'])), "{text}");
    }
}

#[track_caller]
fn assert_prints(value: &dyn Debug, part: &str) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert_redacted(&text);
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn a_model_with_wrappers() {
    #[derive(Debug)]
    #[expect(dead_code, reason = "printed")]
    struct Model {
        email: Encrypted<UserEmail>,
        note: Option<Encrypted<UserNote>>,
    }

    let model = Model { email: Encrypted::new(ada().email), note: ada().note.map(Encrypted::new) };
    assert_prints(&model, "Encrypted(users.email)");
    assert_prints(&model, "Encrypted(users.note)");
}

#[test]
fn expressions_and_their_operands() {
    assert_prints(&users::email.eq("ada@example.com"), "users.email");
    assert_prints(&users::email.eq(ada().email), "users.email");
    assert_prints(&users::note.eq(Some("likes tea")), "users.note");
    assert_prints(&users::phone.ne("+44 1"), "users.phone");
    assert_prints(&users::email.eq_any(["ada@example.com"]), "users.email");
    assert_prints(&users::email.matches("ada@example.com"), "users.email");
    assert_prints(&users::email.eq(Encrypted::<UserEmail>::new(ada().email)), "users.email");
    assert_prints(&users::table.filter(users::email.eq("ada@example.com")), "users.email");
    assert_prints(&Insertable::<users::table>::values(&ada()), "users.name");
    assert_prints(&Insertable::<users::table>::values(ada()), "users.name");
    assert_prints(&AsChangeset::as_changeset(&ada()), "users.name");
}

#[test]
fn queries() {
    with_database(|_| {
        let print = |query: &dyn Debug, part| assert_prints(query, part);
        let user = ada();
        print(&debug_query::<DB, _>(&insert_into(users::table).values(&user)), "Encrypted(users.name)");
        print(&debug_query::<DB, _>(&insert_into(users::table).values(ada())), "Encrypted(users.note)");
        print(
            &debug_query::<DB, _>(&insert_into(users::table).values(vec![ada(), ada()])),
            "Encrypted(users.note)",
        );
        let values = (users::email.eq("ada@example.com"), users::note.eq(Some("likes tea")));
        print(&debug_query::<DB, _>(&insert_into(users::table).values(values)), "Encrypted(users.note)");
        print(&debug_query::<DB, _>(&diesel::update(users::table).set(&user)), "Encrypted(users.phone)");
        let set = (users::name.eq("Ada"), users::phone.eq(&user.phone));
        print(&debug_query::<DB, _>(&diesel::update(users::table).set(set)), "Encrypted(users.phone)");
        let set = users::name.eq(Encrypted::new(ada().name));
        print(&debug_query::<DB, _>(&diesel::update(users::table).set(set)), "Encrypted(users.name)");
        let query = users::table.filter(users::email.eq("ada@example.com").and(users::phone.ne("+44 1")));
        print(&debug_query::<DB, _>(&query), "Encrypted(users.email)");
        let query = users::table.filter(users::email.eq_any(["ada@example.com", "Ada"]));
        print(&debug_query::<DB, _>(&query), "Encrypted(users.email)");
        let text = debug_query::<DB, _>(&query).to_string();
        assert_redacted(&text);
        // Ciphertext is not printed either: 0xfe is 254.
        assert!(!text.contains("254") && !text.contains("fe10"), "{text}");
    });
}

#[test]
fn to_instrumentation_with_a_keyring_and_without() {
    fn run(connection: &mut Connection) -> String {
        let log = Arc::new(Mutex::new(String::new()));
        let seen = Arc::clone(&log);
        connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
            seen.lock().unwrap().push_str(&format!("{event:?}\n"));
        });
        let _ = insert_into(users::table).values(&ada()).execute(connection);
        let _ = users::table.filter(users::email.eq("ada@example.com")).first::<User>(connection);
        let log = log.lock().unwrap().clone();
        assert!(log.contains("INSERT") && log.contains("SELECT"), "{log}");
        log
    }
    assert_redacted(&with_database(run));
    assert_redacted(&without_keyring(run));
}

#[test]
fn errors() {
    without_keyring(|connection| {
        let error = insert_into(users::table).values(&ada()).execute(connection).unwrap_err();
        assert!(error.to_string().contains("no keyring"), "{error}");
        assert_redacted(&format!("{error} {error:?}"));
        let query = users::table.filter(users::email.eq("ada@example.com")).count();
        assert_redacted(&format!("{:?}", query.get_result::<i64>(connection).unwrap_err()));
    });
    with_database(|connection| {
        insert(&[ada()], connection);
        let error = insert_into(users::table).values(&ada()).execute(connection).unwrap_err();
        assert_redacted(&format!("{error} {error:?}"));
        let plaintext = diesel::update(stored_users::table).set(stored_users::name.eq(&b"Ada"[..]));
        plaintext.execute(connection).unwrap();
        let error = all(connection).unwrap_err();
        assert_redacted(&format!("{error} {error:?}"));
    });
}
