//: private type `Iban` in public interface

use envelope_diesel::Encrypted;

diesel::table! {
    users (id) {
        id -> Integer,
        iban -> crate::UserIban,
    }
}

#[derive(Encrypted)]
#[diesel(table_name = users)]
struct User {
    id: i32,
    #[encrypt(deterministic)]
    iban: Iban,
}

#[derive(envelope_diesel::Plaintext)]
struct Iban(String);

fn main() {}
