//: a row without a tenant has no keys: write the type without `Option`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", tenant = org_id)]
pub struct User {
    pub id: i64,
    pub org_id: Option<String>,
    #[encrypt]
    pub name: String,
}
fn main() {}
