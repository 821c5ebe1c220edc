//: `columns::email` cannot be compared with, or set to, `Option<&str>`
//: if the column may be NULL, an `Option` of either

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
    let _ = diesel::update(users::table).set(users::email.eq(Some("alice@example.com")));
}
