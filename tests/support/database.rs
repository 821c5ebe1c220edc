//! Databases for tests: of their own, empty, and gone afterwards.

use std::{
    env,
    sync::atomic::{AtomicU32, Ordering},
};

use diesel::{
    Connection, MysqlConnection, PgConnection, RunQueryDsl, SqliteConnection, connection::SimpleConnection,
    sql_query, sql_types::Text,
};
use tempfile::TempDir;

/// A kind of database.
#[expect(clippy::exhaustive_enums, reason = "tests are to consider each")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// The server that `./tests/run` started.
    Postgres,
    /// The MariaDB server that `./tests/run` started.
    Mysql,
}

/// One empty database.
#[derive(Debug)]
pub struct Database {
    kind: Kind,
    url: String,
    /// On servers.
    name: String,
    folder: TempDir,
}

impl Database {
    /// A new one.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let name = format!("test_{}_{}", std::process::id(), LAST.fetch_add(1, Ordering::Relaxed));
        let url = match kind {
            Kind::Sqlite => folder.path().join("app.sqlite").display().to_string(),
            Kind::Postgres | Kind::Mysql => {
                administer(kind, &format!("CREATE DATABASE {name}"));
                format!("{}/{name}", server(kind))
            }
        };
        Self { kind, url, name, folder }
    }

    /// Which kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is; of SQLite the path of the file.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A folder for what belongs to it.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Runs statements in it.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub fn try_sql(&self, statements: &str) -> diesel::QueryResult<()> {
        execute(self.kind, &self.url, statements)
    }

    /// Runs statements in it that it takes.
    pub fn sql(&self, statements: &str) {
        self.try_sql(statements).unwrap_or_else(|error| panic!("{:?}: {statements}: {error}", self.kind));
    }

    /// What a query returns whose only column is called `text`.
    #[must_use]
    pub fn texts(&self, query: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let query = sql_query(query);
        let rows = match self.kind {
            Kind::Sqlite => query.load::<Row>(&mut connect::<SqliteConnection>(&self.url)),
            Kind::Postgres => query.load::<Row>(&mut connect::<PgConnection>(&self.url)),
            Kind::Mysql => query.load::<Row>(&mut connect::<MysqlConnection>(&self.url)),
        };
        rows.expect("the query runs").into_iter().map(|row| row.text).collect()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match self.kind {
            Kind::Sqlite => {}
            Kind::Postgres => administer(self.kind, &format!("DROP DATABASE {} WITH (FORCE)", self.name)),
            Kind::Mysql => administer(self.kind, &format!("DROP DATABASE {}", self.name)),
        }
    }
}

fn server(kind: Kind) -> String {
    let variable = if kind == Kind::Postgres { "TEST_POSTGRES_URL" } else { "TEST_MYSQL_URL" };
    env::var(variable).unwrap_or_else(|_| panic!("no {variable}: run the tests by `./tests/run`"))
}

fn administer(kind: Kind, statement: &str) {
    let database = if kind == Kind::Postgres { "postgres" } else { "mysql" };
    execute(kind, &format!("{}/{database}", server(kind)), statement).expect("the server is there");
}

fn connect<C: Connection>(url: &str) -> C {
    C::establish(url).unwrap_or_else(|error| panic!("the database is there: {error}"))
}

fn execute(kind: Kind, url: &str, statements: &str) -> diesel::QueryResult<()> {
    match kind {
        Kind::Sqlite => {
            let mut connection = connect::<SqliteConnection>(url);
            connection.batch_execute("PRAGMA busy_timeout = 5000")?;
            connection.batch_execute(statements)
        }
        Kind::Postgres => connect::<PgConnection>(url).batch_execute(statements),
        Kind::Mysql => connect::<MysqlConnection>(url).batch_execute(statements),
    }
}
