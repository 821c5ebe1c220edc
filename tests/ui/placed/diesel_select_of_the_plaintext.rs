//: cannot deserialize a value of the database type `DocBody` as `String`
//: double check your type mappings via the documentation of `DocBody`

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
    let _: Vec<String> = docs::table.select(docs::body).load(&mut db).unwrap();
}
