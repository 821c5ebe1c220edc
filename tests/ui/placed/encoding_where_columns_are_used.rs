//: `User` declares this column; remove `encoding` here

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
#[encrypt(columns = User)]
pub struct Name {
    #[encrypt(encoding = "text")]
    pub name: String,
}

fn main() {}
