//: `context` is given twice; keep one

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(context = "email", context = "mail")]
    pub email: String,
}

fn main() {}
