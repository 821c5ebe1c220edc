//: say what is encrypted: `#[encrypt(type = String)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: envelope_sqlx::Encrypted<UserEmail>,
}

fn main() {}
