//: a field is encrypted by `#[encrypt]` above it

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
