//: rows in plaintext can be read and never written; write `plaintext = "read"`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(plaintext = "write")]
    pub email: String,
}

fn main() {}
