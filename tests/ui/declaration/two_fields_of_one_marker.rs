//: `e_mail` and `e__mail` both give the marker `UserEMail`; rename one

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub e_mail: String,
    #[encrypt]
    pub e__mail: String,
}

fn main() {}
