//: `i64` is not text, so it cannot be normalised or searched by a part

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = number_start, prefix = 3))]
    number: i64,
}

fn main() {}
