//! A UNIQUE column while its search key is rotated: no duplicate is stored, no row is lost, and every row is found.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use envelope_core::{
    Keyring, MemoryStore, Purpose,
    testing::{TestClock, TestKms},
};
use envelope_sqlx::{
    BindIndexed as _, Encrypted, QueryBuilderExt as _,
    ops::{Database, Operations, Plan, RotationStep, RunOptions, Uniqueness},
};
use envelope_tests::database::{Database as TestDatabase, Kind};
use sqlx::{Pool, QueryBuilder, Row as _, pool::PoolOptions};

use super::{Db, KIND, sql};

#[derive(Encrypted, Debug)]
#[encrypt(table = "accounts")]
struct Account {
    id: i64,
    #[encrypt(
        index(column = email_index, normalize = "email"),
        index(column = email_next, normalize = "email", shadow),
    )]
    email: String,
}

const WRITERS: usize = 8;

struct World {
    pool: Pool<Db>,
    /// E-mails whose rows were acknowledged, in lower case.
    stored: Mutex<HashSet<String>>,
    ended: AtomicBool,
    last_id: AtomicI64,
    /// Writes that a trigger refused.
    locked_out: AtomicU64,
    /// Counts the steps of the rotation, and what each writer has seen of them when it last sealed a value.
    step: AtomicU64,
    seen: [AtomicU64; WRITERS],
}

impl World {
    /// Until no statement is under way that was sealed before: between two steps of a rotation are minutes, and no statement takes as
    /// long.
    async fn settle(&self) {
        let step = self.step.fetch_add(1, Ordering::SeqCst) + 1;
        while self.seen.iter().any(|seen| seen.load(Ordering::SeqCst) < step) {
            assert!(!self.ended.load(Ordering::SeqCst), "a writer failed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // For what is written under the keys of this step.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Inserts e-mails of which many are there already, in another case.
async fn write(world: Arc<World>, keyring: Keyring, number: usize) -> (usize, usize) {
    let (mut written, mut refused) = (0, 0);
    let mut random = number as u64;
    while !world.ended.load(Ordering::SeqCst) {
        world.seen[number].store(world.step.load(Ordering::SeqCst), Ordering::SeqCst);
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let name = (random >> 33) % 4000;
        let lower = format!("person{name}@example.com");
        let email = if random.is_multiple_of(3) { lower.to_uppercase() } else { lower.clone() };
        let id = world.last_id.fetch_add(1, Ordering::SeqCst);
        let insert = keyring.with(|| {
            sqlx::query(sql("INSERT INTO accounts (id, email, email_index, email_next) VALUES (?, ?, ?, ?)"))
                .bind(id)
                .bind_indexed(Account::EMAIL.indexed(email).unwrap())
        });
        match insert.execute(&world.pool).await {
            Ok(_) => {
                if !world.stored.lock().unwrap().insert(lower.clone()) {
                    world.ended.store(true, Ordering::SeqCst);
                    panic!("{lower} was stored twice");
                }
                written += 1;
            }
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => refused += 1,
            Err(sqlx::Error::Database(error)) if error.message().contains("search key") => {
                world.locked_out.fetch_add(1, Ordering::SeqCst);
            }
            // SQLite and MariaDB may ask to try again.
            Err(sqlx::Error::Database(error)) => assert!(
                ["locked", "deadlock"].iter().any(|cause| error.message().to_lowercase().contains(cause)),
                "{error}"
            ),
            Err(error) => panic!("{error}"),
        }
        tokio::task::yield_now().await;
    }
    (written, refused)
}

/// Finds what is there, all the time.
async fn read(world: Arc<World>, keyring: Keyring) -> u64 {
    let mut found = 0;
    while !world.ended.load(Ordering::SeqCst) {
        let some = world.stored.lock().unwrap().iter().next().cloned();
        if let Some(email) = some {
            assert_eq!(find(&world, &keyring, &email).await, 1, "{email}");
            found += 1;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    found
}

async fn find(world: &World, keyring: &Keyring, email: &str) -> usize {
    let mut query = QueryBuilder::<Db>::new("SELECT id FROM accounts WHERE ");
    keyring.with(|| {
        let lookup = Account::EMAIL.lookup(email).unwrap();
        query.push_lookup(Account::EMAIL_INDEX, lookup);
    });
    query.build().fetch_all(&world.pool).await.unwrap().len()
}

/// Writes the indexes of all rows anew.
async fn rewrite(world: &World, keyring: &Keyring) {
    let operations = Operations::new(Database::from(world.pool.clone()), keyring).declare::<Account>();
    let report = operations.reencrypt("accounts", &Plan::new(), &RunOptions::new()).await.unwrap();
    assert!(report.is_complete(), "{report:?}");
}

/// Step by step, as the guide tells.
async fn rotate_by_hand(world: &World, clock: &TestClock, [first, second]: [&Keyring; 2]) {
    // The first process makes the next key, which the second does not know yet.
    first.rotate(Purpose::Search).await.unwrap();
    world.settle().await;
    clock.advance(Duration::from_secs(17 * 60));
    second.warm().await.unwrap();
    first.warm().await.unwrap();
    world.settle().await;
    rewrite(world, first).await;
    world.settle().await;
    // The first process writes with the new key, and the second still with the old one.
    first.promote(Purpose::Search).await.unwrap();
    world.settle().await;
    clock.advance(Duration::from_secs(17 * 60));
    second.warm().await.unwrap();
    first.warm().await.unwrap();
    world.settle().await;
    rewrite(world, first).await;
}

/// At once, with triggers in the place of a shadow.
async fn rotate_with_lock(world: &World, clock: &TestClock, [first, second]: [&Keyring; 2]) {
    let operations = Operations::new(Database::from(world.pool.clone()), first).declare::<Account>();
    let options = RunOptions::new();
    let refused = operations.rotate_search(None, Uniqueness::Shadow, &options, |_| {}).await.unwrap_err();
    assert!(refused.to_string().contains("accounts.email_index"), "{refused}");
    first.rotate(Purpose::Search).await.unwrap();
    world.settle().await;
    clock.advance(Duration::from_secs(17 * 60));
    second.warm().await.unwrap();
    world.settle().await;
    assert!(operations.check_promotion(None).await.is_err());
    let (promoted, is_promoted) = tokio::sync::oneshot::channel();
    let mut promoted = Some(promoted);
    let rotation = operations.rotate_search(None, Uniqueness::WriteLock, &options, |step| {
        if let RotationStep::Promoted(_) = step {
            let _ = promoted.take().unwrap().send(());
        }
    });
    // The second process does not know it for a while, and what it writes is refused.
    let learns = async {
        is_promoted.await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        clock.advance(Duration::from_secs(17 * 60));
        second.warm().await.unwrap();
    };
    let (report, ()) = tokio::join!(rotation, learns);
    let report = report.unwrap();
    assert_eq!(report.locked, ["accounts.email_index"]);
    assert!(world.locked_out.load(Ordering::SeqCst) > 0, "no writer met the lock");
    let before = world.locked_out.load(Ordering::SeqCst);
    world.settle().await;
    assert_eq!(world.locked_out.load(Ordering::SeqCst), before, "the lock is still there");
}

/// Two processes, eight writers and two readers, while the search key is replaced.
async fn under_load(how: Uniqueness) {
    let database = TestDatabase::new(KIND);
    let bytes = match KIND {
        Kind::Sqlite => "BLOB",
        Kind::Postgres => "BYTEA",
        Kind::Mysql => "VARBINARY(255)",
    };
    database.sql(&format!(
        "CREATE TABLE accounts (id BIGINT PRIMARY KEY, email {bytes} NOT NULL, email_index {bytes} NOT NULL UNIQUE, \
         email_next {bytes} NOT NULL {next})",
        next = if how == Uniqueness::Shadow { "UNIQUE" } else { "" },
    ));
    let url =
        if KIND == Kind::Sqlite { format!("sqlite://{}", database.url()) } else { database.url().to_owned() };
    // SQLite lets one write at a time, and has the others try again.
    let connections = if KIND == Kind::Sqlite { 2 } else { 10 };
    let pool = PoolOptions::<Db>::new().max_connections(connections)
        .after_connect(|connection, _| {
            Box::pin(async move {
                let fast = if KIND == Kind::Sqlite { "PRAGMA synchronous = OFF" } else { "SELECT 1" };
                sqlx::query(fast).execute(connection).await.map(|_| ())
            })
        })
        .connect(&url).await.unwrap();
    let (kms, store, clock) = (TestKms::new(), Arc::new(MemoryStore::new()), TestClock::new());
    let process = || Keyring::builder(kms.clone(), Arc::clone(&store)).clock(&clock);
    let (first, second) = (process().open().await.unwrap(), process().open().await.unwrap());
    first.warm().await.unwrap();
    second.warm().await.unwrap();
    let world = Arc::new(World {
        pool,
        stored: Mutex::default(),
        ended: AtomicBool::new(false),
        last_id: AtomicI64::new(1),
        locked_out: AtomicU64::new(0),
        step: AtomicU64::new(0),
        seen: Default::default(),
    });
    let writers: Vec<_> = (0..WRITERS)
        .map(|seed| {
            let keyring = if seed % 2 == 0 { &first } else { &second };
            tokio::spawn(write(Arc::clone(&world), keyring.clone(), seed))
        })
        .collect();
    let readers = [&first, &second].map(|keyring| tokio::spawn(read(Arc::clone(&world), keyring.clone())));

    world.settle().await;
    match how {
        Uniqueness::Shadow => rotate_by_hand(&world, &clock, [&first, &second]).await,
        _ => rotate_with_lock(&world, &clock, [&first, &second]).await,
    }
    world.settle().await;
    world.ended.store(true, Ordering::SeqCst);

    let (mut written, mut refused) = (0, 0);
    for writer in writers {
        let (more_written, more_refused) = writer.await.unwrap();
        written += more_written;
        refused += more_refused;
    }
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
    // No row is lost, and none is there twice.
    let stored = world.stored.lock().unwrap().clone();
    assert_eq!(stored.len(), written);
    assert!(refused > 0, "the writers met no duplicate");
    let rows: Vec<Account> = second
        .scope(sqlx::query_as(sql("SELECT id, email FROM accounts")).fetch_all(&world.pool))
        .await
        .unwrap();
    assert!(rows.iter().all(|row| row.id > 0));
    let emails: Vec<String> = rows.iter().map(|row| row.email.to_lowercase()).collect();
    assert_eq!(emails.len(), stored.len());
    assert_eq!(emails.into_iter().collect::<HashSet<_>>(), stored);
    // All of them are under the new key.
    let terms = sqlx::query(sql("SELECT email_index, email_next FROM accounts")).fetch_all(&world.pool).await.unwrap();
    let keys: HashSet<Vec<u8>> =
        terms.iter().flat_map(|row| [row.get::<Vec<u8>, _>(0), row.get(1)]).map(|term| term[..6].to_vec()).collect();
    assert_eq!(keys.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_duplicate_passes_while_the_search_key_is_rotated() {
    under_load(Uniqueness::Shadow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_duplicate_passes_a_write_lock() {
    under_load(Uniqueness::WriteLock).await;
}
