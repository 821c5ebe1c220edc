//: the index `columns::name_start` finds candidates, some of which may not be what is searched
//: `User::NAME_START.starts_with("Ad")?.load(

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

fn main() {
    let _ = users::table.filter(users::name_start.ne("Ada"));
}
