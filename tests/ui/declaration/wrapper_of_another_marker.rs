//: the marker of this field is `UserEmail`; write `Encrypted<UserEmail>`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(type = String)]
    pub email: envelope_sqlx::Encrypted<UserPhone>,
    #[encrypt]
    pub phone: String,
}

fn main() {}
