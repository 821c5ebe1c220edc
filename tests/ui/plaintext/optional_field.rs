//: NULL is not encrypted: write the type without `Option`

use envelope_sqlx::Plaintext;

#[derive(Plaintext)]
pub struct Note(Option<String>);

fn main() {}
