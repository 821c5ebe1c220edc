//: `columns` is written like this: `#[encrypt(columns = User)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(columns = "User")]
pub struct NewUser {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
