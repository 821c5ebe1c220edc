//! `model`: what columns, contexts and markers are called.

use quote::quote;

use super::check_field;
use crate::{errors::Errors, expand, model::Entry};

#[test]
fn names_from_other_attributes() {
    let differ = "Diesel calls this column `a` and SQLx `b`; say what the database calls it: `#[encrypt(column = \"b\")]`";
    check_field("#[encrypt] #[diesel(column_name = a)] #[sqlx(rename = \"b\")] c: String", &[differ]);
    check_field(
        "#[encrypt(column = \"b\")] #[diesel(column_name = a)] #[sqlx(rename = \"b\")] c: String",
        &[],
    );
    check_field("#[encrypt] #[diesel(column_name = r#in)] #[sqlx(rename = \"in\")] c: String", &[]);
    check_field("#[encrypt] #[diesel(column_name = \"a\")] #[sqlx(rename = \"a\")] c: String", &[]);
    check_field(
        "#[encrypt] #[sqlx(flatten)] c: String",
        &["an encrypted field is one column, which `flatten` is not; remove one of the two"],
    );
}

/// `column`, `context` and marker of a single field.
#[track_caller]
fn check_names(input: &str, column: &str, context: &str, marker: &str, constant: &str) {
    let mut errors = Errors::default();
    let model = expand::model(&syn::parse_str(input).unwrap(), Entry::Sqlx, &mut errors).unwrap();
    errors.finish().unwrap();
    let field = model.fields.first().unwrap();
    let encrypted = field.encrypted.as_ref().unwrap();
    let path = &encrypted.marker;
    assert_eq!(
        (field.column.as_str(), encrypted.context.as_str(), quote!(#path).to_string().as_str()),
        (column, context, marker)
    );
    assert_eq!(encrypted.constant.to_string(), constant);
}

#[test]
fn names() {
    check_names(
        "#[encrypt(table = \"t\")] struct User { #[encrypt] r#type: String }",
        "type",
        "t.type",
        "UserType",
        "TYPE",
    );
    check_names(
        "#[encrypt(table = \"t\")] struct r#User { #[encrypt] _postal_code2: String }",
        "_postal_code2",
        "t._postal_code2",
        "UserPostalCode2",
        "_POSTAL_CODE2",
    );
    check_names(
        "#[encrypt(table = \"t\")] struct User { #[encrypt] __: String }",
        "__",
        "t.__",
        "User__",
        "__",
    );
    check_names(
        "#[encrypt(columns = crate::models::User)] struct New<'a> { #[encrypt(column = \"mail\")] e_mail: &'a str }",
        "mail",
        "User.mail",
        "crate :: models :: UserEMail",
        "E_MAIL",
    );
    check_names(
        "#[encrypt(table = \"t\")] #[sqlx(rename_all = \"camelCase\")] struct User { #[encrypt] postal_code: String }",
        "postalCode",
        "t.postalCode",
        "UserPostalCode",
        "POSTAL_CODE",
    );
    check_names(
        "#[diesel(table_name = schema::r#type)] struct User { #[encrypt(context = \"c\")] #[diesel(column_name = r#in)] a: String }",
        "in",
        "c",
        "UserA",
        "A",
    );
    check_names(
        "#[encrypt(table = \"t\")] #[sqlx(rename_all = \"kebab-case\")] struct User { #[encrypt] #[sqlx(rename = \"x\")] a: u8 }",
        "x",
        "t.x",
        "UserA",
        "A",
    );
    check_names(
        "#[encrypt(table = \"t\")] struct Straße { #[encrypt] größe: String }",
        "größe",
        "t.größe",
        "StraßeGröße",
        "GRÖSSE",
    );
}
