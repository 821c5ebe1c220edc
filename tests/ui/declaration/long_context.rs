//: a context has 1 to 255 bytes; write a shorter one

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(context = "subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_subscriber_email_")]
    pub email: String,
}

fn main() {}
