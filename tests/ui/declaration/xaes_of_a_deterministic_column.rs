//: write `#[encrypt(deterministic)]` or `#[encrypt(xaes)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(deterministic, xaes)]
    pub email: String,
}

fn main() {}
