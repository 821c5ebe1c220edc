//: `table` has no meaning on a field
//: on a struct

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(table = "users")]
    pub email: String,
}

fn main() {}
