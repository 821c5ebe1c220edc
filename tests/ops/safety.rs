//! No run loses a digit, calls done what is not, runs for ever or shows a value.

use envelope_core::{
    DeclaredColumn, Encoding, Import, ImportError, PlaintextBytes, PlaintextKind, PlaintextRows,
};
use envelope_sqlx::ops::{OpsError, Plan, RunOptions, TableReport};

use crate::world::{KINDS, Kind, World, randomized, text};

fn thing(kind: PlaintextKind) -> DeclaredColumn {
    DeclaredColumn::new(randomized("things", "sealed", "things.sealed"), kind)
}

async fn decrypt(world: &World, table: &str, plan: &Plan) -> TableReport {
    world.operations.decrypt_table(table, plan, &RunOptions::new()).await.unwrap()
}

fn beside() -> Plan {
    Plan::new().plaintext_in("sealed", "plain")
}

/// Sealed from `plain`, which is then `NULL`, and is to be decrypted into `sink`.
async fn sealed(kind: Kind, plaintext: PlaintextKind, value: &str, sink: &str) -> World {
    let table =
        format!("CREATE TABLE things (id INT PRIMARY KEY, plain <text>, sink {sink}, sealed <bytes>)");
    let world = World::new(kind, &table, [thing(plaintext)]).await;
    world.sql(&format!("INSERT INTO things (id, plain) VALUES (1, '{value}')"));
    let report = world.encrypt("things", &beside()).await;
    assert_eq!((report.changed, report.failed), (1, 0), "{report:?}");
    world
}

#[tokio::test]
async fn what_the_sink_would_change_is_not_written() {
    use PlaintextKind::{DateAndTime, DecimalNumber, JsonText, PointInTimeWithOffset, Text};
    for (kind, plaintext, value, sink) in [
        (Kind::Postgres, DecimalNumber, "12.345", "NUMERIC(5,2)"),
        (Kind::Postgres, PointInTimeWithOffset, "2024-02-29 12:30:00+02:00", "TIMESTAMP"),
        (Kind::Postgres, DateAndTime, "2024-02-29 12:30:00.123456789", "TIMESTAMP"),
        (Kind::Postgres, Text, "00123", "INT"),
        (Kind::Postgres, JsonText, "{\"a\":1,\"a\":2}", "JSONB"),
        (Kind::Mysql, DecimalNumber, "12.345", "DECIMAL(5,2)"),
        (Kind::Mysql, DateAndTime, "2024-02-29 12:30:00.5", "DATETIME"),
        (Kind::Sqlite, JsonText, "1.0", "JSON"),
    ] {
        let world = sealed(kind, plaintext, value, sink).await;
        let plan = Plan::new().plaintext_in("sealed", "sink");
        let report = decrypt(&world, "things", &plan).await;
        assert_eq!((report.changed, report.failed), (0, 1), "{kind:?} {sink}: {report:?}");
        assert_eq!(report.remaining, Some(1), "{kind:?} {sink}");
        assert!(report.failures[0].cause.contains("column"), "{report:?}");
        assert!(!report.failures[0].cause.contains(value));
        assert!(world.stored("things", "sink", "id")[0].is_empty(), "{kind:?} {sink}: it stays NULL");
    }
    for (kind, plaintext, value, sink) in [
        (Kind::Postgres, DecimalNumber, "12.34", "NUMERIC(5,2)"),
        (Kind::Postgres, JsonText, "{\"b\":[1.50,\"x\"],\"a\":12345678901234567890.5}", "JSONB"),
        (Kind::Mysql, DecimalNumber, "12.34", "DECIMAL(5,2)"),
        (Kind::Sqlite, DecimalNumber, "12.340", "TEXT"),
    ] {
        let world = sealed(kind, plaintext, value, sink).await;
        let plan = Plan::new().plaintext_in("sealed", "sink");
        let report = decrypt(&world, "things", &plan).await;
        assert_eq!((report.changed, report.failed, report.remaining), (1, 0, Some(0)), "{kind:?} {report:?}");
        let query = "SELECT CASE WHEN sink IS NULL THEN 'NULL' ELSE 'there' END AS text FROM things";
        assert_eq!(world.database.texts(query), ["there"], "{kind:?} {sink}");
    }
}

#[tokio::test]
async fn sqlite_does_not_make_numbers_of_text() {
    for sink in ["NUMERIC", "DECIMAL(10,2)", "INTEGER", "REAL", "STRING"] {
        let world = sealed(Kind::Sqlite, PlaintextKind::Text, "00123", sink).await;
        let plan = Plan::new().plaintext_in("sealed", "sink");
        let error = world.operations.decrypt_table("things", &plan, &RunOptions::new()).await.unwrap_err();
        assert!(matches!(&error, OpsError::ColumnType { column, .. } if column == "sink"), "{sink}: {error}");
        // In its own column too.
        let table = format!("CREATE TABLE things (id INT PRIMARY KEY, sealed {sink})");
        let world = World::new(Kind::Sqlite, &table, [thing(PlaintextKind::Text)]).await;
        let error =
            world.operations.decrypt_table("things", &Plan::new(), &RunOptions::new()).await.unwrap_err();
        assert!(
            matches!(&error, OpsError::ColumnType { column, .. } if column == "sealed"),
            "{sink}: {error}"
        );
    }
}

/// After the switch only the encrypted column is written.
#[tokio::test]
async fn a_stale_plaintext_is_not_called_decrypted() {
    for kind in KINDS {
        let world = World::new(
            kind,
            "CREATE TABLE things (id INT PRIMARY KEY, plain <text>, sealed <bytes>)",
            [thing(PlaintextKind::Text)],
        )
        .await;
        world.sql("INSERT INTO things (id, plain) VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, NULL), (5, 'five')");
        world.encrypt("things", &beside()).await;
        world.sql("UPDATE things SET plain = 'before' WHERE id = 2");
        world.sql("UPDATE things SET plain = NULL WHERE id = 3");
        world.sql("UPDATE things SET sealed = NULL WHERE id = 5");
        let report = decrypt(&world, "things", &beside()).await;
        let failed: Vec<_> = report.failures.iter().map(|failure| &*failure.row).collect();
        assert_eq!(
            (report.found, report.changed, &*failed),
            (4, 1, ["2", "5"].as_slice()),
            "{kind:?} {report:?}"
        );
        assert_eq!(report.remaining, Some(2), "{kind:?}");
        assert!(!report.is_complete());
        assert!(report.failures.iter().all(|failure| !failure.cause.contains("two")));
        world.sql("UPDATE things SET plain = NULL WHERE id IN (2, 5)");
        let report = decrypt(&world, "things", &beside()).await;
        assert_eq!((report.changed, report.remaining), (1, Some(0)), "{kind:?} {report:?}");
        assert!(report.is_complete());
    }
}

#[tokio::test]
async fn a_value_in_the_other_encoding_is_no_plaintext() {
    for kind in KINDS {
        let body = |encoding| {
            text(
                randomized("notes", "body", "notes.body")
                    .encoding(encoding)
                    .plaintext_rows(PlaintextRows::Read),
            )
        };
        let world = World::new(
            kind,
            "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>)",
            [body(Encoding::Bytes)],
        )
        .await;
        let sealed = world.keyring.seal_field(body(Encoding::Text).field(), "secret").unwrap();
        let sealed = String::from_utf8(sealed).unwrap();
        world.sql(&format!("INSERT INTO notes VALUES (1, '{sealed}'), (2, 'env:prod'), (3, 'plain')"));
        let report = decrypt(&world, "notes", &Plan::new()).await;
        assert_eq!((report.changed, report.failed, report.remaining), (1, 1, Some(1)), "{kind:?} {report:?}");
        assert_eq!(report.failures[0].row, "2");
        assert_eq!(world.stored("notes", "body", "id")[0], b"secret", "{kind:?}");
    }
}

/// Plaintext as an importer gives it.
#[derive(Debug)]
struct Given(&'static [u8]);

impl Import for Given {
    fn open(&self, _: &[u8]) -> Result<PlaintextBytes, ImportError> {
        Ok(self.0.to_vec().into())
    }
}

#[tokio::test]
async fn imported_plaintext_has_to_be_of_the_columns_type() {
    for kind in KINDS {
        for (plaintext, given) in [
            (PlaintextKind::AnyInteger, b"42".as_slice()),
            (PlaintextKind::AnyInteger, b"nine".as_slice()),
            (PlaintextKind::Text, b"\xff\xfe".as_slice()),
            (PlaintextKind::CalendarDate, b"2024-02-29".as_slice()),
            (PlaintextKind::JsonText, b"{".as_slice()),
        ] {
            let table = "CREATE TABLE things (id INT PRIMARY KEY, sealed <bytes>)";
            let world = World::new(kind, table, [thing(plaintext)]).await;
            world.sql("INSERT INTO things VALUES (1, 'foreign')");
            let plan = Plan::new().import("sealed", Given(given));
            let report = world.operations.reencrypt("things", &plan, &RunOptions::new()).await.unwrap();
            assert_eq!((report.changed, report.failed), (0, 1), "{kind:?} {plaintext:?} {report:?}");
            assert_eq!(report.remaining, Some(1));
            assert_eq!(world.stored("things", "sealed", "id")[0], b"foreign");
        }
    }
}
