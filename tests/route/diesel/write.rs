//! Every way of inserting.

use diesel::{insert_into, prelude::*, upsert::excluded};

use super::{User, ada, all, bob, sql, stored, users, with_database};

/// That each column holds envelopes of its suite, and no plaintext.
#[track_caller]
fn assert_sealed(connection: &mut SqliteConnection) {
    let plaintexts = ["ada@example.com", "bob@example.com", "Ada", "Bob", "likes tea", "+44 1"];
    for (column, start) in [("email", 0x10), ("name", 0x01), ("note", 0x01), ("phone", 0x10)] {
        let values = stored(column, "users", connection);
        assert!(!values.is_empty(), "{column}");
        for value in values {
            assert!(value.starts_with(&[0xfe, start]), "{column}: {value:02x?}");
            for plaintext in plaintexts {
                let found = value.windows(plaintext.len()).any(|window| window == plaintext.as_bytes());
                assert!(!found, "{column} holds {plaintext}");
            }
        }
    }
    let types = stored("CAST(typeof(email) || typeof(name) AS BLOB)", "users", connection);
    assert!(types.iter().all(|types| types == b"blobblob"));
}

#[test]
fn by_reference() {
    with_database(|connection| {
        assert_eq!(insert_into(users::table).values(&ada()).execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![ada()]));
        assert_sealed(connection);
    });
}

#[test]
fn by_value() {
    with_database(|connection| {
        assert_eq!(insert_into(users::table).values(ada()).execute(connection), Ok(1));
        assert_eq!(bob().insert_into(users::table).execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![ada(), bob()]));
        assert_sealed(connection);
    });
}

#[test]
fn in_batches() {
    with_database(|connection| {
        let users = vec![ada(), bob()];
        assert_eq!(insert_into(users::table).values(&users).execute(connection), Ok(2));
        assert_eq!(all(connection), Ok(users.clone()));
        assert_sealed(connection);
        sql("DELETE FROM users", connection);
        assert_eq!(insert_into(users::table).values(&*users).execute(connection), Ok(2));
        sql("DELETE FROM users", connection);
        assert_eq!(insert_into(users::table).values(users.clone()).execute(connection), Ok(2));
        assert_eq!(all(connection), Ok(users));
        sql("DELETE FROM users", connection);
        assert_eq!(insert_into(users::table).values([ada(), bob()]).execute(connection), Ok(2));
        sql("DELETE FROM users", connection);
        assert_eq!(insert_into(users::table).values(&[ada(), bob()]).execute(connection), Ok(2));
        assert_eq!(all(connection), Ok(vec![ada(), bob()]));
        assert_sealed(connection);
        assert_eq!(insert_into(users::table).values(Vec::<User>::new()).execute(connection), Ok(0));
    });
}

#[test]
fn as_tuples() {
    with_database(|connection| {
        let email = String::from("ada@example.com");
        let phone = Some(String::from("+44 1"));
        let values = (
            users::id.eq(1),
            users::email.eq(&email),
            users::name.eq("Ada"),
            users::note.eq(Some("likes tea")),
            users::phone.eq(&phone),
        );
        assert_eq!(insert_into(users::table).values(values).execute(connection), Ok(1));
        let values = (
            users::id.eq(2),
            users::email.eq("bob@example.com".to_owned()),
            users::name.eq(String::from("Bob")),
            users::note.eq(None::<&str>),
            users::is_active.eq(false),
        );
        assert_eq!(insert_into(users::table).values(&values).execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![ada(), bob()]));
        assert_sealed(connection);
    });
}

#[test]
fn as_a_batch_of_tuples() {
    with_database(|connection| {
        let row = |email| (users::email.eq(email), users::name.eq("x"), users::note.eq("y"));
        let rows = vec![row("ada@example.com"), row("bob@example.com")];
        assert_eq!(insert_into(users::table).values(&rows).execute(connection), Ok(2));
        let emails = users::table.select(users::email).order_by(users::id).load::<String>(connection);
        assert_eq!(emails.unwrap(), ["ada@example.com", "bob@example.com"]);
        let rows = rows.into_iter().map(|(_, name, note)| (users::email.eq("carol"), name, note)).take(1);
        assert_eq!(insert_into(users::table).values(rows.collect::<Vec<_>>()).execute(connection), Ok(1));
    });
}

#[test]
fn with_a_default_for_none() {
    with_database(|connection| {
        let note = None.map(|note: &str| users::note.eq(note));
        let values = (users::email.eq("ada@example.com"), users::name.eq("Ada"), note);
        assert_eq!(insert_into(users::table).values(values).execute(connection), Ok(1));
        let values = (users::email.eq("bob@example.com"), users::name.eq("Bob"), Some(users::note.eq("x")));
        assert_eq!(insert_into(users::table).values(values).execute(connection), Ok(1));
        let notes = users::table.select(users::note).order_by(users::id).load::<Option<String>>(connection);
        assert_eq!(notes.unwrap(), [None, Some("x".to_owned())]);
    });
}

#[test]
fn returning_what_was_inserted() {
    with_database(|connection| {
        let ada_again =
            insert_into(users::table).values(&ada()).returning(User::as_returning()).get_result(connection);
        assert_eq!(ada_again, Ok(ada()));
        let email =
            insert_into(users::table).values(bob()).returning(users::email).get_result::<String>(connection);
        assert_eq!(email.unwrap(), "bob@example.com");
    });
}

#[test]
fn or_nothing_or_instead() {
    with_database(|connection| {
        insert_into(users::table).values(&ada()).execute(connection).unwrap();
        // The value of a deterministic column has the same bytes each time, so the index finds it.
        let again = User { id: 7, name: "Other".to_owned(), ..ada() };
        let ignored = insert_into(users::table).values(&again).on_conflict(users::email).do_nothing();
        assert_eq!(ignored.execute(connection), Ok(0));
        let ignored = insert_into(users::table).values(&again).on_conflict_do_nothing();
        assert_eq!(ignored.execute(connection), Ok(0));
        assert_eq!(diesel::insert_or_ignore_into(users::table).values(&again).execute(connection), Ok(0));
        assert_eq!(all(connection), Ok(vec![ada()]));
        assert_eq!(diesel::replace_into(users::table).values(&again).execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![again]));
    });
}

#[test]
fn or_an_update() {
    with_database(|connection| {
        insert_into(users::table).values(&ada()).execute(connection).unwrap();
        let again = User { id: 7, name: "Other".to_owned(), note: Some("new".to_owned()), ..ada() };
        let upsert = insert_into(users::table)
            .values(&again)
            .on_conflict(users::email)
            .do_update()
            .set((users::name.eq("Set"), users::note.eq(excluded(users::note))));
        assert_eq!(upsert.execute(connection), Ok(1));
        let expected = User { name: "Set".to_owned(), note: Some("new".to_owned()), ..ada() };
        assert_eq!(all(connection), Ok(vec![expected]));
        let again = User { id: 1, ..again };
        let upsert = insert_into(users::table)
            .values(&again)
            .on_conflict(users::id)
            .do_update()
            .set((users::name.eq(excluded(users::name)), users::email.eq(excluded(users::email))));
        assert_eq!(upsert.execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[0].name, "Other");
        let upsert =
            insert_into(users::table).values(&again).on_conflict(users::email).do_update().set(&again);
        assert_eq!(upsert.execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![again]));
    });
}

#[test]
fn from_a_select() {
    with_database(|connection| {
        insert_into(users::table).values(&ada()).execute(connection).unwrap();
        let copy = users::table.select((users::id + 10, users::email, users::name));
        let insert = copy.insert_into(users::table).into_columns((users::id, users::email, users::name));
        assert!(insert.execute(connection).is_err(), "the e-mail is the same and unique");
        sql("CREATE TABLE copy AS SELECT * FROM users", connection);
        sql("DELETE FROM users", connection);
        sql("INSERT INTO users SELECT * FROM copy", connection);
        assert_eq!(all(connection), Ok(vec![ada()]));
    });
}
