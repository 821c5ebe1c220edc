//! Runtimes other than tokio: what SQLx and the scopes do on smol and on async-global-executor, on threads that no runtime of tokio has
//! entered. SQLx would panic there if it wanted tokio.

use std::{cell::Cell, rc::Rc};

use envelope_core::{OpenError, Purpose, testing};
use envelope_sqlx::{Keyring, KeyringExt as _, QueryBuilderExt as _, SqlxKeyStore};
use futures_util::TryStreamExt as _;
use smol::{LocalExecutor, Task, future::yield_now};
use sqlx::{QueryBuilder, pool::PoolOptions};

use super::{
    Db,
    ahead::{ALL, under_keys},
    fixture::{User, ada, all, bob, database, insert, insert_many, open_error, user},
    scopes::request,
    sql,
};
use crate::world::World;

/// Whose threads poll the tasks.
#[derive(Clone, Copy, Debug)]
enum Runtime {
    Smol,
    AsyncGlobalExecutor,
}

impl Runtime {
    fn run(self, test: impl Future<Output = ()>) {
        let test = async {
            without_tokio();
            test.await;
        };
        match self {
            Self::Smol => smol::block_on(test),
            Self::AsyncGlobalExecutor => async_global_executor::block_on(test),
        }
    }

    fn spawn<T: Send + 'static>(self, future: impl Future<Output = T> + Send + 'static) -> Task<T> {
        let future = async {
            without_tokio();
            future.await
        };
        match self {
            Self::Smol => smol::spawn(future),
            Self::AsyncGlobalExecutor => async_global_executor::spawn(future),
        }
    }
}

#[track_caller]
fn without_tokio() {
    assert!(tokio::runtime::Handle::try_current().is_err());
}

fn on_each(test: impl AsyncFn(Runtime)) {
    for runtime in [Runtime::Smol, Runtime::AsyncGlobalExecutor] {
        runtime.run(test(runtime));
    }
}

#[test]
fn a_spawned_task_has_no_keyring_unless_it_is_given_one() {
    on_each(async |runtime| {
        let database = database().await;
        let pool = database.pool.clone();
        testing::keyring()
            .scope(async {
                insert(&pool, &ada()).await;
                let task = {
                    let pool = pool.clone();
                    runtime.spawn(async move { all(&pool).await })
                };
                let error = open_error(task.await);
                assert!(matches!(&error, OpenError::NoKeyring { .. }), "{error}");

                let (keyring, pool) = (Keyring::current().unwrap(), pool.clone());
                let task = runtime.spawn(keyring.scope(async move { all(&pool).await }));
                assert_eq!(task.await.unwrap(), [ada()]);
            })
            .await;
    });
}

/// Tasks with a tenant each, at the same time: none may see the keys of another.
#[test]
fn across_awaits() {
    on_each(async |runtime| {
        let keyring = testing::keyring();
        let database = database().await;
        let tasks: Vec<_> = (1..=8)
            .map(|id| {
                let (pool, tenant) = (database.pool.clone(), keyring.tenant(&format!("tenant {id}")).unwrap());
                let user = User { id, email: format!("{id}@example.com"), name: format!("name {id}"), ..bob() };
                runtime.spawn(tenant.scope(async move { request(&pool, user).await }))
            })
            .collect();
        for task in tasks {
            task.await;
        }
    });
}

/// As a `LocalSet` of tokio.
#[test]
fn in_tasks_that_stay_on_their_thread() {
    on_each(async |_| {
        let keyring = testing::keyring();
        let database = database().await;
        let (local, done) = (LocalExecutor::new(), Rc::new(Cell::new(0)));
        let tasks: Vec<_> = (1..=4)
            .map(|id| {
                let (pool, tenant) = (database.pool.clone(), keyring.tenant(&format!("tenant {id}")).unwrap());
                let user = User { id, email: format!("{id}@example.com"), name: format!("name {id}"), ..bob() };
                let done = Rc::clone(&done);
                local.spawn(tenant.scope(async move {
                    request(&pool, user).await;
                    done.set(done.get() + 1);
                }))
            })
            .collect();
        local
            .run(async {
                for task in tasks {
                    task.await;
                }
            })
            .await;
        assert_eq!(done.get(), 4);
    });
}

/// Keys that are fetched ahead, by a keyring with which a codec would fail that had to wait.
#[test]
fn keys_are_fetched_while_other_tasks_go_on() {
    on_each(async |_| {
        let world = World::new();
        let fixture = under_keys(&world, 3, 9).await;
        let (keyring, ticks) = (world.strict().await, Cell::new(0_u32));
        let ticking = async {
            loop {
                ticks.set(ticks.get() + 1);
                yield_now().await;
            }
        };
        let reading = keyring.scope(async {
            let users: Vec<User> = sqlx::query_as(ALL).fetch_all(keyring.on(&fixture.pool)).await.unwrap();
            assert_eq!(users, (0..9).map(user).collect::<Vec<_>>());
            let mut query = QueryBuilder::<Db>::new("SELECT * FROM users WHERE ");
            query.push_lookup(User::EMAIL, keyring.lookup_value(User::EMAIL, "6@example.com").await.unwrap());
            let mut transaction = fixture.pool.begin().await.unwrap();
            let found: User = query.build_query_as().fetch_one(keyring.on(&mut *transaction)).await.unwrap();
            assert_eq!(found, user(6));
            let name = keyring.seal_value(User::NAME, "name 7").await.unwrap();
            let update = sqlx::query(sql("UPDATE users SET name = ? WHERE id = 6")).bind(name);
            update.execute(&mut *transaction).await.unwrap();
            transaction.commit().await.unwrap();
            let found: User = sqlx::query_as("SELECT * FROM users WHERE id = 6").fetch_one(&fixture.pool).await.unwrap();
            assert_eq!(found.name, "name 7");
        });
        smol::future::or(reading, ticking).await;
        assert!(ticks.get() > 3);
    });
}

/// The codec blocks this thread, and the only connection of the pool is taken: the keyring's own thread, on which the key service finds
/// tokio, reads the key table of the same database by a connection of its own.
#[test]
fn a_codec_that_has_to_wait() {
    on_each(async |_| {
        let world = World::new();
        let fixture = database().await;
        let store = || SqlxKeyStore::<Db>::new(fixture.url().parse().unwrap());
        store().create_table().await.unwrap();
        let process = async || {
            let keyring = Keyring::builder(world.kms.clone(), store()).open().await.unwrap();
            keyring.tenant("acme").unwrap()
        };
        let writer = process().await;
        writer.warm().await.unwrap();
        writer.scope(insert_many(&fixture.pool, (0..9).map(user))).await;
        writer.rotate(Purpose::Encrypt).await.unwrap();

        let pool = PoolOptions::<Db>::new().max_connections(1).connect(fixture.url()).await.unwrap();
        let reader = process().await;
        let calls = world.kms.kms.unwrap_calls();
        let users: Vec<User> = reader.scope(sqlx::query_as(ALL).fetch(&pool).try_collect()).await.unwrap();
        assert_eq!(users, (0..9).map(user).collect::<Vec<_>>());
        assert!(world.kms.kms.unwrap_calls() > calls);
    });
}

/// What a pool does when it connects is done in the task that wanted the connection.
#[test]
fn while_a_connection_is_made() {
    on_each(async |_| {
        let database = database().await;
        let pool = PoolOptions::<Db>::new()
            .after_connect(|connection, _| {
                Box::pin(async move {
                    let name = User::NAME.bind("Ada");
                    let insert = sql("INSERT INTO users VALUES (1, ?, ?, NULL, TRUE)");
                    let insert = sqlx::query(insert).bind(User::EMAIL.bind("ada@example.com")).bind(name);
                    insert.execute(connection).await?;
                    Ok(())
                })
            })
            .connect_lazy(database.url())
            .unwrap();
        let users = testing::keyring().scope(all(&pool)).await.unwrap();
        assert_eq!(users, [User { note: None, ..ada() }]);
    });
}
