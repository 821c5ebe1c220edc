//: UserEmail

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {
    let _ = User::EMAIL.bind(5_i64);
}
