//: an end of this range is a number, not a date

use envelope_sqlx::Encrypted;

#[derive(Encrypted)]
#[encrypt(table = "users")]
struct User {
    id: i64,
    #[encrypt(index(column = number_range, bucket = 10, first = "1900-01-01"))]
    number: i64,
}

fn main() {}
