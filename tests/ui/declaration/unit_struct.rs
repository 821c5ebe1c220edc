//: `User` is a unit struct; write a struct with named fields

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
pub struct User;

fn main() {}
