//: `context` is written like this: `#[encrypt(context = "subscriber_email")]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(context = subscriber_email)]
    pub email: String,
}

fn main() {}
