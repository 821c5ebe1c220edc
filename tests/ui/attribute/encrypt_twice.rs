//: `#[encrypt]` stands here twice; keep one

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    #[encrypt]
    pub email: String,
}

fn main() {}
