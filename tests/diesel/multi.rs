//! One program for every database: `#[derive(MultiConnection)]`.

use diesel::{MysqlConnection, PgConnection, insert_into, prelude::*};
use envelope_core::{OpenError, SealError, testing};
use envelope_diesel::{Encrypted, EncryptedExpressionMethods};
use envelope_tests::database::Kind;

use crate::{
    database::create,
    keys::processes,
    model,
    model::{
        ArchivedEmail, ArchivedNote, Order, OrderItem, Secret, SecretLogin, SecretToken, User, UserEmail,
        UserName, UserNote, UserPhone, ada, bob, carol, orders, secrets, stored_users, users,
    },
    places,
    places::{
        AccountEmail, AccountNote, AccountOld, Doc, DocBody, DocNote, Letter, LetterText, Member, MemberName,
        Person, PersonEmail, PersonNote, account, accounts, doc, docs, letters, member, members, people,
        person, stored_accounts,
    },
    sqlite::fixture::{open_error, seal_error},
};

#[derive(diesel::MultiConnection)]
enum AnyConnection {
    Postgresql(PgConnection),
    Mysql(MysqlConnection),
    Sqlite(SqliteConnection),
}

envelope_diesel::multi_connection!(
    MultiBackend: UserEmail, UserName, UserNote, UserPhone, OrderItem, ArchivedEmail, ArchivedNote, SecretLogin,
    SecretToken, AccountEmail, AccountNote, AccountOld, PersonEmail, PersonNote; bound: DocBody, DocNote, LetterText, MemberName
);

fn on_each(test: impl Fn(&mut AnyConnection)) {
    for kind in [Kind::Sqlite, Kind::Postgres, Kind::Mysql] {
        let database = create(kind, &[model::TABLES, places::TABLES].concat());
        let url = database.url();
        let mut connection = match kind {
            Kind::Sqlite => AnyConnection::Sqlite(SqliteConnection::establish(url).unwrap()),
            Kind::Postgres => AnyConnection::Postgresql(PgConnection::establish(url).unwrap()),
            Kind::Mysql => AnyConnection::Mysql(MysqlConnection::establish(url).unwrap()),
        };
        test(&mut connection);
    }
}

fn all(connection: &mut AnyConnection) -> QueryResult<Vec<User>> {
    User::query().order_by(users::id).load(connection)
}

#[test]
fn what_has_no_keyring_is_refused() {
    on_each(|connection| {
        let error = seal_error(insert_into(users::table).values(&ada()).execute(connection));
        assert!(matches!(error, SealError::NoKeyring { .. }), "{error}");
        let found = users::table.filter(users::email.eq("ada@example.com")).count();
        assert!(found.get_result::<i64>(connection).is_err());
        testing::keyring().with(|| insert_into(users::table).values(&ada()).execute(connection).unwrap());
        assert!(all(connection).is_err());
    });
}

#[test]
fn every_day() {
    on_each(|connection| {
        testing::keyring().with(|| {
            for user in [ada(), bob(), carol()] {
                assert_eq!(insert_into(users::table).values(&user).execute(connection), Ok(1));
            }
            assert_eq!(all(connection), Ok(vec![ada(), bob(), carol()]));
            let names = stored_users::table.select(stored_users::name).load::<Vec<u8>>(connection).unwrap();
            assert!(names.iter().all(|name| name.starts_with(&[0xfe, 0x01])));
            let found = users::table.filter(users::email.eq("bob@example.com"));
            assert_eq!(found.first::<User>(connection), Ok(bob()));
            let two = ["ada@example.com", "bob@example.com"];
            let ids = |query: users::BoxedQuery<'_, MultiBackend>, connection: &mut AnyConnection| {
                query.order_by(users::id).select(users::id).load::<i32>(connection).unwrap()
            };
            assert_eq!(ids(users::table.filter(users::email.eq_any(two)).into_boxed(), connection), [1, 2]);
            assert_eq!(ids(users::table.filter(users::email.ne_all(two)).into_boxed(), connection), [3]);
            let same = users::phone.is_not_distinct_from(Some("+44 1")).and(users::email.ne("x"));
            assert_eq!(ids(users::table.filter(same).into_boxed(), connection), [1, 3]);
            let update = diesel::update(users::table.filter(users::email.matches("ada@example.com")));
            let set = (users::note.eq(None::<&str>), users::phone.eq("+1"), users::name.eq("Countess"));
            assert_eq!(update.set(set).execute(connection), Ok(1));
            let changed =
                User { note: None, phone: Some("+1".to_owned()), name: "Countess".to_owned(), ..ada() };
            assert_eq!(all(connection).unwrap()[0], changed);
            assert_eq!(diesel::update(&changed).set(&ada()).execute(connection), Ok(1));
            let order = Order { id: 1, user_id: 1, item: "tea".to_owned() };
            insert_into(orders::table).values(&order).execute(connection).unwrap();
            let joined = users::table.inner_join(orders::table).filter(orders::item.eq("tea"));
            let joined = joined.select((users::email, Order::as_select()));
            assert_eq!(joined.first(connection), Ok((ada().email, order)));
            assert_eq!(
                diesel::delete(orders::table.filter(orders::item.eq("tea"))).execute(connection),
                Ok(1)
            );
        });
    });
}

#[test]
fn wrappers() {
    on_each(|connection| {
        testing::keyring().with(|| {
            let one = Secret {
                id: 1,
                login: Encrypted::new("one".to_owned()),
                token: Some(Encrypted::new(vec![1])),
            };
            insert_into(secrets::table).values(&one).execute(connection).unwrap();
            let values = (
                secrets::id.eq(2),
                secrets::login.eq(Encrypted::new("two".to_owned())),
                secrets::token.eq(&one.token),
            );
            insert_into(secrets::table).values(values).execute(connection).unwrap();
            let read = secrets::table.order_by(secrets::id).load::<Secret>(connection).unwrap();
            let two = Secret { id: 2, login: Encrypted::new("two".to_owned()), ..one.clone() };
            assert_eq!(read, [one, two]);
        });
    });
}

#[test]
fn the_number_of_keys_goes_back_and_forth_on_one_connection() {
    let keyrings = processes::<3>();
    on_each(|connection| {
        for (keyring, user) in keyrings.iter().zip([ada(), bob(), carol()]) {
            keyring.with(|| insert_into(users::table).values(&user).execute(connection).unwrap());
        }
        for keys in [1, 2, 1, 3, 2] {
            let mut found = Vec::new();
            for email in ["ada@example.com", "bob@example.com", "carol@example.com"] {
                let query = users::table.filter(users::email.eq(email)).select(users::id);
                found.extend(keyrings[keys - 1].with(|| query.load::<i32>(connection).unwrap()));
            }
            assert_eq!(found, (1..).take(keys).collect::<Vec<_>>(), "{keys}");
        }
    });
}

/// A value is sealed for each query that it is in, whoever's that is.
#[test]
fn a_query_that_is_run_twice() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    on_each(|connection| {
        acme.with(|| insert_into(users::table).values(&ada()).execute(connection).unwrap());
        let update = diesel::update(users::table).set(users::name.eq("Countess"));
        other.with(|| connection.execute_returning_count(&update).unwrap());
        assert!(acme.with(|| all(connection)).is_err());
        acme.with(|| connection.execute_returning_count(&update).unwrap());
        assert_eq!(acme.with(|| all(connection)).unwrap()[0].name, "Countess");
    });
}

#[test]
fn text() {
    let [before, after] = processes();
    on_each(|connection| {
        before.with(|| insert_into(accounts::table).values(&account(1)).execute(connection).unwrap());
        after.with(|| {
            let values =
                (accounts::id.eq(2), accounts::email.eq("2@example.com"), accounts::note.eq("note 2"));
            insert_into(accounts::table).values(values).execute(connection).unwrap();
            assert_eq!(
                accounts::table.order_by(accounts::id).load(connection),
                Ok(vec![account(1), account(2)])
            );
            for id in [1, 2] {
                let email = account(id).email;
                let found = accounts::table.filter(accounts::email.eq(&email)).select(accounts::id);
                assert_eq!(found.load(connection), Ok(vec![id]));
            }
            let update = diesel::update(accounts::table.filter(accounts::email.matches("2@example.com")));
            assert_eq!(update.set(accounts::old.eq("old")).execute(connection), Ok(1));
        });
        let columns = (stored_accounts::email, stored_accounts::old);
        let stored = stored_accounts::table.order_by(stored_accounts::id).select(columns);
        let stored = stored.load::<(String, Option<String>)>(connection).unwrap();
        assert!(stored.iter().all(|(email, _)| email.starts_with("env:/h")), "{stored:?}");
        assert!(stored[1].1.as_ref().unwrap().starts_with("env:/g"), "{stored:?}");
    });
}

#[test]
fn what_is_bound_to_rows_and_tenants() {
    let keyring = testing::keyring();
    on_each(|connection| {
        keyring.with(|| {
            let docs_in = |connection: &mut AnyConnection| {
                docs::table.order_by(docs::id).select(Doc::as_select()).load(connection)
            };
            for doc in [doc(1, Some("one")), doc(2, None)] {
                insert_into(docs::table).values(&doc).execute(connection).unwrap();
            }
            assert_eq!(docs_in(connection), Ok(vec![doc(1, Some("one")), doc(2, None)]));
            let changed = Doc { note: Some("two".to_owned()), ..doc(2, None) };
            diesel::update(docs::table.find(2)).set(&changed).execute(connection).unwrap();
            assert_eq!(docs_in(connection).unwrap()[1], changed);
            diesel::update(docs::table.find(2)).set(docs::id.eq(3)).execute(connection).unwrap();
            assert!(matches!(open_error(docs_in(connection)), OpenError::NotAuthentic { .. }));

            let letter = Letter { id: 1, text: "Dear Ada".to_owned() };
            insert_into(letters::table).values(&letter).execute(connection).unwrap();
            assert_eq!(letters::table.select(Letter::as_select()).first(connection), Ok(letter));
            let update = diesel::update(letters::table).set(letters::id.eq(2));
            update.execute(connection).unwrap();
            let moved = letters::table.select(Letter::as_select()).first(connection);
            assert!(matches!(open_error(moved), OpenError::NotAuthentic { .. }));

            insert_into(members::table).values(&member("acme", 1)).execute(connection).unwrap();
            let read =
                |connection: &mut AnyConnection| members::table.select(Member::as_select()).first(connection);
            assert_eq!(read(connection), Ok(member("acme", 1)));
            diesel::update(members::table).set(members::org_id.eq("globex")).execute(connection).unwrap();
            assert!(matches!(open_error(read(connection)), OpenError::UnknownKey { .. }));

            insert_into(people::table).values(&person(1, 7)).execute(connection).unwrap();
            let by_email =
                people::table.filter(people::email.eq("ada@example.com")).select(Person::as_select());
            let seven = keyring.tenant("7").unwrap();
            assert_eq!(seven.with(|| by_email.clone().first(connection)), Ok(person(1, 7)));
            assert!(by_email.first(connection).is_err(), "without a tenant");
        });
    });
}
