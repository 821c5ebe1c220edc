//! Tables in a database of a test's own.

use envelope_tests::database::{Database, Kind};

use crate::model::TABLES;

/// A database with the suite's tables, which are empty.
pub(crate) fn with_tables(kind: Kind) -> Database {
    create(kind, TABLES)
}

/// A database with tables, in whose SQL `{id}`, `{bytes}` and `{text}` stand for what each database calls those. Names may be in backquotes.
pub(crate) fn create(kind: Kind, tables: &str) -> Database {
    let (id, bytes, text) = match kind {
        Kind::Sqlite => ("INTEGER PRIMARY KEY", "BLOB", "TEXT"),
        Kind::Postgres => ("SERIAL PRIMARY KEY", "BYTEA", "TEXT"),
        Kind::Mysql => (
            "INTEGER PRIMARY KEY AUTO_INCREMENT",
            "VARBINARY(255)",
            "VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin",
        ),
    };
    let database = Database::new(kind);
    if kind == Kind::Sqlite {
        // Readers and a writer side by side.
        database.sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    }
    let quote = if kind == Kind::Mysql { "`" } else { "\"" };
    let types = tables.replace("{id}", id).replace("{bytes}", bytes).replace("{text}", text);
    database.sql(&types.replace('`', quote));
    database
}
