//: `Active` is written as `Active` already; rename one

use envelope_sqlx::Plaintext;

#[derive(Plaintext)]
pub enum Status {
    Active,
    #[encrypt(rename = "Active")]
    Enabled,
}

fn main() {}
