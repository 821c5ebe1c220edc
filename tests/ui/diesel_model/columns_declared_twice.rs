//: another struct declares the columns of the table, name it here: `#[encrypt(columns = path::User)]`
//: columns::email

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

pub mod signup {
    #[derive(envelope_diesel::Encrypted)]
    #[diesel(table_name = crate::users)]
    pub struct NewUser {
        #[encrypt(deterministic)]
        pub email: String,
    }
}

fn main() {}
