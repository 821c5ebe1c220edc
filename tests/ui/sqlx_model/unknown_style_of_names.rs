//: write one of `snake_case`, `lowercase`, `UPPERCASE`, `camelCase`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
#[sqlx(rename_all = "cammelCase")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
