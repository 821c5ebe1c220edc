//: write `#[encrypt(deterministic, allow_low_cardinality)]` or `#[encrypt]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(allow_low_cardinality)]
    pub vip: bool,
}

fn main() {}
