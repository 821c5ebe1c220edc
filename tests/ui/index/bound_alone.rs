//: the encrypted column `UserEmail` has an index, which is written with it
//: `.bind_indexed(User::EMAIL.indexed(value)?)`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = email_index, normalize = "email"))]
    email: String,
    #[encrypt(index(column = name_start, prefix = 3))]
    name: String,
}

fn main() {
    let _ = sqlx::query::<sqlx::Sqlite>("UPDATE users SET email = ?").bind(User::EMAIL.bind("ada@example.com"));
}
