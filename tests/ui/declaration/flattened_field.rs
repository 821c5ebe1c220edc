//: an encrypted field is one column, which `flatten` is not; remove one of the two

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    #[sqlx(flatten)]
    pub email: String,
}

fn main() {}
