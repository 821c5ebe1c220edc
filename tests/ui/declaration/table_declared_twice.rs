//: the_encrypted_columns_of_users_are_declared_twice_write_columns_on_all_structs_but_one

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    #[encrypt]
    pub email: String,
}

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct NewUser {
    #[encrypt]
    pub email: String,
}

fn main() {}
