//: `User` declares this column and has to own its plaintext, as in `String`
//: `#[encrypt(columns = …)]`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User<'a> {
    pub id: i64,
    #[encrypt]
    pub email: &'a str,
}

fn main() {}
