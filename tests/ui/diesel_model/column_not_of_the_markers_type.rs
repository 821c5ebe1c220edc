//: `table!` gives the column `columns::email` the type `diesel::sql_types::Text`
//: write `UserEmail` in `table!`

use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        email -> Text,
    }
}

#[derive(Encrypted)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    #[encrypt(deterministic)]
    pub email: String,
}

fn main() {}
