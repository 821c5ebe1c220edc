//: the trait bound `String: AsExpression<UserEmail>` is not satisfied

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
    #[encrypt(deterministic)]
    pub email: String,
}

#[derive(Insertable)]
#[diesel(table_name = users)]
pub struct NewUser {
    pub email: String,
}

fn main() {}
