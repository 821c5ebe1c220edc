//: `f64` has too few distinct values, or no exact equality

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub weight: f64,
}

fn main() {}
