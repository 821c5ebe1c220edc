//: `Slim` does not have the value that the index `UserNameStart` is of
//: load a struct with the encrypted field

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
use envelope_diesel::SearchDsl;

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Slim {
    pub id: i32,
}

fn main() {
    let db = &mut SqliteConnection::establish(":memory:").unwrap();
    let search = User::NAME_START.starts_with("Ada").unwrap();
    let _ = search.load::<Slim, _, _>(users::table.select(Slim::as_select()), db);
}
