//: name the table: `#[diesel(table_name = users)]`

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::UserEmail,
    }
}

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i32,
    #[encrypt(deterministic)]
    pub email: String,
}

fn main() {
    // What uses the column is not blamed as well.
    let _ = users::table.filter(users::email.eq("alice@example.com"));
}
