//! The tool is killed ten times while four writers go on. At the end every row is encrypted, once, and no update is lost.
//!
//! `ENVELOPE_CRASH_ROWS` says of how many rows, for a longer run than that of every day.

use std::{
    collections::BTreeMap,
    fs,
    process::{Child, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use envelope_core::{FileStore, Keyring, LocalKey};
use envelope_tests::{
    database::{Database, Kind},
    envelope,
};
use futures_util::TryStreamExt as _;
use sqlx::{AnyPool, AssertSqlSafe, Row as _, any::AnyPoolOptions};
use tokio::time::sleep;

use crate::world::{deterministic, randomized, url};

const ROWS: i64 = 100_000;
const KILLS: usize = 10;
const WRITERS: i64 = 4;
/// Mebibytes.
const MOST_MEMORY: u64 = 100;

const CONFIG: &str = r#"
[[table]]
name = "people"
[[table.column]]
name = "email"
mode = "deterministic"
plaintext = "read"
[[table.column]]
name = "note"
plaintext = "read"
"#;

/// What a writer knows of its rows: those that it inserted, changed and, as `None`, deleted.
type Log = BTreeMap<i64, Option<String>>;

fn rows() -> i64 {
    std::env::var("ENVELOPE_CRASH_ROWS").map_or(ROWS, |rows| rows.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_ten_times_on_postgres() {
    killed(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_ten_times_on_sqlite() {
    killed(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_ten_times_on_mariadb() {
    killed(Kind::Mysql).await;
}

/// Numbered places, as MySQL has them.
fn sql(kind: Kind, text: &'static str) -> AssertSqlSafe<String> {
    AssertSqlSafe(match kind {
        Kind::Mysql => text.replace(|letter: char| letter.is_ascii_digit(), "").replace('$', "?"),
        Kind::Postgres | Kind::Sqlite => text.to_owned(),
    })
}

async fn killed(kind: Kind) {
    sqlx::any::install_default_drivers();
    let database = Database::new(kind);
    let folder = database.folder();
    fill(&database);
    let provider = LocalKey::create(folder.join("app.key")).unwrap();
    let store = FileStore::new(folder.join("keys.json"));
    let keyring = Keyring::builder(provider, store).application("crash").open().await.unwrap();
    let config = folder.join("envelope.toml");
    let place = folder.display();
    let head = format!(
        "[database]\nurl = \"{}\"\n[keyring]\napplication = \"crash\"\n\
         provider = {{ kind = \"local-key\", path = \"{place}/app.key\" }}\n\
         store = {{ kind = \"file\", path = \"{place}/keys.json\" }}\n",
        url(&database)
    );
    fs::write(&config, head + CONFIG).unwrap();
    let start = || {
        let mut command = envelope();
        command.arg("--config").arg(&config).args(["--json", "encrypt-table", "people"]);
        command.args(["--workers", "2", "--batch", "200"]);
        Running(command.stdout(Stdio::piped()).spawn().unwrap())
    };

    let pool = AnyPoolOptions::new().max_connections(8).connect(&url(&database)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| tokio::spawn(write(kind, number, pool.clone(), keyring.clone(), Arc::clone(&stop))))
        .collect();

    let mut dice = Dice(rows().unsigned_abs());
    let mut memory = 0;
    let (mut was_cut, mut encrypted_at) = (0, Vec::new());
    for _ in 0..KILLS {
        let mut child = start();
        // From before its first row to far into the table.
        let longest = 1500 * (rows().unsigned_abs() / 100_000).max(1);
        sleep(Duration::from_millis(20 + dice.roll(longest))).await;
        memory = memory.max(child.peak_memory());
        if child.0.try_wait().unwrap().is_none() {
            was_cut += 1;
            child.0.kill().unwrap();
        }
        child.0.wait().unwrap();
        encrypted_at.push(encrypted(kind, &pool).await);
    }
    stop.store(true, Ordering::Release);
    let mut log = Log::new();
    for writer in writers {
        log.extend(writer.await.unwrap());
    }

    let mut last = start();
    while last.0.try_wait().unwrap().is_none() {
        memory = memory.max(last.peak_memory());
        sleep(Duration::from_millis(20)).await;
    }
    let output = last.output();
    println!(
        "{kind:?}: {} rows, {was_cut} of {KILLS} runs cut; encrypted after each: {encrypted_at:?}",
        rows()
    );
    println!("  {} rows in the writers' log, {memory} MiB; the last run: {output}", log.len());
    let report: serde_json::Value = serde_json::from_str(&output).unwrap();
    assert_eq!(report["remaining"], 0, "{output}");
    assert_eq!(report["failed"], 0, "{output}");
    assert!(was_cut > 0 && memory < MOST_MEMORY, "{was_cut} cut, {memory} MiB");
    check(&pool, &keyring, log).await;
}

/// Rows as they are after the migration from text.
fn fill(database: &Database) {
    let last = rows();
    match database.kind() {
        Kind::Postgres => database.sql(&format!(
            "CREATE TABLE people (id BIGINT PRIMARY KEY, email BYTEA NOT NULL, note BYTEA);
             INSERT INTO people SELECT i, convert_to('p' || i || '@example.com', 'UTF8'), convert_to('note ' || i, 'UTF8')
             FROM generate_series(1, {last}) i"
        )),
        Kind::Mysql => database.sql(&format!(
            "CREATE TABLE people (id BIGINT PRIMARY KEY, email VARBINARY(200) NOT NULL, note VARBINARY(200));
             INSERT INTO people SELECT seq, CONCAT('p', seq, '@example.com'), CONCAT('note ', seq) FROM seq_1_to_{last}"
        )),
        Kind::Sqlite => database.sql(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
             CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT NOT NULL, note TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})
             INSERT INTO people SELECT i, 'p' || i || '@example.com', 'note ' || i FROM n"
        )),
    }
}

/// Changes rows of its own, half of them as a process does that does not encrypt yet.
async fn write(kind: Kind, number: i64, pool: AnyPool, keyring: Keyring, stop: Arc<AtomicBool>) -> Log {
    const NOTE: envelope_core::Field = randomized("people", "note", "people.note");
    const EMAIL: envelope_core::Field = deterministic("people", "email", "people.email");
    let mut log = Log::new();
    let mut dice = Dice(number.unsigned_abs() + 77);
    let mut next = rows() + 1 + number;
    let mut count = 0_u64;
    while !stop.load(Ordering::Acquire) {
        count += 1;
        let value = format!("written by {number}, {count}");
        let (id, outcome) = match dice.roll(4) {
            0 => {
                let email = keyring.seal_field(&EMAIL, &*format!("p{next}@example.com")).unwrap();
                let query =
                    sqlx::query(sql(kind, "INSERT INTO people (id, email, note) VALUES ($1, $2, $3)"));
                let done = query.bind(next).bind(email).bind(value.clone().into_bytes()).execute(&pool).await;
                next += WRITERS;
                (next - WRITERS, done.map(|_| Some(value)))
            }
            1 => {
                let id = own(&mut dice, number);
                let done =
                    sqlx::query(sql(kind, "DELETE FROM people WHERE id = $1")).bind(id).execute(&pool).await;
                (id, done.map(|_| None))
            }
            roll => {
                let id = own(&mut dice, number);
                if log.get(&id) == Some(&None) {
                    continue;
                }
                let note = if roll == 2 {
                    value.clone().into_bytes()
                } else {
                    keyring.seal_field(&NOTE, &*value).unwrap()
                };
                let query = sqlx::query(sql(kind, "UPDATE people SET note = $1 WHERE id = $2"));
                let done = query.bind(note).bind(id).execute(&pool).await;
                (id, done.map(|_| Some(value)))
            }
        };
        match outcome {
            Ok(value) => {
                log.insert(id, value);
            }
            // MariaDB asks to try again.
            Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| code == "40001") => {}
            Err(error) => panic!("{error}"),
        }
        sleep(Duration::from_micros(300)).await;
    }
    log
}

fn own(dice: &mut Dice, number: i64) -> i64 {
    let each = (rows() / WRITERS).unsigned_abs();
    1 + number + WRITERS * i64::try_from(dice.roll(each)).unwrap()
}

/// Every row is there that should be, with what was written last, under one layer of encryption.
async fn check(pool: &AnyPool, keyring: &Keyring, log: Log) {
    let (email, note) =
        (deterministic("people", "email", "people.email"), randomized("people", "note", "people.note"));
    let mut seen = 0;
    let mut stored = sqlx::query("SELECT id, email, note FROM people").fetch(pool);
    let mut log = log;
    while let Some(row) = stored.try_next().await.unwrap() {
        let id: i64 = row.get(0);
        let opened: String = keyring.open_field(&email, &row.get::<Vec<u8>, _>(1)).unwrap();
        assert_eq!(opened, format!("p{id}@example.com"));
        let opened: String = keyring.open_field(&note, &row.get::<Vec<u8>, _>(2)).unwrap();
        match log.remove(&id) {
            None => assert_eq!(opened, format!("note {id}")),
            Some(Some(written)) => assert_eq!(opened, written, "an update of row {id} was lost"),
            Some(None) => panic!("row {id} was deleted and is there"),
        }
        seen += 1;
    }
    let missing: Vec<_> = log.iter().filter(|(_, value)| value.is_some()).collect();
    assert!(missing.is_empty(), "rows are missing: {missing:?}");
    assert!(seen >= rows() / 2, "{seen}");
}

async fn encrypted(kind: Kind, pool: &AnyPool) -> i64 {
    // The first byte of values as SQLite and PostgreSQL both compare it.
    let query = "SELECT COUNT(*) FROM people WHERE email > $1";
    sqlx::query_scalar(sql(kind, query)).bind(vec![0xFD_u8]).fetch_one(pool).await.unwrap()
}

/// Numbers that only have to differ.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Does not outlive the test.
struct Running(Child);

impl Running {
    /// Mebibytes.
    fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kibibytes.unwrap_or(0) / 1024
    }

    fn output(&mut self) -> String {
        let mut text = String::new();
        std::io::Read::read_to_string(self.0.stdout.as_mut().unwrap(), &mut text).unwrap();
        text
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
