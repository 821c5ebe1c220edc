//: no field is encrypted; write `#[encrypt]` above one

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    pub email: String,
}

fn main() {}
