//! `attr`: what stands where.

use super::{check, check_field, check_struct};
use crate::model::Entry;

#[test]
fn misspelt_options() {
    for (field, meant) in [
        ("determinstic", "deterministic"),
        ("derterministic", "deterministic"),
        ("contxt = \"x\"", "context"),
        ("colum = \"x\"", "column"),
        ("rename = \"x\"", "column"),
        ("plain_text = \"read\"", "plaintext"),
        ("r#typ = String", "type"),
    ] {
        let option = field.trim_start_matches("r#").split(' ').next().unwrap();
        let message = format!("there is no option `{option}`; did you mean `{meant}`?");
        check_field(&format!("#[encrypt({field})] a: String"), &[&message]);
    }
    check_field("#[encrypt(randomized)] a: String", &["randomized is the default; write `#[encrypt]`"]);
    check_field(
        "#[encrypt(unique)] a: String",
        &[
            "there is no option `unique`; write one of `deterministic`, `xaes`, `allow_low_cardinality`, `context`, `plaintext`, `encoding`, \
           `column`, `type`, `normalize`, `index`",
        ],
    );
    let table = "there is no option `table_name`; did you mean `table`?";
    check(
        Entry::Sqlx,
        "#[encrypt(columns = User, table_name = \"x\")] struct New { #[encrypt] a: String }",
        &[table],
    );
}

#[test]
fn options_in_the_wrong_place() {
    check_field(
        "#[encrypt(table = \"users\")] a: String",
        &["`table` has no meaning on a field; write `#[encrypt(table = \"users\")]` on a struct with \
           `#[derive(Encrypted)]`"],
    );
    check_struct(
        Entry::Sqlx,
        "#[encrypt(table = \"users\", deterministic)]",
        &[
            "`deterministic` has no meaning on a struct with `#[derive(Encrypted)]`; write `#[encrypt(deterministic)]` on \
           a field",
        ],
    );
    check_struct(
        Entry::Sqlx,
        "#[encrypt] #[encrypt(table = \"users\")]",
        &[
            "say what of the struct: `#[encrypt(table = \"users\")]`; a field is encrypted by `#[encrypt]` above it",
        ],
    );
}

#[test]
fn options_twice() {
    check_field("#[encrypt] #[encrypt] a: String", &["`#[encrypt]` stands here twice; keep one"]);
    check_field(
        "#[encrypt(deterministic, deterministic)] a: String",
        &["`deterministic` is given twice; keep one"],
    );
    check_field(
        "#[encrypt(context = \"a\")] #[encrypt(context = \"b\")] a: String",
        &["`context` is given twice; keep one"],
    );
    check_struct(
        Entry::Sqlx,
        "#[encrypt(table = \"a\", table = \"b\")]",
        &["`table` is given twice; keep one"],
    );
    check_struct(
        Entry::Sqlx,
        "#[encrypt(table = \"a\", crate = a, sqlx(crate = b))]",
        &["the crate's path is given twice; keep `sqlx(crate = …)`"],
    );
    check_struct(
        Entry::Diesel,
        "#[diesel(table_name = a)] #[encrypt(crate = a, diesel(crate = b), sqlx(crate = c))]",
        &["the crate's path is given twice; keep `diesel(crate = …)`"],
    );
}

#[test]
fn malformed_options() {
    for (written, example) in [
        ("context", "context = \"subscriber_email\""),
        ("context =", "context = \"subscriber_email\""),
        ("context = email", "context = \"subscriber_email\""),
        ("context(\"a\")", "context = \"subscriber_email\""),
        ("column = b\"a\"", "column = \"email\""),
        ("plaintext", "plaintext = \"read\""),
        ("type = 5", "type = String"),
    ] {
        let option = written.split(['(', ' ']).next().unwrap();
        let message = format!("`{option}` is written like this: `#[encrypt({example})]`");
        check_field(&format!("#[encrypt({written})] a: String"), &[&message]);
    }
    for (written, example) in [
        ("columns = \"User\"", "columns = User"),
        ("columns = User<'a>", "columns = User"),
        ("crate", "crate = path::to::crate"),
    ] {
        let option = written.split(' ').next().unwrap();
        let message = format!("`{option}` is written like this: `#[encrypt({example})]`");
        check_struct(Entry::Sqlx, &format!("#[encrypt(table = \"a\", {written})]"), &[&message]);
    }
    check_struct(
        Entry::Sqlx,
        "#[encrypt(table = \"a\", diesel = a)] #[diesel(table_name = a)]",
        &["write `diesel`, or `diesel(crate = path::to::crate)`"],
    );
    check_struct(
        Entry::Sqlx,
        "#[encrypt(table = \"a\", sqlx(path = a))]",
        &["write `sqlx`, or `sqlx(crate = path::to::crate)`"],
    );
    check_field(
        "#[encrypt(deterministic = true)] a: String",
        &["`deterministic` takes no value; write `#[encrypt(deterministic)]`"],
    );
    let parentheses = "options stand in parentheses: `#[encrypt(…)]`";
    check_field("#[encrypt = \"deterministic\"] a: String", &[parentheses]);
    check_field("#[encrypt[deterministic]] a: String", &[parentheses]);
    let option = "expected an option: `name`, or `name = value`, separated by commas";
    check_field("#[encrypt(\"deterministic\")] a: String", &[option]);
    check_field("#[encrypt(deterministic context = \"a\")] a: String", &[option]);
}

#[test]
fn every_mistake_is_reported() {
    check_field(
        "#[encrypt(determinstic, context = \"\", 5, column)] a: Option<Option<String>>",
        &[
            "expected an option: `name`, or `name = value`, separated by commas",
            "there is no option `determinstic`; did you mean `deterministic`?",
            "`column` is written like this: `#[encrypt(column = \"email\")]`",
            "a context has 1 to 255 bytes; remove `context` to bind values to their table and column",
            "a column is NULL or has a value: write one `Option`; a changeset with `Option<Option<…>>` is a struct of its \
             own, with `#[encrypt(columns = …)]`",
        ],
    );
}
