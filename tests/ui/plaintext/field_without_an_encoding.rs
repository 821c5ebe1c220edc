//: `Street` has no plaintext encoding

use envelope_sqlx::Plaintext;

#[derive(Plaintext)]
pub struct Address(Street);

pub struct Street;

fn main() {}
