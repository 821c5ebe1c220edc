//! How runs end: with rows that others have locked, that never change, or that a trigger refuses; and what is kept of it.

use envelope_core::{Import, ImportError, Keyring, PlaintextBytes, PlaintextRows, Purpose};
use envelope_sqlx::ops::{Database, Operations, OpsError, Plan, RunOptions, Stop};
use sqlx::{Connection as _, Executor as _};

use crate::world::{KINDS, Kind, World, deterministic, randomized, text, url};

const NOTES: &str = "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>)";

async fn notes(kind: Kind, rows: u32) -> World {
    let body = randomized("notes", "body", "notes.body").plaintext_rows(PlaintextRows::Read);
    let world = World::new(kind, NOTES, [text(body)]).await;
    for row in 1..=rows {
        world.sql(&format!("INSERT INTO notes VALUES ({row}, 'body {row}')"));
    }
    world
}

#[derive(Debug)]
struct AsItIs;

impl Import for AsItIs {
    fn open(&self, stored: &[u8]) -> Result<PlaintextBytes, ImportError> {
        Ok(stored.to_vec().into())
    }
}

/// Whether a value has to be opened or not to know what there is to do.
#[tokio::test]
async fn rows_that_others_have_locked_are_not_done() {
    const LOCK: &str = "SELECT id FROM notes WHERE id = 2 FOR UPDATE";
    let import = Plan::new().import("body", AsItIs);
    for plan in [Plan::new(), import] {
        let world = notes(Kind::Postgres, 3).await;
        let mut other = sqlx::PgConnection::connect(&url(&world.database)).await.unwrap();
        let mut lock = other.begin().await.unwrap();
        lock.execute(LOCK).await.unwrap();
        locked(&world, &plan).await;
        let world = notes(Kind::Mysql, 3).await;
        let mut other = sqlx::MySqlConnection::connect(&url(&world.database)).await.unwrap();
        let mut lock = other.begin().await.unwrap();
        lock.execute(LOCK).await.unwrap();
        locked(&world, &plan).await;
    }
}

async fn locked(world: &World, plan: &Plan) {
    let report = world.encrypt("notes", plan).await;
    assert_eq!((report.changed, report.remaining), (2, Some(1)), "{:?}: {report:?}", world.kind);
    assert!(!report.is_complete());
}

#[tokio::test]
async fn a_row_that_never_changes_ends_the_run() {
    let world = notes(Kind::Postgres, 3).await;
    world.sql(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
         CREATE TRIGGER keep BEFORE UPDATE ON notes FOR EACH ROW WHEN (OLD.id = 2) EXECUTE FUNCTION keep()",
    );
    let report = world.encrypt("notes", &Plan::new()).await;
    assert_eq!((report.changed, report.failed, report.remaining), (2, 1, Some(1)), "{report:?}");
    assert_eq!(report.failures[0].row, "2");
    assert!(report.failures[0].cause.contains("trigger"), "{report:?}");
}

#[tokio::test]
async fn text_that_is_no_text_is_told() {
    let body = randomized("notes", "body", "notes.body").plaintext_rows(PlaintextRows::Read);
    let slug = deterministic("notes", "slug", "notes.slug").plaintext_rows(PlaintextRows::Read);
    let world = World::new(
        Kind::Sqlite,
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT, slug TEXT)",
        [text(body), text(slug)],
    )
    .await;
    world.sql("INSERT INTO notes VALUES (1, CAST(x'80ff' AS TEXT), 'a'), (2, 'two', 'b')");
    let report = world.encrypt("notes", &Plan::new()).await;
    assert_eq!((report.changed, report.failed, report.remaining), (1, 1, Some(1)), "{report:?}");
    assert!(report.failures[0].cause.contains("UTF-8"), "{report:?}");
    assert_eq!(world.stored("notes", "body", "id")[0], [0x80, 0xFF]);
}

/// The message of a user's trigger may hold the row.
#[tokio::test]
async fn a_trigger_that_refuses_one_row_stops_no_other_and_is_not_quoted() {
    for kind in [Kind::Postgres, Kind::Mysql] {
        let world = notes(kind, 3).await;
        match kind {
            Kind::Postgres => world.sql(
                "CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN RAISE EXCEPTION 'no %', convert_from(OLD.body, 'UTF8'); END $$;
                 CREATE TRIGGER deny BEFORE UPDATE ON notes FOR EACH ROW WHEN (OLD.id = 2) EXECUTE FUNCTION deny()",
            ),
            _ => {
                let pool = sqlx::MySqlPool::connect(&url(&world.database)).await.unwrap();
                sqlx::raw_sql(
                    "CREATE TRIGGER deny BEFORE UPDATE ON notes FOR EACH ROW BEGIN
                     IF OLD.id = 2 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no body 2'; END IF; END",
                )
                .execute(&pool)
                .await
                .unwrap();
            }
        }
        let report = world.encrypt("notes", &Plan::new()).await;
        assert_eq!((report.changed, report.failed, report.remaining), (2, 1, Some(1)), "{kind:?} {report:?}");
        assert_eq!(report.failures[0].row, "2");
        assert!(!format!("{report:?}").contains("body 2"), "{report:?}");
    }
}

#[tokio::test]
async fn no_error_of_a_statement_with_values_is_quoted() {
    let world = notes(Kind::Postgres, 3).await;
    world.sql(
        "CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no %', convert_from(OLD.body, 'UTF8') USING ERRCODE = 'XX123'; END $$;
         CREATE TRIGGER deny BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION deny()",
    );
    let error = world.operations.encrypt_table("notes", &Plan::new(), &RunOptions::new()).await.unwrap_err();
    let mut said = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(&error);
    while let Some(source) = cause {
        said += &format!("{source} {source:?}");
        cause = source.source();
    }
    assert!(said.contains("XX123") && !said.contains("body 1"), "{said}");
}

/// A part of the key that is itself a column to encrypt.
#[tokio::test]
async fn a_failure_does_not_name_its_row_by_a_plaintext() {
    for kind in KINDS {
        let email = deterministic("people", "email", "people.email").plaintext_rows(PlaintextRows::Read);
        let table = "CREATE TABLE people (org INT, email <short> NOT NULL, PRIMARY KEY (org, email))";
        let world = World::new(kind, table, [text(email)]).await;
        world.sql("INSERT INTO people VALUES (7, 'env:ada@example.com')");
        let report = world.encrypt("people", &Plan::new()).await;
        assert_eq!(report.failed, 1, "{kind:?} {report:?}");
        assert!(report.failures[0].row.starts_with("7, "), "{report:?}");
        let digits: String = b"ada".iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(
            !format!("{report:?}").contains("ada@") && !report.failures[0].row.contains(&digits),
            "{report:?}"
        );
    }
}

/// The deed is in the history before it is done, and the table of the history need not be made by whoever does it.
#[tokio::test]
async fn the_history_is_written_before_the_deed() {
    for kind in KINDS {
        let world = notes(kind, 1).await;
        world.encrypt("notes", &Plan::new()).await;
        let old = encrypt_key(&world.keyring).await;
        world.rotate(&world.keyring, Purpose::Encrypt).await;
        world.operations.reencrypt("notes", &Plan::new(), &RunOptions::new()).await.unwrap();
        // A history that takes no line.
        world.sql("CREATE TABLE envelope_audit (other INT)");
        world.operations.retire(None, old).await.unwrap_err();
        let key = world.keyring.keys().await.unwrap().into_iter().find(|key| key.id == old).unwrap();
        assert_eq!(key.state, envelope_core::KeyState::DecryptOnly, "{kind:?}: it was retired");
        world.operations.shred("acme", core::time::Duration::ZERO, &Stop::new(), |_| {}).await.unwrap_err();
        world.sql("DROP TABLE envelope_audit");
        world.operations.retire(None, old).await.unwrap();
        let history = world.operations.history().await.unwrap();
        let verbs: Vec<_> = history.iter().map(|record| &*record.verb).collect();
        assert_eq!(verbs, ["retire-begun", "retire"], "{kind:?}");
    }
}

async fn encrypt_key(keyring: &Keyring) -> envelope_core::KeyId {
    let keys = keyring.keys().await.unwrap();
    keys.iter().find(|key| key.purpose == Purpose::Encrypt).unwrap().id
}

/// The history's table was made by someone who may.
#[tokio::test]
async fn the_history_needs_no_right_to_make_tables() {
    let world = notes(Kind::Postgres, 1).await;
    world.operations.shred("acme", core::time::Duration::ZERO, &Stop::new(), |_| {}).await.unwrap();
    world.sql(
        "CREATE ROLE envelope_clerk; GRANT SELECT, INSERT ON envelope_audit, notes TO envelope_clerk;
         REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    );
    let options = url(&world.database).parse::<sqlx::postgres::PgConnectOptions>().unwrap();
    let pool = sqlx::postgres::PgPoolOptions::new().after_connect(|connection, _| {
        Box::pin(async move { connection.execute("SET ROLE envelope_clerk").await.map(drop) })
    });
    let database = Database::from(pool.connect_with(options).await.unwrap());
    let body = randomized("notes", "body", "notes.body");
    let operations = Operations::new(database, &world.keyring).declare_columns([text(body)]);
    let shredded = operations.shred("globex", core::time::Duration::ZERO, &Stop::new(), |_| {}).await;
    world.sql("DROP OWNED BY envelope_clerk; DROP ROLE envelope_clerk");
    shredded.unwrap();
}

/// `not authentic` is no proof that a key is gone.
#[tokio::test]
async fn only_a_key_that_is_gone_proves_that_nothing_opens() {
    for kind in KINDS {
        let table = "CREATE TABLE notes (id INT PRIMARY KEY, org VARCHAR(20), body <bytes>)";
        let body = randomized("notes", "body", "notes.body").of_tenants("org");
        let world = World::new(kind, table, [text(body)]).await;
        world.sql("INSERT INTO notes VALUES (1, 'acme', 'a'), (2, 'acme', 'b'), (3, 'globex', 'c')");
        let plan = Plan::new();
        world.encrypt("notes", &plan).await;
        // Moved to another tenant, and to none: still values under acme's key.
        world.sql("UPDATE notes SET org = 'globex' WHERE id = 1");
        world.sql("UPDATE notes SET org = '' WHERE id = 2");
        let wait = core::time::Duration::ZERO;
        let report = world.operations.shred("acme", wait, &Stop::new(), |_| {}).await.unwrap();
        assert_eq!((report.values[0].values, report.still_open), (2, 0), "{kind:?} {report:?}");
        // What cannot be tried is not called proved.
        let digits: String =
            world.stored("notes", "body", "id")[0][..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let cut = if kind == Kind::Postgres { format!("'\\x{digits}'") } else { format!("x'{digits}'") };
        world.sql(&format!("UPDATE notes SET body = {cut} WHERE id = 2"));
        let error = world.operations.shred("acme", wait, &Stop::new(), |_| {}).await.unwrap_err();
        assert!(matches!(error, OpsError::NotProved { .. }), "{kind:?} {error}");
    }
}
