//: an index is of one kind

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = name_index, prefix = 3, suffix = 3))]
    name: String,
}

fn main() {}
