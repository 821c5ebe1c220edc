//: the encrypted column `UserNote` is randomized and cannot be compared or searched

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
    let other = diesel::alias!(users as other);
    let _ = users::table.inner_join(other.on(users::note.eq(other.field(users::note))));
}
