//: a lookup cannot be bound as one value: `Sqlite` has no arrays
//: write `QueryBuilder` and `push_lookup`, or bind `lookup.one()?` where the query says `= ?`

use envelope_sqlx::Encrypted;
use sqlx::{Sqlite, query::Query};

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub email: String,
}

fn main() {
    let query: Query<'_, Sqlite, _> = sqlx::query("SELECT * FROM users WHERE email = ?");
    let _ = query.bind(User::EMAIL.lookup("ada@example.com").unwrap());
}
