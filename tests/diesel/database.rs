//! A database of its own for each test, which is dropped with it.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use diesel::{
    Connection as _, MysqlConnection, PgConnection, SqliteConnection, connection::SimpleConnection,
};
use tempfile::TempDir;

use crate::model::TABLES;

/// One test's database, with empty tables.
pub(crate) struct Database {
    pub(crate) url: String,
    place: Place,
}

enum Place {
    File {
        _folder: TempDir,
    },
    /// A schema of PostgreSQL's, a database of MySQL's.
    Server {
        drop: String,
        kind: Kind,
    },
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    Mysql,
}

impl Database {
    pub(crate) fn new(kind: Kind) -> Self {
        let database = Self::without_tables(kind);
        let (id, bytes) = match kind {
            Kind::Sqlite => ("INTEGER PRIMARY KEY", "BLOB"),
            Kind::Postgres => ("SERIAL PRIMARY KEY", "BYTEA"),
            Kind::Mysql => ("INTEGER PRIMARY KEY AUTO_INCREMENT", "VARBINARY(255)"),
        };
        if kind == Kind::Sqlite {
            // Readers and a writer side by side.
            database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
        }
        database.run(&TABLES.replace("{id}", id).replace("{bytes}", bytes));
        database
    }

    fn without_tables(kind: Kind) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("diesel_{}_{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = folder.path().join("test.sqlite").to_str().unwrap().to_owned();
                Self { url, place: Place::File { _folder: folder } }
            }
            Kind::Postgres => {
                let url = server(kind);
                execute(kind, &url, &format!("CREATE SCHEMA {name}"));
                let drop = format!("SET client_min_messages TO warning; DROP SCHEMA {name} CASCADE");
                Self {
                    url: format!("{url}?options=-csearch_path%3D{name}"),
                    place: Place::Server { drop, kind },
                }
            }
            Kind::Mysql => {
                let url = server(kind);
                execute(kind, &url, &format!("CREATE DATABASE {name}"));
                let drop = format!("DROP DATABASE {name}");
                Self { url: format!("{url}/{name}"), place: Place::Server { drop, kind } }
            }
        }
    }

    const fn kind(&self) -> Kind {
        match self.place {
            Place::File { .. } => Kind::Sqlite,
            Place::Server { kind, .. } => kind,
        }
    }

    /// Runs SQL that knows nothing of encryption.
    pub(crate) fn run(&self, statements: &str) {
        execute(self.kind(), &self.url, statements);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Place::Server { drop, kind } = &self.place {
            execute(*kind, &server(*kind), drop);
        }
    }
}

/// The URL of a server that `tests/run` started.
fn server(kind: Kind) -> String {
    let (variable, database) = match kind {
        Kind::Postgres => ("TEST_POSTGRES_URL", "/postgres"),
        _ => ("TEST_MYSQL_URL", ""),
    };
    let url = env::var(variable).unwrap_or_else(|_| panic!("no {variable}: `./tests/run diesel` sets it"));
    format!("{url}{database}")
}

fn execute(kind: Kind, url: &str, statements: &str) {
    match kind {
        Kind::Sqlite => SqliteConnection::establish(url).unwrap().batch_execute(statements),
        Kind::Postgres => PgConnection::establish(url).unwrap().batch_execute(statements),
        Kind::Mysql => MysqlConnection::establish(url).unwrap().batch_execute(statements),
    }
    .unwrap();
}
