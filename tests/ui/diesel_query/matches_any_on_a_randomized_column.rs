//: the encrypted column `UserNote` is randomized and cannot be compared or searched

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
    let _ = users::note.nullable().matches_any(["likes tea"]);
}
