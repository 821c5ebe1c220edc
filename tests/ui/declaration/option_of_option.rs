//: write one `Option`
//: `#[encrypt(columns = …)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub note: Option<Option<String>>,
}

fn main() {}
