//: has too few distinct values, or no exact equality, for deterministic encryption
//: `DateTime<Utc>` or `UtcDateTime` for a time with an offset

use envelope_sqlx::Encrypted;
use chrono::{DateTime, FixedOffset};

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub value: DateTime<FixedOffset>,
}

fn main() {}
