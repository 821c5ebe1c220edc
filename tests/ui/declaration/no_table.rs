//: name the table: `#[encrypt(table = "user_accounts")]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
pub struct UserAccount {
    #[encrypt]
    pub email: String,
}

fn main() {}
