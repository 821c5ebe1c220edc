//! Search beyond equality, by Diesel and by SQLx, on SQLite, PostgreSQL and MariaDB. `./tests/run search` starts the servers.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]
#![expect(clippy::duplicate_mod, reason = "one suite for each database")]

#[path = "search/model.rs"]
mod model;
#[path = "search/people.rs"]
mod people;

/// The suite for one database.
macro_rules! database {
    ($name:ident: $database:ty, $connection:ty, $kind:ident, $placeholder:expr) => {
        #[path = "search"]
        mod $name {
            pub(crate) type Db = $database;
            pub(crate) type Connection = $connection;
            pub(crate) const KIND: envelope_tests::database::Kind = envelope_tests::database::Kind::$kind;

            /// SQL with a `?` for each parameter, as the database writes them.
            pub(crate) fn sql(text: &str) -> sqlx::AssertSqlSafe<String> {
                sqlx::AssertSqlSafe(crate::people::placeholders(text, $placeholder))
            }

            mod fixture;
            mod placed;
            mod plain_twin;
            mod step;
            mod unique;
        }
    };
}

database!(sqlite: sqlx::Sqlite, diesel::SqliteConnection, Sqlite, |_| "?".to_owned());
database!(postgres: sqlx::Postgres, diesel::PgConnection, Postgres, |n| format!("${n}"));
database!(mysql: sqlx::MySql, diesel::MysqlConnection, Mysql, |_| "?".to_owned());
