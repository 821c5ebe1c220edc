//: this encrypted column has indexes, which are written with it; name those that are declared

use diesel::prelude::*;
use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> crate::UserEmail,
        email_index -> crate::UserEmailIndex,
        name -> crate::UserName,
        name_start -> crate::UserNameStart,
    }
}

#[derive(Encrypted, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    #[encrypt(index(column = email_index, normalize = "email"))]
    pub email: String,
    #[encrypt(index(column = name_start, prefix = 3))]
    pub name: String,
}

#[derive(Encrypted)]
#[diesel(table_name = users)]
#[encrypt(columns = User)]
pub struct NewUser<'a> {
    #[encrypt]
    pub email: &'a str,
}

fn main() {}
