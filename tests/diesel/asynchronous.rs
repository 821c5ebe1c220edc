//! Through diesel-async, where a scope of a keyring is a future.
//!
//! Values are sealed when `execute` or `load` is called, and opened when its future is polled, on whatever thread that is.

use diesel::prelude::*;
use diesel_async::{AsyncConnection as _, RunQueryDsl, SaveChangesDsl, SimpleAsyncConnection as _};
use envelope_core::{Keyring, OpenError, SealError, testing};
use envelope_tests::database::{Database, Kind};
use futures_util::{StreamExt as _, TryStreamExt as _, future::join_all};
use tokio::task::yield_now;

use super::{
    AsyncConnection, KIND,
    fixture::{database, open_error, seal_error},
};
use crate::{
    keys::processes,
    model::{Order, User, ada, bob, carol, orders, users},
};

async fn connect(database: &Database) -> AsyncConnection {
    let mut connection = AsyncConnection::establish(database.url()).await.unwrap();
    if KIND == Kind::Sqlite {
        connection.batch_execute("PRAGMA busy_timeout = 60000").await.unwrap();
    }
    connection
}

async fn insert(user: &User, connection: &mut AsyncConnection) -> QueryResult<usize> {
    diesel::insert_into(users::table).values(user).execute(connection).await
}

async fn all(connection: &mut AsyncConnection) -> QueryResult<Vec<User>> {
    User::query().order_by(users::id).load(connection).await
}

async fn ids(email: &str, connection: &mut AsyncConnection) -> Vec<i32> {
    users::table.filter(users::email.eq(email)).select(users::id).load(connection).await.unwrap()
}

#[tokio::test]
async fn without_a_scope() {
    let database = database();
    let connection = &mut connect(&database).await;
    let keyring = testing::keyring();
    let error = seal_error(insert(&ada(), connection).await);
    assert!(matches!(error, SealError::NoKeyring { .. }), "{error}");
    keyring.scope(insert(&ada(), connection)).await.unwrap();
    let error = open_error(all(connection).await);
    assert!(matches!(error, OpenError::NoKeyring { .. }), "{error}");
    let found = users::table.filter(users::email.eq("ada@example.com")).count();
    let error = seal_error(found.get_result::<i64>(connection).await);
    assert!(matches!(error, SealError::NoKeyring { .. }), "{error}");
}

/// What is called in a scope and awaited outside of it is searched for under that keyring, and not opened.
#[tokio::test]
async fn half_in_a_scope() {
    let database = database();
    let connection = &mut connect(&database).await;
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    acme.scope(insert(&ada(), connection)).await.unwrap();
    let query = || users::table.filter(users::email.eq("ada@example.com"));
    let called = acme.with(|| query().load::<User>(connection));
    let error = open_error(called.await);
    assert!(matches!(error, OpenError::NoKeyring { .. }), "{error}");
    let called = acme.with(|| query().load::<User>(connection));
    let error = open_error(other.scope(called).await);
    assert!(matches!(error, OpenError::UnknownKey { .. }), "{error}");
    assert_eq!(acme.scope(async { query().load::<User>(connection).await }).await, Ok(vec![ada()]));
}

#[tokio::test]
async fn every_day() {
    let database = database();
    let connection = &mut connect(&database).await;
    let day = async {
        // One by one: `SyncConnectionWrapper<SqliteConnection>` inserts no batches, whatever is in them.
        for user in [ada(), bob()] {
            assert_eq!(insert(&user, connection).await, Ok(1));
        }
        assert_eq!(ids("bob@example.com", connection).await, [2]);
        let update = diesel::update(users::table.filter(users::phone.eq("+44 1")));
        assert_eq!(update.set(users::note.eq(Some("new"))).execute(connection).await, Ok(1));
        let changed = User { note: Some("new".to_owned()), ..ada() };
        assert_eq!(all(connection).await, Ok(vec![changed.clone(), bob()]));
        let saved: User = User { name: "Countess".to_owned(), ..ada() }.save_changes(connection).await.unwrap();
        assert_eq!(saved.name, "Countess");
        let order = Order { id: 1, user_id: 1, item: "tea".to_owned() };
        diesel::insert_into(orders::table).values(&order).execute(connection).await.unwrap();
        let joined = users::table.inner_join(orders::table).filter(orders::item.eq_any(["tea", "cake"]));
        let names = joined.select(users::name).load::<String>(connection).await;
        assert_eq!(names, Ok(vec!["Countess".to_owned()]));
        let stream = User::query().order_by(users::id).load_stream::<User>(connection).await.unwrap();
        let emails: Vec<String> = stream.map(|user| user.map(|user| user.email)).try_collect().await.unwrap();
        assert_eq!(emails, ["ada@example.com", "bob@example.com"]);
        let delete = diesel::delete(users::table.filter(users::email.ne("ada@example.com")));
        assert_eq!(delete.execute(connection).await, Ok(1));
        let failed = connection
            .transaction(async |connection| {
                insert(&carol(), connection).await?;
                assert_eq!(ids("carol@example.com", connection).await, [3]);
                Err::<(), _>(diesel::result::Error::RollbackTransaction)
            })
            .await;
        assert_eq!(failed, Err(diesel::result::Error::RollbackTransaction));
        assert_eq!(ids("carol@example.com", connection).await, [0; 0]);
    };
    testing::keyring().scope(day).await;
}

/// The async connections have a cache of statements of their own.
#[tokio::test]
async fn the_number_of_keys_goes_back_and_forth_on_one_connection() {
    let keyrings = processes::<3>();
    let database = database();
    let connection = &mut connect(&database).await;
    for (keyring, user) in keyrings.iter().zip([ada(), bob(), carol()]) {
        keyring.scope(insert(&user, connection)).await.unwrap();
    }
    for keys in [1, 2, 1, 3, 2, 3, 1] {
        let known: Vec<i32> = (1..).take(keys).collect();
        let emails = ["ada@example.com", "bob@example.com", "carol@example.com"];
        let search = async {
            let mut found = Vec::new();
            for email in emails {
                found.extend(ids(email, connection).await);
            }
            let any = users::table.filter(users::email.eq_any(emails)).select(users::id).order_by(users::id);
            (found, any.load::<i32>(connection).await)
        };
        assert_eq!(keyrings[keys - 1].scope(search).await, (known.clone(), Ok(known)), "{keys}");
    }
}

/// One tenant's work, in which every await may go on after another tenant's.
async fn work(tenant: i32, rounds: i32, database: &Database) {
    let connection = &mut connect(database).await;
    let user = |round| User {
        id: tenant * 1000 + round,
        email: format!("{round}@example.com"),
        note: Some(format!("of tenant {tenant}")),
        ..ada()
    };
    for round in 1..=rounds {
        let user = user(round);
        diesel::insert_into(users::table).values(&user).execute(connection).await.unwrap();
        yield_now().await;
        // All tenants have these e-mails: each finds its own and can read it.
        let found = users::table.filter(users::email.eq(&user.email)).select(User::as_select());
        assert_eq!(found.load(connection).await, Ok(vec![user]), "{tenant}");
        yield_now().await;
    }
    let own = users::table.filter(users::id.between(tenant * 1000, tenant * 1000 + 999)).order_by(users::id);
    let own = own.select(User::as_select()).load_stream::<User>(connection).await.unwrap();
    let own: Vec<User> = own.then(async |user| { yield_now().await; user.unwrap() }).collect().await;
    assert_eq!(own, (1..=rounds).map(user).collect::<Vec<_>>());
}

fn tenants(number: i32) -> Vec<(i32, Keyring)> {
    let keyring = testing::keyring();
    (1..=number).map(|tenant| (tenant, keyring.tenant(&format!("tenant {tenant}")).unwrap())).collect()
}

#[tokio::test]
async fn tenants_take_turns_on_one_thread() {
    let database = database();
    let tenants = tenants(2);
    join_all(tenants.iter().map(|(tenant, keyring)| keyring.scope(work(*tenant, 8, &database)))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tenants_take_turns_on_several_threads() {
    let database = std::sync::Arc::new(database());
    let tasks = tenants(4).into_iter().map(|(tenant, keyring)| {
        let database = std::sync::Arc::clone(&database);
        tokio::spawn(keyring.scope(async move { work(tenant, 5, &database).await }))
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}
