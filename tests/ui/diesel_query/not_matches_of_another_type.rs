//: expected `String`, found `i32`

use diesel::prelude::*;
use envelope_diesel::{Encrypted, EncryptedExpressionMethods};

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
    let _ = users::email.nullable().not_matches(5_i32);
}
