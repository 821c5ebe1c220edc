//! A table of users in a database of its own.

use envelope_sqlx::Encrypted;
use envelope_tests::database::Database;
use sqlx::Pool;

use super::{BYTES, Db, KIND};

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
}

impl User {
    pub(crate) fn new(id: i64) -> Self {
        let note = (id % 3 != 0).then(|| format!("note {id}"));
        Self { id, email: format!("{id}@example.com"), name: format!("name {id}"), note }
    }
}

/// A database and connections to it.
pub(crate) struct Fixture {
    pub(crate) pool: Pool<Db>,
    // Dropped after the connections.
    _database: Database,
}

/// With an empty table `users`.
pub(crate) async fn fixture() -> Fixture {
    let database = Database::new(KIND);
    database.sql(&format!(
        "CREATE TABLE users (id BIGINT PRIMARY KEY, email {} NOT NULL UNIQUE, name {BYTES} NOT NULL, note {BYTES})",
        if BYTES == "BLOB" { "VARBINARY(255)" } else { BYTES },
    ));
    let pool = Pool::<Db>::connect(database.url()).await.unwrap();
    Fixture { pool, _database: database }
}

impl Fixture {
    /// Stores users, with the keyring in force.
    pub(crate) async fn insert(&self, users: impl IntoIterator<Item = User>) {
        let users: Vec<_> = users.into_iter().collect();
        for users in users.chunks(500) {
            let mut query = sqlx::QueryBuilder::<Db>::new("INSERT INTO users (id, email, name, note) ");
            query.push_values(users, |mut row, user| {
                row.push_bind(user.id)
                    .push_bind(User::EMAIL.seal(&user.email).unwrap())
                    .push_bind(User::NAME.seal(&user.name).unwrap())
                    .push_bind(User::NOTE.seal(&user.note).unwrap());
            });
            query.build().execute(&self.pool).await.unwrap();
        }
    }
}
