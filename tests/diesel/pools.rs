//! Through pools of connections: r2d2, and those of diesel-async.

use core::ops::DerefMut;

use diesel::{
    QueryDsl as _,
    r2d2::{ConnectionManager, Pool},
};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};
use envelope_core::testing;

use super::{
    AsyncConnection, Connection,
    fixture::{all, database, insert},
};
use crate::model::{User, ada, bob, users};

#[test]
fn r2d2() {
    use diesel::RunQueryDsl as _;

    let database = database();
    let manager = ConnectionManager::<Connection>::new(database.url());
    let pool = Pool::builder().max_size(2).build(manager).unwrap();
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    acme.with(|| insert(&[ada()], &mut pool.get().unwrap()));
    // The keyring is the thread's that works, and not the connection's.
    std::thread::scope(|scope| {
        scope.spawn(|| other.with(|| insert(&[User { email: ada().email, ..bob() }], &mut pool.get().unwrap())));
    });
    for (keyring, id) in [(&acme, 1), (&other, 2), (&acme, 1)] {
        let query = users::table.filter(users::email.eq("ada@example.com")).select(users::id);
        let mut connection = pool.get().unwrap();
        assert_eq!(keyring.with(|| query.load::<i32>(&mut connection)), Ok(vec![id]));
        assert!(keyring.with(|| all(&mut connection)).is_err());
    }
}

async fn write_and_find(mut connection: impl DerefMut<Target = AsyncConnection>) {
    use diesel_async::RunQueryDsl as _;

    let connection = &mut *connection;
    diesel::insert_into(users::table).values(&ada()).execute(connection).await.unwrap();
    let query = users::table.filter(users::email.eq("ada@example.com"));
    assert_eq!(query.clone().first::<User>(connection).await, Ok(ada()));
    diesel::delete(query).execute(connection).await.unwrap();
}

#[tokio::test]
async fn deadpool() {
    let database = database();
    let manager = AsyncDieselConnectionManager::<AsyncConnection>::new(database.url());
    let pool = deadpool::Pool::builder(manager).max_size(2).build().unwrap();
    let keyring = testing::keyring();
    for tenant in ["acme", "other"] {
        let work = async { write_and_find(pool.get().await.unwrap()).await };
        keyring.tenant(tenant).unwrap().scope(work).await;
    }
}

#[tokio::test]
async fn bb8() {
    let database = database();
    let manager = AsyncDieselConnectionManager::<AsyncConnection>::new(database.url());
    let pool = bb8::Pool::builder().max_size(2).build(manager).await.unwrap();
    let keyring = testing::keyring();
    for tenant in ["acme", "other"] {
        let work = async { write_and_find(pool.get().await.unwrap()).await };
        keyring.tenant(tenant).unwrap().scope(work).await;
    }
}
