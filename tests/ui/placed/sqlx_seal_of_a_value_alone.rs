//: a value of the encrypted column `DocBody` cannot be sealed or opened alone
//: `RowBound`: it is bound to its row, and needs the row's id: read and write whole structs that have the id

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "docs", bind = id)]
pub struct Doc {
    pub id: i64,
    #[encrypt]
    pub body: String,
}

fn main() {
    let _ = Doc::BODY.seal("x");
}
