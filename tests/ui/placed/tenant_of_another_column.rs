//: `tenant` names another column here than where the encrypted column is declared; write the same

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", tenant = org_id)]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}

#[derive(Encrypted)]
#[encrypt(columns = User, tenant = id)]
pub struct Name {
    pub id: i64,
    #[encrypt]
    pub name: String,
}

fn main() {}
