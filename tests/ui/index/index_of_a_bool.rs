//: `bool` has too few distinct values

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = is_active_index))]
    is_active: bool,
}

fn main() {}
