//! The wrapper `Encrypted<UserEmail>`, in models and on its own.

use diesel::{insert_into, prelude::*};
use envelope_diesel::{Encrypted, EncryptedExpressionMethods};

use super::{
    DB,
    fixture::{all, insert, seal_error, with_database},
};
use crate::model::{Secret, User, UserEmail, UserName, UserNote, UserPhone, ada, secrets, users};

fn secret(id: i32, login: &str) -> Secret {
    Secret { id, login: Encrypted::new(login.to_owned()), token: Some(Encrypted::new(vec![1, 2])) }
}

#[test]
fn in_a_model() {
    with_database(|connection| {
        let (one, two) = (secret(1, "one"), Secret { token: None, ..secret(2, "two") });
        insert_into(secrets::table).values(&vec![one.clone(), two.clone()]).execute(connection).unwrap();
        let read = secrets::table.select(Secret::as_select()).order_by(secrets::id).load(connection);
        assert_eq!(read, Ok(vec![one.clone(), two.clone()]));
        let found = secrets::table.filter(secrets::login.eq(&*one.login)).first::<Secret>(connection);
        assert_eq!(found.as_ref(), Ok(&one));
        let changed = Secret { login: Encrypted::new("three".to_owned()), ..two };
        assert_eq!(diesel::update(&changed).set(&changed).execute(connection), Ok(1));
        let three: Secret = secrets::table.filter(secrets::login.eq("three")).first(connection).unwrap();
        assert_eq!(three.login.as_str(), "three");
        assert_eq!(three.login.into_inner(), "three");
    });
}

#[test]
fn in_comparisons() {
    with_database(|connection| {
        let one = secret(1, "one");
        insert_into(secrets::table).values(one.clone()).execute(connection).unwrap();
        let found = secrets::table.filter(secrets::login.matches(&one.login)).count().get_result(connection);
        assert_eq!(found, Ok(1));
        let found = secrets::table.filter(secrets::login.ne(&one.login)).count().get_result(connection);
        assert_eq!(found, Ok(0));
        let found = secrets::table.filter(secrets::login.eq_any([&one.login])).count().get_result(connection);
        assert_eq!(found, Ok(1));
        let found =
            secrets::table.filter(secrets::login.matches_any([one.login])).count().get_result(connection);
        assert_eq!(found, Ok(1));
    });
}

#[test]
fn in_assignments() {
    with_database(|connection| {
        let Secret { login, token, .. } = secret(1, "one");
        let values = (secrets::login.eq(&login), secrets::token.eq(&token));
        insert_into(secrets::table).values(values).execute(connection).unwrap();
        let values = (secrets::login.eq(Encrypted::new("two".to_owned())), secrets::token.eq(token));
        insert_into(secrets::table).values(values).execute(connection).unwrap();
        let update = diesel::update(secrets::table).set(secrets::token.eq(Encrypted::new(vec![7])));
        assert_eq!(update.execute(connection), Ok(2));
        let tokens = secrets::table.select(secrets::token).load::<Option<Vec<u8>>>(connection);
        assert_eq!(tokens, Ok(vec![Some(vec![7]), Some(vec![7])]));
    });
}

#[test]
fn in_tuples() {
    with_database(|connection| {
        insert(&[ada()], connection);
        type Row = (i32, Encrypted<UserEmail>, Option<Encrypted<UserNote>>);
        let (id, email, note): Row =
            users::table.select((users::id, users::email, users::note)).first(connection).unwrap();
        assert_eq!(
            (id, email.as_str(), note.as_ref().map(|note| note.as_str())),
            (1, "ada@example.com", Some("likes tea"))
        );
        let email = users::table.select(users::email).first::<Encrypted<UserEmail>>(connection).unwrap();
        assert_eq!(*email, "ada@example.com");
    });
}

/// Diesel's own derives, which know nothing of encryption.
#[derive(Insertable, AsChangeset, Queryable, Selectable, QueryableByName)]
#[diesel(table_name = users, check_for_backend(DB))]
struct Plain {
    email: Encrypted<UserEmail>,
    name: Encrypted<UserName>,
    note: Option<Encrypted<UserNote>>,
    phone: Option<Encrypted<UserPhone>>,
    is_active: bool,
}

#[test]
fn in_the_derives_of_diesel() {
    with_database(|connection| {
        let plain = Plain {
            email: Encrypted::new(ada().email),
            name: Encrypted::new(ada().name),
            note: ada().note.map(Encrypted::new),
            phone: None,
            is_active: true,
        };
        assert!(matches!(
            seal_error(no_keyring(|| insert_into(users::table).values(&plain).execute(connection))),
            envelope_core::SealError::Key { .. }
        ));
        assert_eq!(insert_into(users::table).values(&plain).execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![User { phone: None, ..ada() }]));
        let changed = Plain {
            name: Encrypted::new("New".to_owned()),
            phone: Some(Encrypted::new("+1".to_owned())),
            ..plain
        };
        assert_eq!(diesel::update(users::table).set(&changed).execute(connection), Ok(1));
        assert_eq!(diesel::update(users::table).set(changed).execute(connection), Ok(1));
        let read: Plain = users::table.select(Plain::as_select()).first(connection).unwrap();
        assert_eq!(
            (read.name.as_str(), read.phone.as_ref().map(|phone| phone.as_str())),
            ("New", Some("+1"))
        );
        let by_name: Plain = diesel::sql_query("SELECT * FROM users").get_result(connection).unwrap();
        assert_eq!(by_name.email.as_str(), "ada@example.com");
        assert!(by_name.note.is_some() && by_name.is_active);
    });
}

/// Runs `f` with a keyring that has no keys and gets none.
fn no_keyring<R>(f: impl FnOnce() -> R) -> R {
    let kms = envelope_core::testing::TestKms::new();
    let keyring = envelope_core::Keyring::builder(kms.clone(), envelope_core::MemoryStore::new())
        .allow_test_provider()
        .open_blocking()
        .unwrap();
    kms.fail(envelope_core::testing::Fault::Outage);
    keyring.tenant("without keys").unwrap().with(f)
}
