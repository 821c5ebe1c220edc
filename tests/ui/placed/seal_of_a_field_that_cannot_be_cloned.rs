//: the trait bound `Number: Clone` is not satisfied

pub struct Number(i64);

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", sealed)]
pub struct User {
    pub id: Number,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}
fn main() {
    let keyring = envelope_core::testing::keyring();
    let user = User { id: Number(1), org_id: String::new(), name: String::new() };
    let _ = user.seal(&keyring);
}
