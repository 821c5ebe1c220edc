//: equal values of a deterministic column have equal bytes in all rows, so it cannot be bound to its row; remove `deterministic`, or `bind` from the struct

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users", bind = id)]
pub struct User {
    pub id: i64,
    pub org_id: String,
    #[encrypt(deterministic)]
    pub name: String,
}
fn main() {}
