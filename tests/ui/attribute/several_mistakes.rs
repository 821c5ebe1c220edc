//: did you mean `deterministic`?
//: a context has 1 to 255 bytes
//: `column` is written like this
//: say what is encrypted

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(determinstic, context = "")]
    pub email: String,
    #[encrypt(column)]
    pub note: Option<String>,
    #[encrypt]
    pub phone: envelope_sqlx::Encrypted<UserPhone>,
}

fn main() {}
