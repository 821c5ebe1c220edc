//: a context has 1 to 255 bytes; remove `context` to bind values to their table and column

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(context = "")]
    pub email: String,
}

fn main() {}
