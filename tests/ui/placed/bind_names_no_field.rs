//: `bind` names the field of the row's id, and there is no field `id`; a struct without it cannot read or write these columns

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "docs", bind = id)]
pub struct Doc {
    pub id: i64,
    #[encrypt]
    pub body: String,
}

#[derive(Encrypted)]
#[encrypt(columns = Doc, bind = id)]
pub struct Body {
    #[encrypt]
    pub body: String,
}

fn main() {}
