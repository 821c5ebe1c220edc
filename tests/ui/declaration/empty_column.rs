//: a column has a name: `#[encrypt(column = "email")]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(column = "")]
    pub email: String,
}

fn main() {}
