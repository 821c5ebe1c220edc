//: `bool` cannot name the tenant of a row
//: text, integers and UUIDs name a tenant; for a type of your own implement `TenantId`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", tenant = org_id)]
pub struct User {
    pub id: i64,
    pub org_id: bool,
    #[encrypt]
    pub name: String,
}
fn main() {}
