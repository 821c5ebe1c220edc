//: a derived `FromRow` knows no `default` on a struct; write `#[sqlx(default)]` on the fields that a query may leave out

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
#[sqlx(default)]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
