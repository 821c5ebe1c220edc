//: a sealed field has no default value; remove `default`, or write the type in an `Option`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", sealed)]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt]
    #[sqlx(default)]
    pub name: String,
}
fn main() {}
