//: expected an option: `name`, or `name = value`, separated by commas

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic context = "email")]
    pub email: String,
}

fn main() {}
