//! Plaintext columns of every type, encrypted into columns of their own, and back.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use envelope_core::{DeclaredColumn, FromPlaintext, PlaintextKind};
use envelope_sqlx::ops::{Plan, RunOptions, Sample};

use crate::world::{KINDS, Kind, World, randomized};

/// Column, kind, its types in SQLite, PostgreSQL and MariaDB, a value as SQL.
type Case = (&'static str, PlaintextKind, [&'static str; 3], &'static str);

const CASES: [Case; 13] = [
    (
        "a_text",
        PlaintextKind::Text,
        ["TEXT", "VARCHAR(40)", "VARCHAR(40) CHARACTER SET utf8mb4"],
        "'Ünï ''quoted'' 字'",
    ),
    ("an_int", PlaintextKind::AnyInteger, ["INTEGER", "INT", "BIGINT UNSIGNED"], "0"),
    ("a_big", PlaintextKind::AnyInteger, ["BIGINT", "BIGINT", "BIGINT"], "-9223372036854775808"),
    ("a_bool", PlaintextKind::Boolean, ["BOOLEAN", "BOOLEAN", "BOOLEAN"], "TRUE"),
    ("a_float", PlaintextKind::Float64, ["REAL", "DOUBLE PRECISION", "DOUBLE"], "0.1"),
    ("a_single", PlaintextKind::Float32, ["REAL", "REAL", "FLOAT"], "0.5"),
    ("a_date", PlaintextKind::CalendarDate, ["DATE", "DATE", "DATE"], "'1962-02-18'"),
    ("a_time", PlaintextKind::TimeOfDay, ["TIME", "TIME", "TIME(6)"], "'23:59:58.000001'"),
    (
        "date_and_time",
        PlaintextKind::DateAndTime,
        ["DATETIME", "TIMESTAMP", "DATETIME(6)"],
        "'2024-02-29 12:30:00.5'",
    ),
    (
        "at",
        PlaintextKind::PointInTime,
        ["TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMP(6) NULL"],
        "'2024-02-29 12:30:00'",
    ),
    (
        "an_id",
        PlaintextKind::UuidBytes,
        ["TEXT", "UUID", "CHAR(36)"],
        "'67e55044-10b1-426f-9247-bb680e5fe0c8'",
    ),
    ("price", PlaintextKind::DecimalNumber, ["TEXT", "NUMERIC(10,2)", "DECIMAL(10,2)"], "'1.50'"),
    ("doc", PlaintextKind::JsonText, ["TEXT", "JSONB", "JSON"], "'{\"a b\": [1, \"x  y\", null]}'"),
];

fn columns() -> Vec<DeclaredColumn> {
    let column = |(name, kind, ..): &Case| {
        let sealed: &'static str = format!("{name}_enc").leak();
        let context: &'static str = format!("things.{name}").leak();
        DeclaredColumn::new(randomized("things", sealed, context), *kind)
    };
    CASES.iter().map(column).collect()
}

fn plan() -> Plan {
    CASES.iter().fold(Plan::new(), |plan, (name, ..)| plan.plaintext_in(format!("{name}_enc"), *name))
}

async fn things(kind: Kind) -> World {
    let of = |(name, _, types, _): &Case| format!("{name} {}, {name}_enc <bytes>", types[kind as usize]);
    let table = CASES.iter().map(of).collect::<Vec<_>>().join(", ");
    let world =
        World::new(kind, &format!("CREATE TABLE things (id INT PRIMARY KEY, {table})"), columns()).await;
    if kind == Kind::Postgres {
        world.sql("SET TIME ZONE 'UTC'");
    }
    let names = CASES.map(|(name, ..)| name).join(", ");
    let at = |value: &str| match (kind, value) {
        (Kind::Postgres, "'2024-02-29 12:30:00'") => "'2024-02-29 12:30:00+00'".to_owned(),
        (Kind::Mysql, "'2024-02-29 12:30:00'") => "FROM_UNIXTIME(1709209800)".to_owned(),
        _ => value.to_owned(),
    };
    let values = CASES.map(|(.., value)| at(value)).join(", ");
    world.sql(&format!("INSERT INTO things (id, {names}) VALUES (1, {values})"));
    world.sql("INSERT INTO things (id) VALUES (2)");
    world
}

fn opened<P: FromPlaintext>(world: &World, column: &str) -> P {
    let declared = columns().into_iter().find(|declared| declared.field().name().column() == column).unwrap();
    let stored = &world.stored("things", column, "id")[0];
    world.keyring.open_field(declared.field(), stored).unwrap()
}

#[tokio::test]
async fn each_type_is_encrypted_as_the_model_would() {
    for kind in KINDS {
        let world = things(kind).await;
        let report = world.encrypt("things", &plan()).await;
        assert_eq!(
            (report.found, report.changed, report.failed, report.remaining),
            (1, 1, 0, Some(0)),
            "{kind:?}: {:?}",
            report.failures
        );
        assert_eq!(opened::<String>(&world, "a_text_enc"), "Ünï 'quoted' 字");
        assert_eq!(opened::<i32>(&world, "an_int_enc"), 0);
        assert_eq!(opened::<i64>(&world, "a_big_enc"), i64::MIN);
        assert!(opened::<bool>(&world, "a_bool_enc"));
        assert!((opened::<f64>(&world, "a_float_enc") - 0.1).abs() < f64::MIN_POSITIVE);
        assert!((opened::<f32>(&world, "a_single_enc") - 0.5).abs() < f32::MIN_POSITIVE);
        assert_eq!(opened::<NaiveDate>(&world, "a_date_enc").to_string(), "1962-02-18");
        assert_eq!(opened::<NaiveTime>(&world, "a_time_enc").to_string(), "23:59:58.000001");
        assert_eq!(
            opened::<NaiveDateTime>(&world, "date_and_time_enc").to_string(),
            "2024-02-29 12:30:00.500"
        );
        assert_eq!(opened::<DateTime<Utc>>(&world, "at_enc").timestamp(), 1_709_209_800, "{kind:?}");
        assert_eq!(
            opened::<uuid::Uuid>(&world, "an_id_enc").to_string(),
            "67e55044-10b1-426f-9247-bb680e5fe0c8"
        );
        assert_eq!(opened::<rust_decimal::Decimal>(&world, "price_enc").to_string(), "1.50");
        assert_eq!(opened::<serde_json::Value>(&world, "doc_enc")["a b"][1], "x  y");
        // NULL stays NULL, and 0 and false are values.
        assert!(world.stored("things", "an_int_enc", "id")[1].is_empty());
        let drill = world.operations.verify("things", Sample::All, &RunOptions::new()).await.unwrap();
        assert!(drill.is_green(), "{drill:?}");
    }
}

#[tokio::test]
async fn each_type_comes_back() {
    for kind in KINDS {
        let world = things(kind).await;
        world.encrypt("things", &plan()).await;
        let before: Vec<_> = CASES.iter().map(|(name, ..)| world.stored("things", name, "id")).collect();
        let cleared = CASES.map(|(name, ..)| format!("{name} = NULL")).join(", ");
        world.sql(&format!("UPDATE things SET {cleared}"));
        let report = world.operations.decrypt_table("things", &plan(), &RunOptions::new()).await.unwrap();
        assert_eq!(
            (report.changed, report.failed, report.remaining),
            (1, 0, Some(0)),
            "{kind:?}: {:?}",
            report.failures
        );
        for ((name, declared, ..), before) in CASES.iter().zip(before) {
            let mut after = world.stored("things", name, "id");
            let mut before = before;
            if matches!(
                declared,
                PlaintextKind::JsonText | PlaintextKind::DateAndTime | PlaintextKind::PointInTime
            ) {
                // SQLite has them as text, in which the same value can be written in several ways.
                for stored in [&mut before, &mut after].into_iter().flatten() {
                    let text = String::from_utf8_lossy(stored).replace([' ', 'T'], "");
                    let text = text.trim_end_matches("+00:00").trim_end_matches('0').to_owned();
                    *stored = text.into_bytes();
                }
            }
            assert_eq!(after, before, "{kind:?}: {name}");
        }
    }
}

#[tokio::test]
async fn what_is_not_of_its_type_is_told() {
    let column = |kind| DeclaredColumn::new(randomized("things", "sealed", "things.sealed"), kind);
    let cases = [
        (PlaintextKind::CalendarDate, "'31.12.1999'", "not a date"),
        (PlaintextKind::UuidBytes, "'secret-id'", "not a UUID"),
        (PlaintextKind::AnyInteger, "'1.5'", "not an integer"),
        (PlaintextKind::JsonText, "'{'", "not JSON"),
        (PlaintextKind::Boolean, "'maybe'", "not a boolean"),
        (PlaintextKind::Address, "'10.0.0.0/8'", "a network"),
    ];
    for (kind, value, cause) in cases {
        let table = "CREATE TABLE things (id INT PRIMARY KEY, plain <text>, sealed <bytes>)";
        let world = World::new(Kind::Postgres, table, [column(kind)]).await;
        world.sql(&format!("INSERT INTO things VALUES (1, {value}, NULL)"));
        let report = world.encrypt("things", &Plan::new().plaintext_in("sealed", "plain")).await;
        assert_eq!((report.changed, report.failed, report.remaining), (0, 1, Some(1)));
        assert!(report.failures[0].cause.contains(cause), "{}", report.failures[0].cause);
        assert!(!report.failures[0].cause.contains(value.trim_matches('\'')));
    }
}
