//: `Address` has no plaintext encoding
//: add `#[derive(Plaintext)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub address: Address,
}

pub struct Address {
    pub street: String,
    pub city: String,
}

fn main() {}
