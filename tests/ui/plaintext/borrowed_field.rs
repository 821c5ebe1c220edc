//: a plaintext is read back and has to own its data

use envelope_sqlx::Plaintext;

#[derive(Plaintext)]
pub struct Name<'a>(&'a str);

fn main() {}
