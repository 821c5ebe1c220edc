//: `id` is named twice; keep one

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", bind = (id, id))]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}
fn main() {}
