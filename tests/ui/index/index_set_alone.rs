//: a value of the encrypted column `UserEmailIndex` cannot be sealed or opened alone
//: `Exact`, `Candidates`, `Terms`: it is an index, which is written with the value that it is of, by a struct that has the field

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
    let db = &mut SqliteConnection::establish(":memory:").unwrap();
    let _ = diesel::update(users::table).set(users::email_index.eq("ada@example.com")).execute(db);
}
