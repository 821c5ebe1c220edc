//: conflicting implementations of trait

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    docs (id) {
        id -> Integer,
        body -> crate::DocBody,
    }
}

#[derive(Encrypted, Queryable, Selectable)]
#[diesel(table_name = docs)]
#[encrypt(bind = id)]
pub struct Doc {
    pub id: i32,
    #[encrypt]
    pub body: String,
}

fn main() {}
