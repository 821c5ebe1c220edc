//: a derived `FromRow` knows no `defualt` on a field; write `rename`, `default`, `flatten`, `skip`, `try_from` or `json`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    #[sqlx(defualt)]
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
