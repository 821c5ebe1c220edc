//: a `Vec` of `Vec<String>` has no plaintext encoding

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub value: Vec<Vec<String>>,
}

fn main() {}
