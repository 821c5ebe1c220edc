//: the encrypted column `UserNote` is randomized and cannot be compared or searched
//: mark the field `#[encrypt(deterministic)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub note: Option<String>,
}

fn main() {
    let _ = User::NOTE.lookup("likes tea");
}
