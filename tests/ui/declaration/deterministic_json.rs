//: cannot be searched: equal values of this type may have different bytes
//: a column of its own for what is searched in JSON

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic, allow_low_cardinality)]
    pub value: serde_json::Value,
}

fn main() {}
