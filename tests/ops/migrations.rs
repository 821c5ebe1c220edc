//! The statements that make a column ready: they keep what the column has, and their trigger sees every change and hinders none.

use envelope_core::{
    DeclaredColumn, Encoding, Field, Index, Normalizer, PlaintextKind, PlaintextRows, Take, TermTable,
};
use envelope_sqlx::ops::{Plan, RunOptions};
use sqlx::Executor as _;

use crate::world::{KINDS, Kind, World, deterministic, randomized, text, url};

/// As a client runs a file.
async fn migrate(world: &World, table: &str, plan: &Plan, before: &'static str) -> String {
    let sql = world.operations.migration(table, plan).await.unwrap();
    if world.kind == Kind::Mysql {
        let pool = sqlx::MySqlPool::connect(&url(&world.database)).await.unwrap();
        let mut connection = pool.acquire().await.unwrap();
        connection.execute(sqlx::raw_sql(before)).await.unwrap();
        connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql.clone()))).await.unwrap();
    } else {
        world.sql(&sql);
    }
    sql
}

#[tokio::test]
async fn the_trigger_sees_every_change_and_hinders_none() {
    use PlaintextKind::{Float32, Float64, JsonText, Text};
    for (kind, plaintext, ty, old, new) in [
        (Kind::Postgres, JsonText, "JSON", "{\"a\":1}", "{\"a\":2}"),
        (Kind::Postgres, Text, "TEXT COLLATE caseless", "Ada", "ADA"),
        (Kind::Postgres, Float64, "DOUBLE PRECISION", "0.1", "0.10000000000000002"),
        (Kind::Sqlite, Text, "TEXT COLLATE NOCASE", "Ada", "ADA"),
        (Kind::Mysql, Float32, "FLOAT", "16777215", "16777214"),
        (Kind::Mysql, Float64, "DOUBLE", "0.1", "0.10000000000000002"),
        (Kind::Mysql, Text, "VARCHAR(20) COLLATE utf8mb4_general_ci", "Ada", "ADA"),
    ] {
        let column = DeclaredColumn::new(randomized("things", "sealed", "things.sealed"), plaintext);
        let world = World::new(kind, "CREATE TABLE unrelated (id INT PRIMARY KEY)", [column]).await;
        if kind == Kind::Postgres {
            world.sql("CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        }
        world.sql(&format!("CREATE TABLE things (id INT PRIMARY KEY, other INT, plain {ty})"));
        let plan = Plan::new().plaintext_in("sealed", "plain");
        migrate(&world, "things", &plan, "SELECT 1").await;
        world.sql(&format!("INSERT INTO things (id, plain) VALUES (1, '{old}'), (2, '{old}')"));
        assert_eq!(world.encrypt("things", &plan).await.changed, 2, "{kind:?} {ty}");
        world.sql("UPDATE things SET other = 1");
        world.sql(&format!("UPDATE things SET plain = '{new}' WHERE id = 1"));
        let report = world.encrypt("things", &plan).await;
        assert_eq!((report.changed, report.remaining), (1, Some(0)), "{kind:?} {ty}: {report:?}");
        // It would empty what is decrypted.
        let refused = world.operations.decrypt_table("things", &plan, &RunOptions::new()).await.unwrap_err();
        assert!(refused.to_string().contains("`things_sealed_stale`"), "{kind:?} {refused}");
    }
}

#[tokio::test]
async fn the_column_stays_not_null_and_loses_a_default_of_plaintext() {
    for kind in [Kind::Postgres, Kind::Mysql] {
        let email = text(deterministic("people", "email", "people.email"));
        let table = "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(900) NOT NULL DEFAULT 'nobody@example.com')";
        let world = World::new(kind, table, [email]).await;
        let long = "a".repeat(890);
        world.sql(&format!("INSERT INTO people VALUES (1, '{long}')"));
        // A session that would cut what is too long.
        let sql = migrate(&world, "people", &Plan::new(), "SET SESSION sql_mode = ''").await;
        assert!(sql.contains("DROP DEFAULT"), "{sql}");
        assert!(world.database.try_sql("INSERT INTO people VALUES (2, NULL)").is_err(), "{kind:?}: {sql}");
        assert!(world.database.try_sql("INSERT INTO people (id) VALUES (3)").is_err(), "{kind:?}: {sql}");
        let report = world.encrypt("people", &Plan::new()).await;
        assert_eq!((report.changed, report.failed), (1, 0), "{kind:?} {report:?}");
        assert!(world.stored("people", "email", "id")[0].len() > 890, "{kind:?}");
        if kind == Kind::Mysql {
            assert!(sql.contains("STRICT_ALL_TABLES") && sql.contains("LONGBLOB NOT NULL"), "{sql}");
        }
    }
}

/// What an index needs is made by the same file: its column, or its table.
#[tokio::test]
async fn columns_and_tables_of_terms_are_made() {
    const FIRST: Field = Field::of_index(
        "people",
        "name_start",
        "people.name_start",
        Index::new(Take::Prefix(3)).normalized(&[&[Normalizer::Casefold]]),
    );
    const WORDS: Field = Field::of_index(
        "people_words",
        "term",
        "people_words.name_words",
        Index::new(Take::Words).in_table(TermTable { row: "person_id", of_table: "people", key: "id" }),
    );
    for kind in KINDS {
        for encoding in [Encoding::Bytes, Encoding::Text] {
            let [first, words]: [&'static [Field]; 2] =
                [vec![FIRST.encoding(encoding)].leak(), vec![WORDS.encoding(encoding)].leak()];
            let name = randomized("people", "name", "people.name").encoding(encoding);
            let name = name.plaintext_rows(PlaintextRows::Read).indexed_by(first).with_terms(words);
            let table = "CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR(200))";
            let world = World::new(kind, table, [text(name)]).await;
            world.sql("INSERT INTO people VALUES (1, 'Ada Lovelace')");
            let sql = migrate(&world, "people", &Plan::new(), "SELECT 1").await;
            let report = world.encrypt("people", &Plan::new()).await;
            assert!(report.is_complete() && report.terms.len() == 2, "{kind:?} {sql} {report:?}");
            assert_eq!(world.stored("people_words", "term", "term").len(), 2, "{kind:?}");
            assert!(
                !world.operations.migration("people", &Plan::new()).await.unwrap().contains("people_words")
            );
        }
    }
}
