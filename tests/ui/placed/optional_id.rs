//: values are bound to the id, which has to be known before they are sealed; write `i64`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", bind = id)]
pub struct User {
    pub id: Option<i64>,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}
fn main() {}
