//! Searching while rows are under two search keys, and expressions that outlive a scope.

use diesel::{insert_into, prelude::*, sqlite::Sqlite};
use envelope_core::testing;
use envelope_diesel::EncryptedExpressionMethods;

use super::{
    User, ada, all, bob, database, insert,
    keys::{Rotated, rotated},
    stored, users,
};

/// Ada under the old key, Bob under the new one.
async fn two_keys() -> (Rotated, SqliteConnection) {
    let rotated = rotated().await;
    let mut connection = database();
    rotated.before.with(|| insert(&[User { note: None, name: String::new(), ..ada() }], &mut connection));
    diesel::update(users::table).set(users::is_active.eq(true)).execute(&mut connection).unwrap();
    (rotated, connection)
}

fn emails(connection: &mut SqliteConnection) -> [Vec<u8>; 2] {
    stored("email", "users", connection).try_into().unwrap()
}

#[tokio::test]
async fn a_value_under_any_live_key_is_found() {
    let (Rotated { before, after }, ref mut connection) = two_keys().await;
    let count = |connection: &mut SqliteConnection, email: &str| {
        users::table.filter(users::email.eq(email)).count().get_result::<i64>(connection).unwrap()
    };
    after.with(|| {
        insert(&[bob()], connection);
        let [ada, bob] = emails(connection);
        assert_ne!(ada[2..6], bob[2..6], "they are under two keys");
        assert_eq!(count(connection, "ada@example.com"), 1);
        assert_eq!(count(connection, "bob@example.com"), 1);
        assert_eq!(count(connection, "carol@example.com"), 0);
        let both = users::table.filter(users::email.eq_any(["ada@example.com", "bob@example.com"]));
        assert_eq!(both.count().get_result(connection), Ok(2));
        let others = users::table.filter(users::email.ne("ada@example.com")).select(users::id);
        assert_eq!(others.load::<i32>(connection), Ok(vec![2]));
        let nobody = users::table.filter(users::email.ne_all(["ada@example.com", "bob@example.com"]));
        assert_eq!(nobody.count().get_result(connection), Ok(0));
        let other = diesel::alias!(users as other);
        let query = other.filter(other.field(users::phone).matches("+44 1"));
        assert_eq!(query.count().get_result(connection), Ok(1));
        let update = diesel::update(users::table.filter(users::email.eq("ada@example.com")));
        assert_eq!(update.set(users::email.eq("ada@example.com")).execute(connection), Ok(1));
        let [ada, bob] = emails(connection);
        assert_eq!(ada[2..6], bob[2..6], "what is written is under the active key");
        assert_eq!(count(connection, "ada@example.com"), 1);
    });
    // A process that does not know the new key yet.
    assert_eq!(before.with(|| count(connection, "bob@example.com")), 0);
}

#[tokio::test]
async fn the_sql_has_a_place_for_each_key() {
    let Rotated { before, after } = rotated().await;
    let sql = |query: &dyn Fn() -> String| (before.with(query), after.with(query));
    let eq = || {
        diesel::debug_query::<Sqlite, _>(&users::table.select(users::id).filter(users::email.eq("x")))
            .to_string()
    };
    let start = "SELECT `users`.`id` FROM `users` WHERE (`users`.`email`";
    let bind = "Encrypted(users.email)";
    let (one, two) = sql(&eq);
    assert_eq!(one, format!("{start} = ?) -- binds: [{bind}]"));
    assert_eq!(two, format!("{start} IN (?, ?)) -- binds: [{bind}, {bind}]"));
    let ne = || {
        diesel::debug_query::<Sqlite, _>(&users::table.select(users::id).filter(users::email.ne("x")))
            .to_string()
    };
    let (one, two) = sql(&ne);
    assert_eq!(one, format!("{start} != ?) -- binds: [{bind}]"));
    assert_eq!(two, format!("{start} NOT IN (?, ?)) -- binds: [{bind}, {bind}]"));
    let any = || {
        diesel::debug_query::<Sqlite, _>(
            &users::table.select(users::id).filter(users::email.eq_any(["x", "y"])),
        )
        .to_string()
    };
    let (one, two) = sql(&any);
    assert_eq!(one, format!("{start} IN (?, ?)) -- binds: [{bind}, {bind}]"));
    assert_eq!(two, format!("{start} IN (?, ?, ?, ?)) -- binds: [{bind}, {bind}, {bind}, {bind}]"));
}

#[tokio::test]
async fn statements_of_both_shapes_on_one_connection() {
    let (Rotated { before, after }, ref mut connection) = two_keys().await;
    for keyring in [&before, &after, &before, &after, &after, &before] {
        let query =
            users::table.filter(users::email.eq("ada@example.com")).filter(users::id.lt(9)).select(users::id);
        assert_eq!(keyring.with(|| query.load::<i32>(connection)), Ok(vec![1]));
    }
}

#[test]
fn an_expression_that_is_printed_here_and_run_there() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    let connection = &mut database();
    acme.with(|| insert(&[ada()], connection));
    other.with(|| insert(&[User { email: "x".to_owned(), ..bob() }], connection));
    let query = users::table.filter(users::email.eq("ada@example.com")).select(users::id);
    // Without a keyring, with that of another tenant, and then with the right one.
    let print = || assert!(diesel::debug_query::<Sqlite, _>(&query).to_string().contains(" = ?"));
    print();
    other.with(print);
    assert_eq!(other.with(|| query.clone().load::<i32>(connection)), Ok(vec![]));
    assert_eq!(acme.with(|| query.load::<i32>(connection)), Ok(vec![1]));
}

#[test]
fn a_row_of_each_tenant() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    let connection = &mut database();
    // The same e-mail, unique in the table: each tenant has it once.
    acme.with(|| insert_into(users::table).values(&ada()).execute(connection)).unwrap();
    other.with(|| insert_into(users::table).values(&User { id: 2, ..ada() }).execute(connection)).unwrap();
    for (keyring, id) in [(&acme, 1), (&other, 2)] {
        let found = users::table.filter(users::email.eq("ada@example.com"));
        assert_eq!(keyring.with(|| found.first(connection)), Ok(User { id, ..ada() }));
        assert!(keyring.with(|| all(connection)).is_err());
    }
}
