//: the trait bound `&str: AsExpression<UserEmail>` is not satisfied

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
    let other = diesel::alias!(users as other);
    let _ = other.filter(other.field(users::email).eq("alice@example.com"));
}
