//! Which keyring is in force where SQLx encodes and decodes.

use envelope_core::{OpenError, SealError, testing};
use envelope_sqlx::{Encrypted, Keyring, MissPolicy};
use futures_util::TryStreamExt as _;
use smol::future::yield_now;
use sqlx::Pool;

use super::{Db, sql};
use super::fixture::{User, UserName, ada, all, bob, database, insert, open_error};

/// Everything that a request may do between two polls, on whatever runtime.
pub(super) async fn request(pool: &Pool<Db>, user: User) {
    for _ in 0..20 {
        insert(pool, &user).await;
        yield_now().await;
        let mut transaction = pool.begin().await.unwrap();
        yield_now().await;
        let name: Encrypted<UserName> = sqlx::query_scalar(sql("SELECT name FROM users WHERE id = ?"))
            .bind(user.id)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(*name, user.name);
        transaction.commit().await.unwrap();
        let mut rows =
            sqlx::query_as::<_, User>(sql("SELECT * FROM users WHERE id = ?")).bind(user.id).fetch(pool);
        while let Some(read) = rows.try_next().await.unwrap() {
            yield_now().await;
            assert_eq!(read, user);
        }
        drop(rows);
        sqlx::query(sql("DELETE FROM users WHERE id = ?")).bind(user.id).execute(pool).await.unwrap();
    }
}

/// Tasks with a tenant each, at the same time on the same threads: none may see the keys of another.
async fn tasks() {
    let keyring = testing::keyring();
    let database = database().await;
    let pool = database.pool.clone();
    let tasks: Vec<_> = (1..=8)
        .map(|id| {
            let (pool, tenant) = (pool.clone(), keyring.tenant(&format!("tenant {id}")).unwrap());
            let user = User { id, email: format!("{id}@example.com"), name: format!("name {id}"), ..bob() };
            tokio::spawn(tenant.scope(async move { request(&pool, user).await }))
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn across_awaits_on_one_thread() {
    tasks().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn across_awaits_on_many_threads() {
    tasks().await;
}

#[tokio::test]
async fn a_spawned_task_has_no_keyring_unless_it_is_given_one() {
    testing::keyring()
        .scope(async {
            let database = database().await;
            let pool = database.pool.clone();
            insert(&pool, &ada()).await;
            let task = {
                let pool = pool.clone();
                tokio::spawn(async move { all(&pool).await })
            };
            let error = open_error(task.await.unwrap());
            assert!(matches!(&error, OpenError::NoKeyring { .. }), "{error}");
            assert!(error.to_string().contains("spawned task"), "{error}");

            let keyring = Keyring::current().unwrap();
            let task = tokio::spawn(keyring.scope(async move { all(&pool).await }));
            assert_eq!(task.await.unwrap().unwrap(), [ada()]);
        })
        .await;
}

#[tokio::test]
async fn a_stream_is_read_where_it_is_polled() {
    let keyring = testing::keyring();
    let database = database().await;
    let pool = database.pool.clone();
    keyring.scope(insert(&pool, &ada())).await;
    let mut inside = keyring.with(|| sqlx::query_as::<_, User>("SELECT * FROM users").fetch(&pool));
    assert!(matches!(open_error(inside.try_next().await), OpenError::NoKeyring { .. }));
    drop(inside);
    let mut outside = sqlx::query_as::<_, User>("SELECT * FROM users").fetch(&pool);
    assert_eq!(keyring.scope(outside.try_next()).await.unwrap(), Some(ada()));
}

#[tokio::test]
async fn a_value_is_sealed_where_it_is_bound() {
    let keyring = testing::keyring();
    let database = database().await;
    let pool = database.pool.clone();
    let query = sqlx::query(sql("INSERT INTO users VALUES (1, ?, ?, NULL, TRUE)"));
    let query = keyring.with(|| query.bind(User::EMAIL.bind("ada@example.com")).bind(User::NAME.bind("Ada")));
    query.execute(&pool).await.unwrap();
    assert_eq!(keyring.scope(all(&pool)).await.unwrap(), [User { note: None, ..ada() }]);
}

#[tokio::test]
async fn an_inner_scope_ends_where_it_ends() {
    let (outer, inner) = (testing::keyring(), testing::keyring());
    let database = database().await;
    let pool = database.pool.clone();
    outer
        .scope(async {
            inner.scope(insert(&pool, &ada())).await;
            insert(&pool, &bob()).await;
            let error = open_error(all(&pool).await);
            assert!(matches!(&error, OpenError::UnknownKey { .. }), "{error}");
            let one: User =
                sqlx::query_as("SELECT * FROM users WHERE id = 2").fetch_one(&pool).await.unwrap();
            assert_eq!(one, bob());
        })
        .await;
}

#[tokio::test]
async fn a_key_that_is_not_loaded_is_an_error_that_says_what_loads_it() {
    let keyring = Keyring::builder(testing::TestKms::new(), envelope_core::MemoryStore::new())
        .allow_test_provider()
        .on_miss(MissPolicy::Fail)
        .open()
        .await
        .unwrap();
    let tenant = keyring.tenant("acme").unwrap();
    let error = tenant.with(|| User::EMAIL.seal("ada@example.com")).unwrap_err();
    assert!(error.to_string().contains("keyring.warm().await"), "{error}");
    tenant.warm().await.unwrap();
    let database = database().await;
    let pool = database.pool.clone();
    tenant.scope(insert(&pool, &ada())).await;
    assert_eq!(tenant.scope(all(&pool)).await.unwrap(), [ada()]);
}

/// Tasks that stay on their thread.
#[tokio::test]
async fn in_a_local_set() {
    let keyring = testing::keyring();
    let database = database().await;
    let local = tokio::task::LocalSet::new();
    for id in 1..=4 {
        let (pool, tenant) = (database.pool.clone(), keyring.tenant(&format!("tenant {id}")).unwrap());
        let user = User { id, email: format!("{id}@example.com"), name: format!("name {id}"), ..bob() };
        local.spawn_local(tenant.scope(async move { request(&pool, user).await }));
    }
    local.await;
}

/// What a pool does when it connects is done in the task that wanted the connection.
#[tokio::test]
async fn while_a_connection_is_made() {
    let database = database().await;
    let pool = sqlx::pool::PoolOptions::<Db>::new()
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query(sql("INSERT INTO users VALUES (1, ?, ?, NULL, TRUE)"))
                    .bind(User::EMAIL.bind("ada@example.com"))
                    .bind(User::NAME.bind("Ada"))
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .connect_lazy(database.url())
        .unwrap();
    let keyring = testing::keyring();
    let users = keyring.scope(all(&pool)).await.unwrap();
    assert_eq!(users, [User { note: None, ..ada() }]);
}

/// But connections that a pool keeps ready are made in a task of its own, which is in nobody's scope.
#[tokio::test]
async fn while_a_pool_makes_a_connection_that_nobody_wanted() {
    let database = database().await;
    let ready = |keyring: Option<Keyring>| {
        let (sender, receiver) = smol::channel::bounded(1);
        let pool = sqlx::pool::PoolOptions::<Db>::new()
            .min_connections(1)
            // Else it waits until it has closed one.
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |_, _| {
                let (sender, keyring) = (sender.clone(), keyring.clone());
                Box::pin(async move {
                    let seal = async { User::NAME.seal("Ada") };
                    let sealed = match keyring {
                        Some(keyring) => keyring.scope(seal).await,
                        None => seal.await,
                    };
                    sender.send(sealed).await.map_err(|error| sqlx::Error::Configuration(error.into()))
                })
            })
            .connect_lazy(database.url())
            .unwrap();
        (pool, receiver)
    };
    testing::keyring()
        .scope(async {
            let (_pool, sealed) = ready(None);
            let error = sealed.recv().await.unwrap().unwrap_err();
            assert!(matches!(error, SealError::NoKeyring { .. }), "{error}");
            let (_pool, sealed) = ready(Some(Keyring::current().unwrap()));
            sealed.recv().await.unwrap().unwrap();
        })
        .await;
}

/// A transaction that is given as a closure, and commits by itself.
#[tokio::test]
async fn in_the_closure_of_a_transaction() {
    let keyring = testing::keyring();
    let database = database().await;
    keyring
        .scope(async {
            let mut connection = database.pool.acquire().await.unwrap();
            sqlx::Connection::transaction(&mut *connection, |transaction| {
                Box::pin(async move {
                    sqlx::query(sql("INSERT INTO users VALUES (1, ?, ?, NULL, TRUE)"))
                        .bind(User::EMAIL.bind("ada@example.com"))
                        .bind(User::NAME.bind("Ada"))
                        .execute(&mut **transaction)
                        .await
                })
            })
            .await
            .unwrap();
            drop(connection);
            assert_eq!(all(&database.pool).await.unwrap(), [User { note: None, ..ada() }]);
        })
        .await;
}
