//! A key that is not in memory, asked for by code that holds the application's only connection to the same database.

use std::{
    thread,
    time::{Duration, Instant},
};

use envelope_core::{KeyError, Keyring, MissPolicy, OpenError, SealError, StoreError};
use envelope_tests::database::Kind;
use futures_util::StreamExt;
use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use tokio::task::LocalSet;

use super::{Application, ORMS, Orm, runtime};
use crate::support::Note;

/// Where the codec runs that needs the key.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// On the runtime's own thread, which then can run nothing else.
    Here,
    SpawnBlocking,
    Thread,
}

impl Place {
    async fn run<T: Send + 'static>(self, codec: impl FnOnce() -> T + Send + 'static) -> T {
        let start = Instant::now();
        let outcome = match self {
            Self::Here => codec(),
            Self::SpawnBlocking => tokio::task::spawn_blocking(codec).await.unwrap(),
            Self::Thread => thread::spawn(codec).join().unwrap(),
        };
        assert!(start.elapsed() < Duration::from_secs(8), "{self:?} took {:?}", start.elapsed());
        outcome
    }
}

async fn pool(application: &Application) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(application.database.url());
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    sqlx::query("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, note BLOB)")
        .execute(&pool)
        .await
        .unwrap();
    pool
}

fn tenant(keyring: &Keyring, name: &str) -> Keyring {
    keyring.tenant(name).unwrap()
}

async fn meet(orm: Orm, place: Place) {
    let application = Application::new(Kind::Sqlite);
    let value = tenant(&application.process(orm), "acme").seal(Note, "x").unwrap();
    let pool = pool(&application).await;
    for _ in 0..10 {
        sqlx::query("INSERT INTO notes (note) VALUES (?)").bind(&value).execute(&pool).await.unwrap();
    }
    let waits = |limit| application.builder(orm).on_miss(MissPolicy::Wait(limit)).open_blocking().unwrap();
    let open = |keyring: Keyring, value: Vec<u8>| move || keyring.open(Note, &value);
    let seal = |keyring: Keyring| move || keyring.seal(Note, "y");

    // A stream holds the connection, and its rows need the key.
    let acme = tenant(&waits(Duration::from_secs(5)), "acme");
    let mut rows = sqlx::query("SELECT note FROM notes").fetch(&pool);
    while let Some(row) = rows.next().await {
        let stored: Vec<u8> = row.unwrap().get(0);
        assert_eq!(place.run(open(acme.clone(), stored)).await.unwrap(), "x");
    }
    drop(rows);

    // A transaction holds it, which has read, and then has written.
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("SELECT note FROM notes").fetch_one(&mut *transaction).await.unwrap();
    let keyring = waits(Duration::from_secs(5));
    assert_eq!(place.run(open(tenant(&keyring, "acme"), value.clone())).await.unwrap(), "x");
    sqlx::query("DELETE FROM notes").execute(&mut *transaction).await.unwrap();
    let keyring = waits(Duration::from_secs(5));
    assert_eq!(place.run(open(tenant(&keyring, "acme"), value.clone())).await.unwrap(), "x");
    // The lock of the writer keeps a new tenant's key from being stored: an error before the deadline, and no deadlock.
    let error = place.run(seal(tenant(&keyring, "new"))).await.unwrap_err();
    assert!(
        matches!(&error, SealError::Key { source: KeyError::Store(cause), .. }
            if matches!(**cause, StoreError::Unavailable(_)) && cause.to_string().contains("locked")),
        "{error:?}"
    );
    // A deadline that is shorter comes first.
    let hasty = waits(Duration::from_millis(50));
    let error = place.run(seal(tenant(&hasty, "other"))).await.unwrap_err();
    assert!(matches!(&error, SealError::Key { source: KeyError::Deadline { .. }, .. }), "{error:?}");
    transaction.commit().await.unwrap();
    place.run(seal(tenant(&keyring, "new"))).await.unwrap();

    // Who does not want to wait is told what to call.
    let strict = application.builder(orm).on_miss(MissPolicy::Fail).open_blocking().unwrap();
    let acme = tenant(&strict, "acme");
    let _held = pool.acquire().await.unwrap();
    let error = place.run(open(acme.clone(), value.clone())).await.unwrap_err();
    assert!(matches!(&error, OpenError::Key { source: KeyError::NotLoaded { .. }, .. }), "{error:?}");
    acme.warm().await.unwrap();
    assert_eq!(place.run(open(acme, value)).await.unwrap(), "x");
}

#[test]
fn on_a_current_thread_runtime() {
    for orm in ORMS {
        runtime().block_on(meet(orm, Place::Here));
    }
}

#[test]
fn in_a_local_set() {
    for orm in ORMS {
        LocalSet::new().block_on(&runtime(), async move {
            tokio::task::spawn_local(meet(orm, Place::Here)).await.unwrap();
        });
    }
}

#[test]
fn in_spawn_blocking() {
    for orm in ORMS {
        runtime().block_on(meet(orm, Place::SpawnBlocking));
    }
}

#[test]
fn on_a_thread() {
    for orm in ORMS {
        runtime().block_on(meet(orm, Place::Thread));
    }
}

#[test]
fn on_a_multi_thread_runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for orm in ORMS {
        runtime.block_on(async move { tokio::spawn(meet(orm, Place::Here)).await.unwrap() });
    }
}
