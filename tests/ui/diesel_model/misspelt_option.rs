//: there is no option `determinstic`; did you mean `deterministic`?

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::UserEmail,
    }
}

#[derive(Encrypted)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    #[encrypt(determinstic)]
    pub email: String,
}

fn main() {
    // What uses the column is not blamed as well.
    let _ = users::table.filter(users::email.eq("alice@example.com"));
}
