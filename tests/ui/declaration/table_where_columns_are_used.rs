//: `User` names the table; remove `table` here

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic)]
    pub email: String,
}

#[derive(Encrypted)]
#[encrypt(columns = User, table = "users")]
pub struct NewUser {
    #[encrypt]
    pub email: String,
}

fn main() {}
