//! `check`: what holds of attributes and types together.

use super::{check, check_field, check_struct, check_used_field};
use crate::model::Entry;

#[test]
fn only_structs_with_named_fields() {
    for (input, what) in [
        ("struct User;", "a unit struct"),
        ("struct User(#[encrypt] String);", "a tuple struct"),
        ("enum User { #[encrypt] A }", "an enum"),
        ("union User { #[encrypt] a: u8 }", "a union"),
    ] {
        let message = format!(
            "columns are named after fields, and `User` is {what}; write a struct with named fields, or \
             `#[derive(Plaintext)]` to make the type itself a value that can be encrypted"
        );
        check(Entry::Sqlx, input, &[&message]);
    }
}

#[test]
fn the_table_is_named() {
    check_struct(
        Entry::Sqlx,
        "",
        &[
            "name the table: `#[encrypt(table = \"user_accounts\")]`; values are bound to its name, so it is never taken \
           from the struct's",
        ],
    );
    let diesel = ["name the table: `#[diesel(table_name = user_accounts)]`"];
    check_struct(Entry::Diesel, "", &diesel);
    check_struct(Entry::Diesel, "#[encrypt(table = \"users\")]", &diesel);
    check_struct(Entry::Diesel, "#[encrypt(columns = User)]", &diesel);
    check_struct(Entry::Sqlx, "#[encrypt(diesel, table = \"users\")]", &diesel);
    check_struct(
        Entry::Diesel,
        "#[diesel(table_name = users)] #[encrypt(table = \"\")]",
        &[
            "name the table: `#[encrypt(table = \"user_accounts\")]`; values are bound to its name, so it is never taken \
           from the struct's",
        ],
    );
    for attributes in [
        "#[diesel(table_name = schema::users)]",
        "#[diesel(table_name = schema::users)] #[encrypt(table = \"u\", sqlx)]",
        "#[diesel(check_for_backend(diesel::sqlite::Sqlite), table_name = \"users\")]",
    ] {
        let expected: &[&str] =
            if attributes.contains('"') && !attributes.contains("sqlx") { &diesel } else { &[] };
        check_struct(Entry::Diesel, attributes, expected);
    }
}

#[test]
fn something_is_encrypted() {
    check_field(
        "email: String",
        &["no field is encrypted; write `#[encrypt]` above one, or remove the derive"],
    );
    check_field("", &["no field is encrypted; write `#[encrypt]` above one, or remove the derive"]);
}

#[test]
fn options_of_integrations_that_are_not_used() {
    check_struct(
        Entry::Sqlx,
        "#[encrypt(table = \"a\", no_insert, no_update)]",
        &[
            "`no_insert` is for Diesel; remove it, or add `diesel` beside it",
            "`no_update` is for Diesel; remove it, or add `diesel` beside it",
        ],
    );
    check_struct(
        Entry::Diesel,
        "#[diesel(table_name = a)] #[encrypt(no_from_row)]",
        &["`no_from_row` is for SQLx; remove it, or add `sqlx` beside it"],
    );
    for entry in [Entry::Diesel, Entry::Sqlx] {
        check_struct(
            entry,
            "#[diesel(table_name = a)] #[encrypt(diesel, sqlx, no_from_row, no_insert, no_update)]",
            &[],
        );
    }
}

#[test]
fn declared_columns() {
    check_field(
        "#[encrypt(allow_low_cardinality)] a: bool",
        &[
            "only deterministic columns care for cardinality; write `#[encrypt(deterministic, allow_low_cardinality)]` or \
           `#[encrypt]`",
        ],
    );
    check_field(
        "#[encrypt(plaintext = \"write\")] a: String",
        &["rows in plaintext can be read and never written; write `plaintext = \"read\"`"],
    );
    check_field(
        "#[encrypt(column = \"\")] a: String",
        &["a column has a name: `#[encrypt(column = \"email\")]`"],
    );
    check_field(
        &format!("#[encrypt(context = \"{}\")] a: String", "é".repeat(128)),
        &["a context has 1 to 255 bytes; write a shorter one"],
    );
    check_field(&format!("#[encrypt(context = \"{}\")] a: String", "e".repeat(255)), &[]);
    check_field(
        &format!("#[encrypt(column = \"{}\")] a: String", "e".repeat(250)),
        &["the names of table and column have more than 254 bytes; write `#[encrypt(context = \"…\")]`"],
    );
    check_field(
        "#[encrypt] a_b: String, #[encrypt] a__b: String",
        &["`a_b` and `a__b` both give the marker `UserAB`; rename one"],
    );
    check_field(
        "#[encrypt] aB: String, #[encrypt] ab: String",
        &["`aB` and `ab` both give the marker `UserAb`; rename one"],
    );
}

#[test]
fn plaintext_types_of_declared_columns() {
    let owned = "`User` declares this column and has to own its plaintext, as in `String`; a struct that borrows says \
                 `#[encrypt(columns = …)]`";
    for ty in ["&'a str", "Option<&'static str>", "Cow<'a, str>", "&String", "Vec<&'a [u8]>"] {
        check_field(&format!("#[encrypt] a: {ty}"), &[owned]);
    }
    for ty in ["T", "Vec<T>", "Option<T>", "[u8; N]", "T::Value"] {
        let parameter = if ty.contains('N') { "N" } else { "T" };
        let message =
            format!("a column holds values of one type; write a type without the parameter `{parameter}`");
        check(
            Entry::Sqlx,
            &format!(
                "#[encrypt(table = \"a\")] struct User<T, const N: usize> {{ #[encrypt] a: {ty}, b: T }}"
            ),
            &[&message],
        );
    }
    check(
        Entry::Sqlx,
        "#[encrypt(table = \"a\")] struct User<'a, T> { #[encrypt] a: String, b: &'a T }",
        &[],
    );
    check_field(
        "#[encrypt] email: Encrypted<UserEmail>",
        &["say what is encrypted: `#[encrypt(type = String)]`"],
    );
    check_field(
        "#[encrypt(type = String)] mail: Option<envelope_sqlx::Encrypted<UserEmail>>",
        &["the marker of this field is `UserMail`; write `Encrypted<UserMail>`"],
    );
    check_field(
        "#[encrypt(type = Option<String>)] email: Option<Encrypted<UserEmail>>",
        &["NULL is not encrypted: write the type without `Option`"],
    );
    check_field("#[encrypt(type = String)] email: Option<Encrypted<UserEmail>>", &[]);
    check_field("#[encrypt(type = Map<String, u8>, deterministic)] email: Encrypted<UserEmail>", &[]);
}

#[test]
fn used_columns() {
    for option in [
        "deterministic",
        "allow_low_cardinality",
        "context = \"a\"",
        "plaintext = \"read\"",
        "encoding = \"text\"",
        "type = String",
    ] {
        let name = option.split(' ').next().unwrap();
        let message = format!("`User` declares this column; remove `{name}` here");
        check_used_field(&format!("#[encrypt({option})] a: &'a str"), &[&message]);
    }
    check_used_field(
        "#[encrypt] a: Option<Option<Option<String>>>",
        &["write at most `Option<Option<…>>`: no change, NULL, or a value"],
    );
    check_used_field("#[encrypt] a: &'a Option<String>", &["put the reference inside: `Option<&…>`"]);
    check_used_field(
        "#[encrypt] a: Option<Option<&'a str>>, #[encrypt(column = \"c\")] b: Encrypted<UserB>",
        &[],
    );
    check(
        Entry::Sqlx,
        "#[encrypt(columns = models::User, table = \"users\")] struct New { #[encrypt] a: String }",
        &["`User` names the table; remove `table` here"],
    );
    check(
        Entry::Sqlx,
        "#[encrypt(columns = User)] struct User { #[encrypt] a: String }",
        &["`columns` names another struct, which declares the columns; remove it here"],
    );
}
