//! The message of every mistake. How they look under the user's line is in the repository's `tests/ui`.

mod syntax;
mod rules;
mod names;
mod paths;
mod placed;
mod plaintext;
mod any_tokens;
mod index;

use crate::{errors::Errors, expand, model::Entry};

/// What `#[derive(Encrypted)]` says of the input.
fn messages(entry: Entry, input: &str) -> Vec<String> {
    let mut errors = Errors::default();
    let input = syn::parse_str(input).expect("the input of a test is an item");
    let _ = expand::model(&input, entry, &mut errors);
    errors.finish().err().into_iter().flatten().map(|error| error.to_string()).collect()
}

#[track_caller]
fn check(entry: Entry, input: &str, expected: &[&str]) {
    assert_eq!(messages(entry, input), expected, "{input}");
}

/// A field of a struct that declares its columns.
#[track_caller]
fn check_field(field: &str, expected: &[&str]) {
    check(Entry::Sqlx, &format!("#[encrypt(table = \"users\")] struct User {{ {field} }}"), expected);
}

/// A field of a struct whose columns are declared elsewhere.
#[track_caller]
fn check_used_field(field: &str, expected: &[&str]) {
    check(
        Entry::Sqlx,
        &format!("#[encrypt(columns = models::User)] struct NewUser<'a> {{ {field} }}"),
        expected,
    );
}

/// Options of a struct with one encrypted field.
#[track_caller]
fn check_struct(entry: Entry, attributes: &str, expected: &[&str]) {
    check(entry, &format!("{attributes} struct UserAccount {{ #[encrypt] email: String }}"), expected);
}
