//: there is no normalisation `lowercas`; did you mean `lowercase`?

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = name_index, normalize = "lowercas"))]
    name: String,
}

fn main() {}
