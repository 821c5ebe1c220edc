//: there is no option `renam`; did you mean `rename`?

use envelope_sqlx::Plaintext;

#[derive(Plaintext)]
pub enum Status {
    #[encrypt(renam = "active")]
    Active,
}

fn main() {}
