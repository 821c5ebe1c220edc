//: `Decimal` cannot be searched: equal values of this type may have different bytes

use envelope_sqlx::Encrypted;
use rust_decimal::Decimal;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic, allow_low_cardinality)]
    pub value: Price,
}

#[derive(envelope_sqlx::Plaintext)]
pub struct Price(Decimal);

fn main() {}
