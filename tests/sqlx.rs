//! SQLx on SQLite, PostgreSQL and MariaDB: one suite, compiled for each of them. `./tests/run sqlx` starts the servers.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]
#![expect(clippy::duplicate_mod, reason = "one suite for each database")]

#[path = "sqlx/keys.rs"]
mod keys;
#[path = "sqlx/shared.rs"]
mod shared;
#[path = "sqlx/tampered.rs"]
mod tampered;
#[path = "sqlx/world.rs"]
mod world;

/// The suite for one database.
macro_rules! database {
    ($name:ident: $database:ty, $diesel:ty, $bytes:literal, $indexed:literal, $placeholder:expr $(, $own:item)*) => {
        #[path = "sqlx"]
        mod $name {
            pub(crate) type Db = $database;
            pub(crate) type DieselConnection = $diesel;
            pub(crate) const KIND: envelope_tests::database::Kind = <$database as crate::world::Named>::KIND;
            /// The type of encrypted columns that are not indexed.
            pub(crate) const BYTES: &str = $bytes;
            /// The type of those that are.
            pub(crate) const INDEXED: &str = $indexed;

            /// SQL with a `?` for each parameter, as the database writes them.
            pub(crate) fn sql(text: &str) -> sqlx::AssertSqlSafe<String> {
                sqlx::AssertSqlSafe(crate::world::placeholders(text, $placeholder))
            }

            /// SQL as `QueryBuilder` writes it, from the form that SQLite and MySQL have.
            pub(crate) fn shown(text: &str) -> String {
                let quote = if matches!(KIND, envelope_tests::database::Kind::Postgres) { "\"" } else { "`" };
                crate::world::placeholders(&text.replace('`', quote), $placeholder)
            }

            mod ahead;
            mod any;
            mod attribute;
            mod both;
            mod explain;
            mod fixture;
            mod placed;
            mod read;
            mod refused;
            mod runtimes;
            mod scopes;
            mod sea;
            mod search;
            mod tamper;
            mod types;
            mod values;
            mod write;
            $($own)*
        }
    };
}

database!(sqlite: sqlx::Sqlite, diesel::SqliteConnection, "BLOB", "BLOB", |_| "?".to_owned());
database!(
    postgres: sqlx::Postgres, diesel::PgConnection, "BYTEA", "BYTEA", |n| format!("${n}"),
    mod arrays;,
    mod query;,
    use envelope_query_postgres as queries;,
    fn candidates<C>(lookup: envelope_sqlx::Lookup<C>) -> envelope_sqlx::Lookup<C> {
        lookup
    }
);
database!(
    mysql: sqlx::MySql, diesel::MysqlConnection, "BLOB", "VARBINARY(255)", |_| "?".to_owned(),
    mod query;,
    use envelope_query_mysql as queries;,
    fn candidates<C: envelope_core::SearchableColumn>(lookup: envelope_sqlx::Lookup<C>) -> [envelope_sqlx::Sealed<C>; 2] {
        lookup.array().unwrap()
    }
);
