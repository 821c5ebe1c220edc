//: `Status` is an enum
//: `#[derive(Plaintext)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
pub enum Status {
    Active,
    Deleted,
}

fn main() {}
