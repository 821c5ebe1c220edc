//! Columns that would change what is stored in them, names of rows and tenants of every type, and tables whose rows are hard to tell apart.

use chrono::{DateTime, NaiveDate, Utc};
use envelope_core::{DeclaredColumn, Encoding, Field, Mode, Place, PlaintextKind, RowKey};
use envelope_sqlx::ops::{Database, Operations, OpsError, Plan, RunOptions, Sample, Stop};

use crate::world::{KINDS, Kind, World, randomized, text, url};

const BODY: Field = randomized("notes", "body", "notes.body");
const AS_TEXT: Field = BODY.encoding(Encoding::Text);

/// A table `notes` with one row, and its `body` of this type.
async fn of_type(kind: Kind, before: &str, ty: &str, field: Field) -> World {
    let statements = format!("{before} CREATE TABLE notes (id INT PRIMARY KEY, body {ty})");
    let world = World::new(kind, &statements, [text(field)]).await;
    world.sql("INSERT INTO notes VALUES (1, 'dear diary')");
    world
}

#[tokio::test]
async fn a_column_that_pads_or_cuts_is_refused() {
    let (postgres, mysql) = (Kind::Postgres, Kind::Mysql);
    for (kind, before, ty, field) in [
        (mysql, "", "BINARY(200)", BODY),
        (mysql, "", "CHAR(200)", AS_TEXT),
        (postgres, "CREATE DOMAIN short AS varchar(20);", "short", AS_TEXT),
        (postgres, "CREATE DOMAIN fixed AS char(200);", "fixed", AS_TEXT),
        (postgres, "", "name", AS_TEXT),
        (postgres, "", "char(200)", AS_TEXT),
        (postgres, "CREATE TYPE mood AS ENUM ('dear diary');", "mood", AS_TEXT),
    ] {
        let world = of_type(kind, before, ty, field).await;
        let before = world.stored("notes", "body", "id");
        let options = RunOptions::new();
        let error = world.operations.encrypt_table("notes", &Plan::new(), &options).await.unwrap_err();
        assert!(matches!(error, OpsError::ColumnType { .. }), "{ty}: {error}");
        assert!(error.to_string().contains("pad or cut"), "{ty}: {error}");
        let error = world.operations.verify("notes", Sample::All, &options).await.unwrap_err();
        assert!(matches!(error, OpsError::ColumnType { .. }), "{ty}: {error}");
        assert_eq!(world.stored("notes", "body", "id"), before, "{ty}");
    }
}

#[tokio::test]
async fn a_column_that_keeps_values_is_encrypted_through_domains_too() {
    let (postgres, mysql) = (Kind::Postgres, Kind::Mysql);
    for (kind, before, ty, field) in [
        (postgres, "CREATE DOMAIN user_note AS bytea;", "user_note", BODY),
        (postgres, "CREATE DOMAIN note AS bytea; CREATE DOMAIN user_note AS note;", "user_note", BODY),
        (postgres, "CREATE DOMAIN user_note AS text;", "user_note", AS_TEXT),
        (postgres, "", "varchar(200)", AS_TEXT),
        (mysql, "", "VARBINARY(200)", BODY),
        (mysql, "", "TINYBLOB", BODY),
        (mysql, "", "VARCHAR(200)", AS_TEXT),
        (mysql, "", "TEXT CHARACTER SET latin1 COLLATE latin1_bin", AS_TEXT),
        (Kind::Sqlite, "", "CHAR(10)", AS_TEXT),
    ] {
        let world = of_type(kind, before, ty, field).await;
        let report = world.encrypt("notes", &Plan::new()).await;
        assert_eq!((report.changed, report.remaining), (1, Some(0)), "{ty}: {report:?}");
        let drill = world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap();
        assert!(drill.is_green() && drill.columns[0].opened == 1, "{ty}: {drill:?}");
        let back = world.operations.decrypt_table("notes", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((back.changed, back.remaining), (1, Some(0)), "{ty}: {back:?}");
        assert_eq!(world.stored("notes", "body", "id")[0], b"dear diary", "{ty}");
    }
}

/// A value that a domain cuts is not cut on the way out of encryption either.
#[tokio::test]
async fn a_plaintext_that_its_column_would_cut_is_refused() {
    let tables = "CREATE DOMAIN short AS varchar(4);
                  CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>, plain short)";
    let world = World::new(Kind::Postgres, tables, [text(BODY)]).await;
    world.sql("INSERT INTO notes VALUES (1, 'dear diary', NULL), (2, 'dear', NULL)");
    world.encrypt("notes", &Plan::new()).await;
    let plan = Plan::new().plaintext_in("body", "plain");
    let report = world.operations.decrypt_table("notes", &plan, &RunOptions::new()).await.unwrap();
    assert_eq!((report.changed, report.failed), (1, 1), "{report:?}");
    assert_eq!(report.failures[0].row, "1");
}

#[tokio::test]
async fn a_row_that_is_named_by_more_than_text_is_sealed_as_the_application_opens_it() {
    const BOUND: Field = BODY.bound_to_row(&["day", "is_public", "code"]);
    let table =
        "CREATE TABLE notes (day date, is_public bool, code char(5), body <bytes>, PRIMARY KEY (day, code))";
    let world = World::new(Kind::Postgres, table, [text(BOUND)]).await;
    world.sql("INSERT INTO notes VALUES ('2024-02-29', true, 'ab', 'dear diary')");
    let report = world.encrypt("notes", &Plan::new()).await;
    assert_eq!((report.changed, report.remaining), (1, Some(0)), "{report:?}");
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    // As drivers read `char(5)`.
    let row = RowKey::new(&day).and(&true).and("ab   ");
    let stored = &world.stored("notes", "body", "day")[0];
    let opened = world.keyring.open_at::<String>(&BOUND, &Place::default().in_row(row), stored);
    assert_eq!(opened.unwrap(), "dear diary");
    assert!(world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap().is_green());
}

#[tokio::test]
async fn a_row_that_may_be_named_in_two_ways_is_refused() {
    const BOUND: Field = BODY.bound_to_row(&["mark"]);
    for (kind, ty) in [
        (Kind::Postgres, "timestamptz"),
        (Kind::Postgres, "numeric"),
        (Kind::Postgres, "inet"),
        (Kind::Mysql, "BOOLEAN"),
        (Kind::Mysql, "DATETIME"),
        (Kind::Sqlite, "BOOLEAN"),
        (Kind::Sqlite, "DATETIME"),
    ] {
        let table = format!("CREATE TABLE notes (id INT PRIMARY KEY, mark {ty}, body <bytes>)");
        let world = World::new(kind, &table, [text(BOUND)]).await;
        let error =
            world.operations.encrypt_table("notes", &Plan::new(), &RunOptions::new()).await.unwrap_err();
        assert!(matches!(error, OpsError::ColumnType { .. }), "{ty}: {error}");
        assert!(error.to_string().contains("notes.mark"), "{error}");
        let of_tenants = [text(BODY.of_tenants("mark"))];
        let tenants =
            Operations::new(Database::connect(&url(&world.database), 2).await.unwrap(), &world.keyring)
                .declare_columns(of_tenants);
        assert!(tenants.encrypt_table("notes", &Plan::new(), &RunOptions::new()).await.is_err(), "{ty}");
    }
}

/// Sixteen bytes are no UUID only because the collation compares bytes.
#[tokio::test]
async fn a_tenant_is_text_whatever_its_collation() {
    const OWNED: Field = BODY.of_tenants("org").bound_to_row(&["org"]);
    for (kind, ty) in [
        (Kind::Mysql, "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        (Kind::Mysql, "VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_bin"),
        (Kind::Mysql, "VARCHAR(40) CHARACTER SET utf8mb4"),
        (Kind::Postgres, "VARCHAR(40) COLLATE \"C\""),
        (Kind::Sqlite, "VARCHAR(40)"),
    ] {
        let table = format!("CREATE TABLE notes (id INT PRIMARY KEY, org {ty}, body <bytes>)");
        let world = World::new(kind, &table, [text(OWNED)]).await;
        world.sql("INSERT INTO notes VALUES (1, 'sixteen-letters!', 'a'), (2, 'acme', 'b')");
        let report = world.encrypt("notes", &Plan::new()).await;
        assert_eq!((report.changed, report.failed), (2, 0), "{ty}: {report:?}");
        let stored = world.stored("notes", "body", "id");
        for (org, stored) in ["sixteen-letters!", "acme"].into_iter().zip(&stored) {
            let place = Place::default().in_row(RowKey::new(org)).of_tenant(org);
            assert!(world.keyring.open_at::<String>(&OWNED, &place, stored).is_ok(), "{ty}: {org}");
        }
    }
}

#[tokio::test]
async fn a_value_that_stays_is_not_written() {
    const OTHER: Field = randomized("notes", "other", "notes.other").encoding(Encoding::Text);
    let ty = "VARCHAR(300) CHARACTER SET latin1 COLLATE latin1_bin";
    let table = format!("CREATE TABLE notes (id INT PRIMARY KEY, body {ty}, other {ty})");
    let world =
        World::new(Kind::Mysql, &table, [text(AS_TEXT), DeclaredColumn::new(OTHER, PlaintextKind::JsonText)])
            .await;
    // It is no JSON, so it is not encrypted.
    world.sql("INSERT INTO notes VALUES (1, 'dear diary', _latin1 x'5afc')");
    let report = world.encrypt("notes", &Plan::new()).await;
    assert_eq!((report.changed, report.failed), (1, 1), "{report:?}");
    assert_eq!(world.stored("notes", "other", "id")[0], b"Z\xfc");
}

/// Each row changes other columns, in one batch.
#[tokio::test]
async fn rows_of_a_batch_may_change_different_columns() {
    const OTHER: Field = randomized("notes", "other", "notes.other");
    for kind in KINDS {
        let table = "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>, other <bytes>)";
        let world = World::new(kind, table, [text(BODY), text(OTHER)]).await;
        world.sql("INSERT INTO notes VALUES (1, 'a', NULL), (2, NULL, 'b'), (3, 'a', 'b'), (4, 'env:', 'b')");
        let report = world.encrypt("notes", &Plan::new()).await;
        assert_eq!((report.changed, report.failed), (4, 1), "{kind:?}: {report:?}");
        let drill = world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap();
        let seen: Vec<_> = drill.columns.iter().map(|c| (c.opened, c.null)).collect();
        assert_eq!(seen, [(2, 1), (3, 1)], "{kind:?}: {drill:?}");
    }
}

#[tokio::test]
async fn rows_without_a_key_in_sqlite_are_read_and_written() {
    for table in [
        "CREATE TABLE notes (id TEXT PRIMARY KEY, body <bytes>)",
        "CREATE TABLE notes (id TEXT PRIMARY KEY, body <bytes>, rowid TEXT)",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY DESC, body <bytes>)",
        "CREATE TABLE notes (id TEXT, body <bytes>)",
    ] {
        let world = World::new(Kind::Sqlite, table, [text(BODY)]).await;
        for _ in 0..100 {
            world.sql("INSERT INTO notes (body) VALUES ('dear diary')");
        }
        let drill = world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap();
        assert_eq!(drill.rows, 100, "{table}");
        assert_eq!(drill.failures[0].row, "rowid 1", "{table}");
        let report = world.encrypt("notes", &Plan::new()).await;
        assert_eq!((report.changed, report.remaining), (100, Some(0)), "{table}: {report:?}");
    }
    let table = "CREATE TABLE notes (org TEXT, id INT, body <bytes>, PRIMARY KEY (org, id)) WITHOUT ROWID";
    let world = World::new(Kind::Sqlite, table, [text(BODY)]).await;
    world.sql("INSERT INTO notes VALUES ('a', 1, 'x'), ('a', 2, 'y'), ('b', 1, 'z')");
    assert_eq!(world.encrypt("notes", &Plan::new()).await.changed, 3);
    world.sql("UPDATE notes SET body = x'FE' WHERE id = 2");
    let drill = world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap();
    assert_eq!(drill.failures[0].row, "a, 2");
    world.sql("CREATE VIEW letters AS SELECT * FROM notes");
    let seen = Operations::new(Database::connect(&url(&world.database), 1).await.unwrap(), &world.keyring)
        .declare_columns([text(randomized("letters", "body", "notes.body"))]);
    let error = seen.verify("letters", Sample::All, &RunOptions::new()).await.unwrap_err();
    assert!(matches!(error, OpsError::NoPrimaryKey(_)), "{error}");
}

#[tokio::test]
async fn a_column_that_a_key_only_includes_is_no_part_of_it() {
    let table = "CREATE TABLE notes (id INT, body <bytes>, PRIMARY KEY (id) INCLUDE (body))";
    let world = World::new(Kind::Postgres, table, [text(BODY)]).await;
    world.sql("INSERT INTO notes SELECT g, 'body'::bytea FROM generate_series(1, 100) g");
    world.sql("UPDATE notes SET body = '\\xfe0000' WHERE id = 7");
    assert_eq!(world.encrypt("notes", &Plan::new()).await.changed, 99);
    let drill = world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap();
    assert_eq!((drill.failed, &*drill.failures[0].row), (1, "7"), "{drill:?}");
}

/// A message names rows, and shows nothing that is encrypted.
#[tokio::test]
async fn a_key_that_is_encrypted_is_not_shown() {
    for kind in KINDS {
        let table = "CREATE TABLE notes (id INT, body <short>, PRIMARY KEY (id, body))";
        let world = World::new(kind, table, [text(BODY)]).await;
        world.sql("INSERT INTO notes VALUES (1, 'dear diary')");
        let drill = world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap();
        assert_eq!(drill.failures[0].row, "1, …", "{kind:?}");
    }
}

/// The key of a parent says nothing of the rows of its children.
#[tokio::test]
async fn a_drill_that_missed_rows_is_not_green() {
    let tables =
        "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>); CREATE TABLE letters () INHERITS (notes)";
    let world = World::new(Kind::Postgres, tables, [text(BODY)]).await;
    world.sql("INSERT INTO letters SELECT 1, NULL FROM generate_series(1, 100)");
    let drill = world.operations.verify("notes", Sample::All, &RunOptions::new()).await.unwrap();
    assert!(!drill.is_green(), "{drill:?}");
}

/// A pool of the application's, whose sessions are in its own zone.
#[tokio::test]
async fn a_point_in_time_does_not_depend_on_the_zone_of_the_session() {
    use sqlx::{Executor as _, mysql};
    const AT: Field = Field::new("notes", "at_enc", "notes.at", Mode::Randomized);
    let table = "CREATE TABLE notes (id INT PRIMARY KEY, at TIMESTAMP NULL, at_enc <bytes>)";
    let world = World::new(Kind::Mysql, table, []).await;
    world.sql("INSERT INTO notes VALUES (1, FROM_UNIXTIME(1700000000), NULL)");
    let pool = mysql::MySqlPoolOptions::new()
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute("SET time_zone = '+05:30'").await.map(drop) })
        })
        .connect(&url(&world.database))
        .await
        .unwrap();
    let instant = DeclaredColumn::new(AT, PlaintextKind::PointInTime);
    let operations = Operations::new(Database::from(pool), &world.keyring).declare_columns([instant]);
    let plan = Plan::new().plaintext_in("at_enc", "at");
    operations.encrypt_table("notes", &plan, &RunOptions::new()).await.unwrap();
    let stored = &world.stored("notes", "at_enc", "id")[0];
    let at = world.keyring.open_at::<DateTime<Utc>>(&AT, &Place::default(), stored).unwrap();
    assert_eq!(at.timestamp(), 1_700_000_000);
}

#[tokio::test]
async fn more_workers_than_connections_share_them() {
    for kind in [Kind::Postgres, Kind::Mysql] {
        let world = World::new(kind, "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>)", []).await;
        for id in 0..300 {
            world.sql(&format!("INSERT INTO notes VALUES ({id}, 'a')"));
        }
        for connections in [1, 3] {
            let database = Database::connect(&url(&world.database), connections).await.unwrap();
            let operations = Operations::new(database, &world.keyring).declare_columns([text(BODY)]);
            let workers = RunOptions::new().workers(16.try_into().unwrap());
            let report = operations.encrypt_table("notes", &Plan::new(), &workers).await.unwrap();
            assert_eq!((report.changed, report.remaining), (300, Some(0)), "{kind:?} {connections}");
            let back = operations.decrypt_table("notes", &Plan::new(), &workers).await.unwrap();
            assert_eq!((back.changed, back.remaining), (300, Some(0)), "{kind:?} {connections}");
        }
    }
}

/// What is stopped while it waits for the throttle reads no further batch.
#[tokio::test]
async fn a_throttle_does_not_keep_a_drill_from_stopping() {
    let table = "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>)";
    let world = World::new(Kind::Sqlite, table, [text(BODY)]).await;
    for id in 0..100 {
        world.sql(&format!("INSERT INTO notes VALUES ({id}, NULL)"));
    }
    let stop = Stop::new();
    let stopper = stop.clone();
    let options = RunOptions::new().rows_per_second(3.try_into().unwrap()).stop_by(&stop).on_progress(
        move |progress| {
            if progress.done > 0 {
                let stopper = stopper.clone();
                tokio::spawn(async move { stopper.stop() });
            }
        },
    );
    let drill = world.operations.verify("notes", Sample::All, &options).await.unwrap();
    assert!(drill.is_stopped);
    assert_eq!(drill.rows, 32);
}
