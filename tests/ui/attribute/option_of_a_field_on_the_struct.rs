//: `deterministic` has no meaning on a struct
//: write `#[encrypt(deterministic)]` on a field

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", deterministic)]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
