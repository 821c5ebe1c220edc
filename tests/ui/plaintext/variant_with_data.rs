//: an enum has an encoding if no variant holds data

use envelope_sqlx::Plaintext;

#[derive(Plaintext)]
pub enum Contact {
    None,
    Email(String),
}

fn main() {}
