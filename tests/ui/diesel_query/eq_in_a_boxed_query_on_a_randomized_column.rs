//: the encrypted column `UserNote` is randomized and cannot be compared or searched
//: mark the field `#[encrypt(deterministic)]`

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::UserEmail,
        note -> crate::UserNote,
    }
}

#[derive(Encrypted, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    #[encrypt(deterministic)]
    pub email: String,
    #[encrypt]
    pub note: String,
}

fn main() {
    let mut query = users::table.into_boxed::<diesel::sqlite::Sqlite>();
    query = query.filter(users::note.eq("likes tea"));
    let _ = query;
}
