//: `User` is a tuple struct; write a struct with named fields

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User(#[encrypt] String);

fn main() {}
