//: Diesel calls this column `mail` and SQLx `e_mail`
//: `#[encrypt(column = "e_mail")]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    #[diesel(column_name = mail)]
    #[sqlx(rename = "e_mail")]
    pub email: String,
}

fn main() {}
