//: write a type without the parameter `T`

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User<T> {
    pub id: i64,
    #[encrypt]
    pub profile: Option<T>,
}

fn main() {}
