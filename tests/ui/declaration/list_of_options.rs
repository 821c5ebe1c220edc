//: a `Vec` of `Option<String>` has no plaintext encoding
//: for a list of anything else use `Json<Vec<…>>`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub value: Vec<Option<String>>,
}

fn main() {}
