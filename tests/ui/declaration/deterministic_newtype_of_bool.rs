//: `bool` has too few distinct values
//: required for `Vip` to implement
//: accept the leak with `#[encrypt(deterministic, allow_low_cardinality)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub vip: Vip,
}

#[derive(envelope_sqlx::Plaintext)]
pub struct Vip(bool);

fn main() {}
