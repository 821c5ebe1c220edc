//: `deterministic` takes no value; write `#[encrypt(deterministic)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic = true)]
    pub email: String,
}

fn main() {}
