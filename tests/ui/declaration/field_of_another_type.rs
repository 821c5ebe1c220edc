//: `<UserEmail as Column>::Plain == i64`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub email: String,
}

#[derive(Encrypted)]
#[encrypt(columns = User)]
pub struct UserEmailOnly {
    #[encrypt]
    pub email: i64,
}

fn main() {}
