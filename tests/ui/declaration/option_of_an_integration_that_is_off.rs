//: `no_insert` is for Diesel; remove it, or add `diesel` beside it

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", no_insert)]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
