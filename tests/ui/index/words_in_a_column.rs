//: each value has several of these, which need a table of their own

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = name_words, words))]
    name: String,
}

fn main() {}
