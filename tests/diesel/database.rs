//! The suite's tables in a database of a test's own.

use envelope_tests::database::{Database, Kind};

use crate::model::TABLES;

/// A database with empty tables.
pub(crate) fn with_tables(kind: Kind) -> Database {
    let (id, bytes) = match kind {
        Kind::Sqlite => ("INTEGER PRIMARY KEY", "BLOB"),
        Kind::Postgres => ("SERIAL PRIMARY KEY", "BYTEA"),
        Kind::Mysql => ("INTEGER PRIMARY KEY AUTO_INCREMENT", "VARBINARY(255)"),
    };
    let database = Database::new(kind);
    if kind == Kind::Sqlite {
        // Readers and a writer side by side.
        database.sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    }
    database.sql(&TABLES.replace("{id}", id).replace("{bytes}", bytes));
    database
}
