//: `tenant` names the field of the row's tenant, and there is no field `org`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", tenant = org)]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}
fn main() {}
