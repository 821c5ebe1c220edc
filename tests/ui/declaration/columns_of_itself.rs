//: `columns` names another struct, which declares the columns; remove it here

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(columns = User)]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
