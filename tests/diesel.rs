//! Diesel on SQLite, PostgreSQL and MariaDB: one suite, compiled for each of them. `./tests/run diesel` starts the servers.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]
#![expect(clippy::duplicate_mod, reason = "one suite for each backend")]

#[path = "diesel/database.rs"]
mod database;
#[path = "diesel/keys.rs"]
mod keys;
#[path = "diesel/model.rs"]
mod model;
#[expect(unnameable_types, reason = "the guide's models are public")]
#[path = "diesel/cli/models.rs"]
mod models;
#[path = "diesel/multi.rs"]
mod multi;
#[path = "diesel/places.rs"]
mod places;
#[path = "diesel/scalars.rs"]
mod scalars;
#[cfg(feature = "newest")]
#[path = "diesel/typed.rs"]
mod typed;

/// The application of `docs/diesel-cli.md` has one backend.
use sqlite::schema;

/// The suite for one backend, with what only some of them can.
macro_rules! backend {
    ($name:ident: $connection:ty, $asynchronous:ty, $backend:ty, $kind:ident; $($file:literal $own:ident)*) => {
        #[path = "diesel"]
        mod $name {
            pub(crate) type Connection = $connection;
            #[cfg(feature = "newest")]
            pub(crate) type AsyncConnection = $asynchronous;
            pub(crate) type DB = $backend;
            pub(crate) const KIND: envelope_tests::database::Kind = envelope_tests::database::Kind::$kind;

            #[cfg(feature = "newest")]
            mod asynchronous;
            mod cli;
            mod ddl;
            mod explain;
            mod expressions;
            pub(crate) mod fixture;
            mod placed;
            #[cfg(feature = "newest")]
            mod pools;
            mod query;
            mod read;
            mod redacted;
            mod refused;
            mod rotation;
            mod snapshot;
            mod structs;
            mod tenants;
            mod text;
            #[cfg(feature = "newest")]
            mod types;
            mod update;
            mod values;
            mod wrapper;
            mod write;
            $(#[path = $file] pub(crate) mod $own;)*
        }
    };
}

backend! {
    sqlite: diesel::SqliteConnection, diesel_async::sync_connection_wrapper::SyncConnectionWrapper<diesel::SqliteConnection>, diesel::sqlite::Sqlite, Sqlite;
    "cli/sqlite/schema.rs" schema
    "cli/patch.rs" patch
    "replace.rs" replace
    "returning.rs" returning
    "on_conflict.rs" upsert
}

backend! {
    postgres: diesel::PgConnection, diesel_async::AsyncPgConnection, diesel::pg::Pg, Postgres;
    "cli/postgres/schema.rs" schema
    "returning.rs" returning
    "on_conflict.rs" upsert
}

backend! {
    mysql: diesel::MysqlConnection, diesel_async::AsyncMysqlConnection, diesel::mysql::Mysql, Mysql;
    "cli/mysql/schema.rs" schema
    "cli/patch.rs" patch
    "on_duplicate_key.rs" upsert
    "replace.rs" replace
}
