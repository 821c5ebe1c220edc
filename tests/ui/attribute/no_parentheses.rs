//: options stand in parentheses: `#[encrypt(…)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt = "deterministic"]
    pub email: String,
}

fn main() {}
