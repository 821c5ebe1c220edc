//: `String` has no order that an index could use

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = name_range, bucket = 10))]
    name: String,
}

fn main() {}
