//! A table of users in a database of its own.

use envelope_core::{OpenError, testing};
use envelope_sqlx::Encrypted;
use envelope_tests::database::Database;
use sqlx::Pool;

use super::{BYTES, Db, INDEXED, KIND, sql};

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "users")]
pub(crate) struct User {
    pub(crate) id: i64,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt]
    pub(crate) name: String,
    #[encrypt]
    pub(crate) note: Option<String>,
    pub(crate) is_active: bool,
}

pub(crate) fn ada() -> User {
    let note = Some("likes tea".to_owned());
    User { id: 1, email: "ada@example.com".to_owned(), name: "Ada".to_owned(), note, is_active: true }
}

pub(crate) fn bob() -> User {
    User { id: 2, email: "bob@example.com".to_owned(), name: "Bob".to_owned(), note: None, is_active: false }
}

/// One of many.
pub(crate) fn user(id: i64) -> User {
    let note = (id % 3 != 0).then(|| format!("note {id}"));
    User { id, email: format!("{id}@example.com"), name: format!("name {id}"), note, is_active: true }
}

/// A database and connections to it.
pub(crate) struct Fixture {
    pub(crate) pool: Pool<Db>,
    // Dropped after the connections.
    database: Database,
}

pub(crate) fn create_users() -> String {
    format!(
        "CREATE TABLE users (id BIGINT PRIMARY KEY, email {INDEXED} NOT NULL UNIQUE, name {BYTES} NOT NULL, note {BYTES},
         is_active BOOLEAN NOT NULL)"
    )
}

/// With an empty table `users`.
pub(crate) async fn database() -> Fixture {
    let database = Database::new(KIND);
    database.sql(&create_users());
    let pool = Pool::<Db>::connect(database.url()).await.unwrap();
    Fixture { pool, database }
}

impl Fixture {
    pub(crate) fn url(&self) -> &str {
        self.database.url()
    }

    /// Runs statements by another library, for changes behind SQLx's back.
    pub(crate) fn sql(&self, statements: &str) {
        self.database.sql(statements);
    }
}

pub(crate) async fn insert(pool: &Pool<Db>, user: &User) {
    sqlx::query(sql("INSERT INTO users VALUES (?, ?, ?, ?, ?)"))
        .bind(user.id)
        .bind(User::EMAIL.bind(&user.email))
        .bind(User::NAME.bind(&user.name))
        .bind(User::NOTE.bind(&user.note))
        .bind(user.is_active)
        .execute(pool)
        .await
        .unwrap();
}

/// With the keyring in force.
pub(crate) async fn insert_many(pool: &Pool<Db>, users: impl IntoIterator<Item = User>) {
    let users: Vec<_> = users.into_iter().collect();
    for users in users.chunks(500) {
        let mut query = sqlx::QueryBuilder::<Db>::new("INSERT INTO users ");
        query.push_values(users, |mut row, user| {
            row.push_bind(user.id)
                .push_bind(User::EMAIL.seal(&user.email).unwrap())
                .push_bind(User::NAME.seal(&user.name).unwrap())
                .push_bind(User::NOTE.seal(&user.note).unwrap())
                .push_bind(user.is_active);
        });
        query.build().execute(pool).await.unwrap();
    }
}

pub(crate) async fn all(pool: &Pool<Db>) -> sqlx::Result<Vec<User>> {
    sqlx::query_as("SELECT * FROM users ORDER BY id").fetch_all(pool).await
}

/// The typed error of a value that was not opened.
#[track_caller]
pub(crate) fn open_error<T: core::fmt::Debug>(result: sqlx::Result<T>) -> OpenError {
    match result.unwrap_err() {
        sqlx::Error::ColumnDecode { source, .. } => *source.downcast().unwrap(),
        other => panic!("not an error of decoding: {other:?}"),
    }
}

/// A future with a keyring of its own.
pub(crate) async fn with_keyring<F: Future>(future: F) -> F::Output {
    testing::keyring().scope(future).await
}
