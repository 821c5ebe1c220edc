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

diesel::table! {
    orders (id) {
        id -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(users, orders);

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
    let _ = orders::table.inner_join(users::table.on(users::note.eq("likes tea")));
}
