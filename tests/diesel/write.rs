//! Every way of inserting.

use diesel::{insert_into, prelude::*};
use envelope_diesel::Encrypted;

use super::{
    Connection,
    fixture::{all, stored, with_database},
};
use crate::model::{User, ada, bob, secrets, users};

/// That each column holds envelopes of its suite, and no plaintext.
#[track_caller]
fn assert_sealed(connection: &mut Connection) {
    let plaintexts = ["ada@example.com", "bob@example.com", "Ada", "Bob", "likes tea", "+44 1"];
    let rows = stored(connection);
    assert!(!rows.is_empty());
    for row in rows {
        let values = [(Some(row.email), 0x10), (Some(row.name), 0x01), (row.note, 0x01), (row.phone, 0x10)];
        for (value, suite) in values.into_iter().filter_map(|(value, suite)| Some((value?, suite))) {
            assert!(value.starts_with(&[0xfe, suite]), "{value:02x?}");
            for plaintext in plaintexts {
                let found = value.windows(plaintext.len()).any(|window| window == plaintext.as_bytes());
                assert!(!found, "holds {plaintext}");
            }
        }
    }
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
        diesel::delete(users::table).execute(connection).unwrap();
        assert_eq!(insert_into(users::table).values(&*users).execute(connection), Ok(2));
        diesel::delete(users::table).execute(connection).unwrap();
        assert_eq!(insert_into(users::table).values(users.clone()).execute(connection), Ok(2));
        assert_eq!(all(connection), Ok(users));
        diesel::delete(users::table).execute(connection).unwrap();
        assert_eq!(insert_into(users::table).values([ada(), bob()]).execute(connection), Ok(2));
        diesel::delete(users::table).execute(connection).unwrap();
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

/// Text and bytes that are lent.
#[derive(Encrypted, Clone, Copy)]
#[diesel(table_name = secrets)]
#[encrypt(columns = crate::model::Secret)]
struct NewSecret<'a> {
    id: i32,
    #[encrypt]
    login: &'a str,
    #[encrypt]
    token: Option<&'a [u8]>,
}

impl<'a> NewSecret<'a> {
    const fn builder(login: &'a str) -> Self {
        Self { id: 1, login, token: None }
    }

    const fn token(mut self, token: &'a [u8]) -> Self {
        self.token = Some(token);
        self
    }
}

#[derive(Encrypted)]
#[diesel(table_name = secrets, treat_none_as_null = true)]
#[encrypt(columns = crate::model::Secret, no_insert)]
struct TokenChange<'a> {
    #[encrypt]
    token: Option<&'a [u8]>,
}

#[test]
fn what_is_lent_or_built() {
    with_database(|connection| {
        let bytes = vec![0, 255, 0];
        let new = NewSecret::builder("one").token(&bytes);
        assert_eq!(insert_into(secrets::table).values(&new).execute(connection), Ok(1));
        // A `Vec`: of an array Diesel asks that what its elements borrow is `'static`.
        let more = vec![NewSecret { id: 2, login: "two", token: None }, NewSecret { id: 3, login: "three", token: Some(&[]) }];
        assert_eq!(insert_into(secrets::table).values(&more).execute(connection), Ok(2));
        let tokens = |connection: &mut Connection| {
            let tokens = secrets::table.order_by(secrets::id).select(secrets::token);
            tokens.load::<Option<Vec<u8>>>(connection).unwrap()
        };
        assert_eq!(tokens(connection), [Some(bytes.clone()), None, Some(Vec::new())]);
        let update = diesel::update(secrets::table.filter(secrets::login.eq("two")));
        assert_eq!(update.set(TokenChange { token: Some(&bytes) }).execute(connection), Ok(1));
        let update = diesel::update(secrets::table.filter(secrets::login.eq("one")));
        assert_eq!(update.set(&TokenChange { token: None }).execute(connection), Ok(1));
        assert_eq!(tokens(connection), [None, Some(bytes), Some(Vec::new())]);
    });
}
