//: there is no option `tabel`; did you mean `table`?

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(tabel = "users")]
pub struct User {
    pub id: i64,
    #[encrypt]
    pub email: String,
}

fn main() {}
