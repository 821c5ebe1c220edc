//: `Uuid` has no plaintext encoding
//: turn on the feature of that name

use envelope_sqlx::Encrypted;
use uuid::Uuid;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub value: Uuid,
}

fn main() {}
