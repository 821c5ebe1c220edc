//: `Decimal` has too few distinct values, or no exact equality, for deterministic encryption
//: an integer of the smallest unit for a decimal

use envelope_sqlx::Encrypted;
use rust_decimal::Decimal;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub value: Decimal,
}

fn main() {}
