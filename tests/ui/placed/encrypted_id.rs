//: the row's id is read before anything is opened, so it cannot be encrypted; name a plain field

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", bind = name)]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}
fn main() {}
