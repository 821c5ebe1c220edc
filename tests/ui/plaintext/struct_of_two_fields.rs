//: a struct has an encoding if it has exactly one field
//: implement `ToPlaintext` and `FromPlaintext`

use envelope_sqlx::Plaintext;

#[derive(Plaintext)]
pub struct Name {
    pub first: String,
    pub last: String,
}

fn main() {}
