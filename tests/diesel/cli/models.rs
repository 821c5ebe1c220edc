use diesel::prelude::*;
use envelope_diesel::Encrypted;

use crate::schema::users;

#[derive(Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = users)]
pub struct User {
    pub id: i32,
    #[encrypt(deterministic)]
    pub email: String,
    #[encrypt]
    pub note: Option<String>,
}
