//: a value of the encrypted column `DocBody` cannot be sealed or opened alone
//: `RowBound`: it is bound to its row, and needs the row's id: read and write whole structs that have the id

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    docs (id) {
        id -> Integer,
        body -> crate::DocBody,
    }
}

#[derive(Encrypted, Selectable)]
#[diesel(table_name = docs)]
#[encrypt(bind = id)]
pub struct Doc {
    pub id: i32,
    #[encrypt]
    pub body: String,
}

fn main() {
    let mut db = SqliteConnection::establish(":memory:").unwrap();
    let body = Encrypted::<DocBody>::new("x".to_owned());
    diesel::update(docs::table.find(1)).set(docs::body.eq(body)).execute(&mut db).unwrap();
}
