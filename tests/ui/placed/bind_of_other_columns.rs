//: `bind` names other columns here than where the encrypted column is declared; write the same

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "docs", bind = id)]
pub struct Doc {
    pub id: i64,
    #[encrypt]
    pub body: String,
}

#[derive(Encrypted)]
#[encrypt(columns = Doc, bind = number)]
pub struct Body {
    pub number: i64,
    #[encrypt]
    pub body: String,
}

fn main() {}
