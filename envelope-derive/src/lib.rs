//! The derives of envelope-diesel and envelope-sqlx.
//!
//! Use them through those crates, which call them `Encrypted` and `Plaintext`. What they emit names only items of the
//! crate they were used through, so this crate depends on neither.
//!
//! A compiler in a few files: `attr` (syntax) → `model` (what was declared) → `check` (rules across attributes) → `expand`
//! (one file for each integration), and `fallback` for what stands beside an error.
#![forbid(unsafe_code)]

mod attr;
mod model;
mod names;
mod types;
mod check;
mod expand;
mod plaintext;
mod fallback;
mod errors;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

use model::Entry;

/// Encrypts fields of a Diesel model: it inserts, updates and loads as before, and its deterministic columns can be compared.
///
/// Through envelope-diesel this is `#[derive(Encrypted)]`.
#[doc = include_str!("encrypted.md")]
#[proc_macro_derive(EncryptedDiesel, attributes(encrypt, diesel, sqlx))]
pub fn encrypted_diesel(input: TokenStream) -> TokenStream {
    expand::derive(input.into(), Entry::Diesel).into()
}

/// Encrypts fields of an SQLx model: gives it a `FromRow` that decrypts, and each encrypted column a constant to bind and look up
/// values with.
///
/// Through envelope-sqlx this is `#[derive(Encrypted)]`.
#[doc = include_str!("encrypted.md")]
#[proc_macro_derive(EncryptedSqlx, attributes(encrypt, diesel, sqlx))]
pub fn encrypted_sqlx(input: TokenStream) -> TokenStream {
    expand::derive(input.into(), Entry::Sqlx).into()
}

/// Makes a newtype, or an enum of unit variants, a value that can be encrypted, and that Diesel can load.
///
/// Through envelope-diesel this is `#[derive(Plaintext)]`.
#[doc = include_str!("plaintext.md")]
#[proc_macro_derive(PlaintextDiesel, attributes(encrypt))]
pub fn plaintext_diesel(input: TokenStream) -> TokenStream {
    plaintext::derive(input.into(), Entry::Diesel).into()
}

/// Makes a newtype, or an enum of unit variants, a value that can be encrypted.
///
/// Through envelope-sqlx this is `#[derive(Plaintext)]`. A type that is used with Diesel too takes that of envelope-diesel alone.
#[doc = include_str!("plaintext.md")]
#[proc_macro_derive(PlaintextSqlx, attributes(encrypt))]
pub fn plaintext_sqlx(input: TokenStream) -> TokenStream {
    plaintext::derive(input.into(), Entry::Sqlx).into()
}
