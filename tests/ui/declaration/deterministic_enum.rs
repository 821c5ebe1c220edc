//: `Status` has too few distinct values
//: accept the leak with `#[encrypt(deterministic, allow_low_cardinality)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub status: Status,
}

#[derive(envelope_sqlx::Plaintext)]
pub enum Status {
    Active,
    Deleted,
}

fn main() {}
