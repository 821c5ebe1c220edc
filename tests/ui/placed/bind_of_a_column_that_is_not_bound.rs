//: values of the encrypted column `UserName` are not bound to their row
//: remove `bind` here, or bind the column where it is declared

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt]
    pub name: String,
}

#[derive(Encrypted)]
#[encrypt(columns = User, bind = id)]
pub struct Name {
    pub id: i64,
    #[encrypt]
    pub name: String,
}

fn main() {}
