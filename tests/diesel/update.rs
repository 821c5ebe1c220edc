//! Every way of updating.

use diesel::prelude::*;
use envelope_diesel::Encrypted;

use super::fixture::{all, insert, stored, with_database};
use crate::model::{User, ada, bob, users};

/// `None` is no change, `Some(None)` is `NULL`.
#[derive(Encrypted, Default)]
#[diesel(table_name = users)]
#[encrypt(columns = crate::model::User)]
struct Changes<'a> {
    #[encrypt]
    email: Option<&'a str>,
    #[encrypt]
    note: Option<Option<String>>,
    #[encrypt]
    phone: Option<Option<&'a str>>,
    is_active: Option<bool>,
}

#[test]
fn by_a_model() {
    with_database(|connection| {
        insert(&[ada(), bob()], connection);
        let changed = User { name: "Countess".to_owned(), note: Some("gone".to_owned()), ..ada() };
        assert_eq!(diesel::update(&ada()).set(&changed).execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![changed.clone(), bob()]));
        // As always with Diesel, `None` in a changeset changes nothing.
        assert_eq!(
            diesel::update(&changed).set(User { note: None, ..changed.clone() }).execute(connection),
            Ok(1)
        );
        assert_eq!(all(connection), Ok(vec![changed.clone(), bob()]));
        // Nor is a primary key ever changed by one.
        let renumbered = User { id: 9, ..changed.clone() };
        assert_eq!(diesel::update(users::table.find(1)).set(&renumbered).execute(connection), Ok(1));
        assert_eq!(all(connection), Ok(vec![changed.clone(), bob()]));
        let saved: User = changed.save_changes(connection).unwrap();
        assert_eq!(saved, changed);
    });
}

#[test]
fn by_a_changeset() {
    with_database(|connection| {
        insert(&[ada(), bob()], connection);
        let target = || users::table.filter(users::email.eq("ada@example.com"));
        let changes = Changes { note: Some(None), phone: Some(Some("+1")), ..Changes::default() };
        assert_eq!(diesel::update(target()).set(&changes).execute(connection), Ok(1));
        let expected = User { note: None, phone: Some("+1".to_owned()), ..ada() };
        assert_eq!(all(connection), Ok(vec![expected.clone(), bob()]));
        let changes =
            Changes { note: Some(Some("back".to_owned())), is_active: Some(false), ..Changes::default() };
        assert_eq!(diesel::update(target()).set(changes).execute(connection), Ok(1));
        let expected = User { note: Some("back".to_owned()), is_active: false, ..expected };
        assert_eq!(all(connection), Ok(vec![expected, bob()]));
        let nothing = diesel::update(target()).set(Changes::default()).execute(connection);
        assert!(matches!(nothing, Err(diesel::result::Error::QueryBuilderError(_))));
        let changes = Changes { email: Some("countess@example.com"), ..Changes::default() };
        assert_eq!(diesel::update(target()).set(changes).execute(connection), Ok(1));
        assert_eq!(target().count().get_result(connection), Ok(0));
    });
}

#[test]
fn by_assignments() {
    with_database(|connection| {
        insert(&[ada(), bob()], connection);
        let update = diesel::update(users::table.find(1)).set(users::email.eq("new@example.com"));
        assert_eq!(update.execute(connection), Ok(1));
        let phone = Some(String::from("+1"));
        let update = diesel::update(users::table)
            .filter(users::email.eq("new@example.com"))
            .set((
                users::name.eq("New"),
                users::note.eq(None::<String>),
                users::phone.eq(phone.clone()),
                users::is_active.eq(false),
            ));
        let expected = User {
            id: 1,
            email: "new@example.com".to_owned(),
            name: "New".to_owned(),
            note: None,
            phone,
            is_active: false,
        };
        assert_eq!(update.execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[0], expected);
        let note = Some(users::note.eq("some"));
        let update =
            diesel::update(users::table.find(1)).set((note, None.map(|phone: &str| users::phone.eq(phone))));
        assert_eq!(update.execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[0].note.as_deref(), Some("some"));
        assert_eq!(all(connection).unwrap()[0].phone.as_deref(), Some("+1"));
        assert!(stored(connection)[0].name.starts_with(&[0xfe, 0x01]));
    });
}

#[test]
fn by_an_expression_of_the_same_column() {
    with_database(|connection| {
        insert(&[ada(), bob()], connection);
        let names_of = diesel::alias!(users as names_of);
        let name_of_bob =
            || names_of.filter(names_of.field(users::id).eq(2)).select(names_of.field(users::name));
        let update = diesel::update(users::table.find(1))
            .set(users::name.eq(name_of_bob().single_value().assume_not_null()));
        assert_eq!(update.execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[0].name, "Bob");
        let update = diesel::update(users::table.find(2)).set(users::note.eq(users::note));
        assert_eq!(update.execute(connection), Ok(1));
        let note_of_ada =
            names_of.filter(names_of.field(users::id).eq(1)).select(names_of.field(users::note));
        let update = diesel::update(users::table.find(2)).set(users::note.eq(note_of_ada.single_value()));
        assert_eq!(update.execute(connection), Ok(1));
        assert_eq!(all(connection).unwrap()[1].note.as_deref(), Some("likes tea"));
    });
}

#[test]
fn to_different_bytes_each_time() {
    with_database(|connection| {
        insert(&[ada()], connection);
        let before = stored(connection);
        diesel::update(&ada()).set(&ada()).execute(connection).unwrap();
        let after = stored(connection);
        assert_ne!(after[0].name, before[0].name);
        assert_eq!((&after[0].email, &after[0].phone), (&before[0].email, &before[0].phone));
        insert(&[User { id: 2, email: "other".to_owned(), ..ada() }], connection);
        let rows = stored(connection);
        assert_ne!(rows[0].name, rows[1].name);
        assert_eq!(rows[0].phone, rows[1].phone);
    });
}
