//: `User` declares this column; remove `deterministic` here

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
pub struct NewUser {
    #[encrypt(deterministic)]
    pub email: String,
}

fn main() {}
