//: `bind` names the fields of the row's id: `#[encrypt(bind = id)]`, or `#[encrypt(bind = (org_id, id))]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", bind = "id")]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}
fn main() {}
