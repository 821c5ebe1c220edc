//: the encrypted column `UserNote` is randomized and cannot be compared or searched
//: mark the field `#[encrypt(deterministic)]`

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::UserEmail,
        note -> Nullable<crate::UserNote>,
    }
}

#[derive(Encrypted, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    #[encrypt(deterministic)]
    pub email: String,
    #[encrypt]
    pub note: Option<String>,
}

fn main() {
    let _ = users::note.is_not_distinct_from("likes tea");
}
