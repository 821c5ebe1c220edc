//: `Number` has no plaintext encoding

pub struct Number(i64);

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", bind = id)]
pub struct User {
    pub id: Number,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}
fn main() {}
