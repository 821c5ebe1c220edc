//: there is no option `determinstic`; did you mean `deterministic`?

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User {
    pub id: i64,
    #[encrypt(determinstic)]
    pub email: String,
}

fn main() {
    // What uses the column is not blamed as well.
    let _ = User::EMAIL.lookup("alice@example.com");
}
