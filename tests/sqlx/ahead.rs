//! `keyring.on(…)`: keys are fetched while rows arrive, and no codec waits.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use envelope_core::{KeyError, Keyring, OpenError, Purpose, SealError, testing::Fault};
use envelope_sqlx::{Encrypted, KeyringExt as _, QueryBuilderExt as _, Sealed};
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::{Either, Executor as _, FromRow as _, QueryBuilder, Row as _};

use super::{
    Db,
    fixture::{Fixture, User, UserEmail, UserName, database, insert_many, open_error, user},
    sql,
};
use crate::world::World;

pub(super) const ALL: &str = "SELECT * FROM users ORDER BY id";

/// A table of users under a number of keys, in turn.
pub(super) async fn under_keys(world: &World, keys: i64, users: i64) -> Fixture {
    let fixture = database().await;
    let keyring = world.warm().await;
    for key in 0..keys {
        if key > 0 {
            world.rotate(&keyring, Purpose::Encrypt).await;
        }
        let mine = (0..users).filter(|id| id % keys == key).map(user);
        keyring.scope(insert_many(&fixture.pool, mine)).await;
    }
    fixture
}

#[tokio::test]
async fn a_key_that_is_denied_is_an_error_of_its_field() {
    let world = World::new();
    let fixture = under_keys(&world, 1, 3).await;
    let keyring = world.strict().await;
    world.kms.kms.fail(Fault::Denial);
    keyring
        .scope(async {
            let users = sqlx::query_as::<_, User>(ALL).fetch_all(keyring.on(&fixture.pool)).await;
            assert!(matches!(open_error(users), OpenError::Key { source: KeyError::Denied(_), .. }));
            // Who does not open the values is not concerned.
            let rows = sqlx::query(ALL).fetch_all(keyring.on(&fixture.pool)).await.unwrap();
            assert_eq!(rows.len(), 3);
            assert_eq!(rows[2].get::<i64, _>("id"), 2);
            let sealed: Vec<Sealed<UserName>> =
                sqlx::query_scalar("SELECT name FROM users").fetch_all(keyring.on(&fixture.pool)).await.unwrap();
            assert_eq!(sealed.len(), 3);
            let error = keyring.seal_value(User::NAME, "x").await.unwrap_err();
            assert!(matches!(error, SealError::Key { source: KeyError::Denied(_), .. }), "{error:?}");
            let error = keyring.lookup_value(User::EMAIL, "x").await.unwrap_err();
            assert!(matches!(error, SealError::Key { source: KeyError::Denied(_), .. }), "{error:?}");
        })
        .await;
}

#[tokio::test]
async fn without_it_a_strict_codec_says_what_to_call() {
    let world = World::new();
    let fixture = under_keys(&world, 1, 3).await;
    let keyring = world.strict().await;
    let users = keyring.scope(sqlx::query_as::<_, User>(ALL).fetch_all(&fixture.pool)).await;
    let error = open_error(users);
    assert!(matches!(&error, OpenError::Key { source: KeyError::NotLoaded { .. }, .. }), "{error:?}");
    assert!(error.to_string().contains("warm"), "{error}");
}

/// Values of another tenant, of no tenant, and bytes that are none: the errors are the codec's, and the store is not asked for each row.
#[tokio::test]
async fn values_that_name_no_key_are_left_to_the_codec() {
    let world = World::new();
    let fixture = under_keys(&world, 1, 20).await;
    let other = world.warm().await.tenant("globex").unwrap();
    let foreign = other.seal(User::NAME, "x").unwrap();
    for (id, bytes) in [(1, foreign), (2, b"plaintext".to_vec()), (3, vec![]), (4, vec![0xFE]), (5, vec![0xFE; 40])] {
        let update = sqlx::query(sql("UPDATE users SET name = ? WHERE id = ?")).bind(bytes).bind(id);
        update.execute(&fixture.pool).await.unwrap();
    }
    let keyring = world.strict().await;
    keyring
        .scope(async {
            let rows: Vec<_> = sqlx::query_as::<_, User>(ALL).fetch(keyring.on(&fixture.pool)).collect().await;
            assert_eq!(rows.len(), 20);
            for (id, row) in rows.into_iter().enumerate() {
                match id {
                    1 => assert!(matches!(open_error(row), OpenError::UnknownKey { .. })),
                    2 | 3 => assert!(matches!(open_error(row), OpenError::NotAnEnvelope { .. })),
                    4 | 5 => assert!(matches!(open_error(row), OpenError::Malformed { .. })),
                    _ => assert_eq!(row.unwrap(), user(i64::try_from(id).unwrap())),
                }
            }
        })
        .await;
}

/// On a runtime with one thread, whose other task has to go on: the key service answers when all calls are there, so a thread that
/// waited for one of them would wait for ever.
#[tokio::test(flavor = "current_thread")]
async fn ten_thousand_rows_under_fifty_keys_cause_fifty_calls_at_once() {
    let world = World::new();
    let fixture = under_keys(&world, 50, 10_000).await;
    let keyring = world.strict().await;
    let calls = world.kms.kms.unwrap_calls();
    // The deterministic column's key as well.
    world.kms.answer_together(NonZeroUsize::new(51).unwrap());
    let ticks = Arc::new(AtomicU64::new(0));
    let ticker = tokio::spawn({
        let ticks = Arc::clone(&ticks);
        async move {
            loop {
                ticks.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        }
    });
    let users: Vec<User> = keyring
        .scope(sqlx::query_as(ALL).fetch_all(keyring.on(&fixture.pool)))
        .await
        .unwrap();
    ticker.abort();
    assert_eq!(world.kms.kms.unwrap_calls() - calls, 51);
    assert!(ticks.load(Ordering::SeqCst) > 100);
    assert_eq!(users, (0..10_000).map(user).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_way_to_fetch() {
    let world = World::new();
    let fixture = under_keys(&world, 3, 9).await;
    let pool = &fixture.pool;
    let one = || sql("SELECT * FROM users WHERE id = ?");
    macro_rules! strictly {
        (|$keyring:ident| $body:expr) => {{
            // Each time without any key.
            let $keyring = world.strict().await;
            $keyring.scope(async { $body }).await
        }};
    }
    let all: Vec<_> = (0..9).map(user).collect();

    strictly!(|k| assert_eq!(sqlx::query_as::<_, User>(ALL).fetch_all(k.on(pool)).await.unwrap(), all));
    strictly!(|k| {
        let found: User = sqlx::query_as(one()).bind(4).fetch_one(k.on(pool)).await.unwrap();
        assert_eq!(found, all[4]);
    });
    strictly!(|k| {
        let query = async |id| sqlx::query_as(one()).bind(id).fetch_optional(k.on(pool)).await.unwrap();
        assert_eq!(query(5).await, Some(all[5].clone()));
        assert_eq!(query(77).await, None::<User>);
    });
    strictly!(|k| {
        let missing = sqlx::query_as::<_, User>(one()).bind(77).fetch_one(k.on(pool)).await;
        assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));
    });
    strictly!(|k| {
        let users: Vec<User> = sqlx::query_as(ALL).fetch(k.on(pool)).try_collect().await.unwrap();
        assert_eq!(users, all);
    });
    strictly!(|k| {
        let tuples: Vec<(i64, Encrypted<UserEmail>)> =
            sqlx::query_as("SELECT id, email FROM users ORDER BY id").fetch_all(k.on(pool)).await.unwrap();
        assert_eq!(tuples[8].1.as_str(), "8@example.com");
    });
    strictly!(|k| {
        let names: Vec<Encrypted<UserName>> =
            sqlx::query_scalar("SELECT name FROM users ORDER BY id").fetch_all(k.on(pool)).await.unwrap();
        assert_eq!(names[7].as_str(), "name 7");
    });
    strictly!(|k| {
        let mut rows = k.on(pool).fetch(sqlx::query(ALL));
        let row = rows.try_next().await.unwrap().unwrap();
        assert_eq!(row.get::<Encrypted<UserName>, _>("name").as_str(), "name 0");
    });
    strictly!(|k| {
        let mut query = QueryBuilder::<Db>::new("SELECT * FROM users WHERE ");
        query.push_lookup(User::EMAIL, k.lookup_value(User::EMAIL, "6@example.com").await.unwrap());
        let found: User = query.build_query_as().fetch_one(k.on(pool)).await.unwrap();
        assert_eq!(found, all[6]);
    });
    // In a transaction, which is rolled back, and on a connection.
    strictly!(|k| {
        let mut transaction = pool.begin().await.unwrap();
        let insert = sqlx::query(sql("INSERT INTO users VALUES (?, ?, ?, ?, TRUE)"))
            .bind(9)
            .bind(k.seal_value(User::EMAIL, "9@example.com").await.unwrap())
            .bind(k.seal_value(User::NAME, "name 9".to_owned()).await.unwrap())
            .bind(k.seal_value(User::NOTE, None::<String>).await.unwrap());
        let done = insert.execute(k.on(&mut *transaction)).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
        let users: Vec<User> = sqlx::query_as(ALL).fetch_all(k.on(&mut *transaction)).await.unwrap();
        assert_eq!((users.len(), &users[9]), (10, &user(9)));
        transaction.rollback().await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        let users: Vec<User> = sqlx::query_as(ALL).fetch_all(k.on(&mut *connection)).await.unwrap();
        assert_eq!(users, all);
    });
    // In a task of its own.
    strictly!(|k| {
        let (pool, keyring) = (pool.clone(), Keyring::current().unwrap());
        let scope = k.scope(async move {
            sqlx::query_as::<_, User>(ALL).fetch_all(keyring.on(&pool)).await.unwrap()
        });
        assert_eq!(tokio::spawn(scope).await.unwrap(), all);
    });
    // Several statements, without parameters: PostgreSQL then sends bytes as digits.
    strictly!(|k| {
        let statements = sqlx::raw_sql("UPDATE users SET is_active = TRUE; SELECT * FROM users ORDER BY id");
        let results: Vec<_> = k.on(pool).fetch_many(statements).try_collect().await.unwrap();
        let rows = results.into_iter().filter_map(Either::right);
        assert_eq!(rows.map(|row| User::from_row(&row).unwrap()).collect::<Vec<_>>(), all);
    });
    strictly!(|k| {
        let row = k.on(pool).fetch_optional(sqlx::raw_sql("SELECT * FROM users WHERE id = 3")).await.unwrap();
        assert_eq!(User::from_row(&row.unwrap()).unwrap(), all[3]);
    });
    // An error of the database passes through.
    strictly!(|k| {
        let error = sqlx::query("SELECT nothing FROM nowhere").fetch_all(k.on(pool)).await.unwrap_err();
        assert!(matches!(error, sqlx::Error::Database(_)), "{error:?}");
    });
}
