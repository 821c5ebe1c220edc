//: conflicting implementations of trait `diesel::Insertable<table>` for type `User`

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::UserEmail,
    }
}

#[derive(Encrypted, Insertable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    #[encrypt(deterministic)]
    pub email: String,
}

fn main() {}
