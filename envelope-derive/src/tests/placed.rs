//! `check`: rows that values are bound to, and tenants.

use super::{check, check_struct};
use crate::model::Entry;

#[test]
fn the_rows_id() {
    let of = |option: &str, fields: &str, expected: &[&str]| {
        for entry in ["", ", diesel"] {
            check(
                Entry::Sqlx,
                &format!(
                    "#[diesel(table_name = a)] #[encrypt(table = \"a\", {option}{entry})] struct User {{ {fields}, #[encrypt] a: String }}"
                ),
                expected,
            );
        }
    };
    let wanted = "`bind` names the fields of the row's id: `#[encrypt(bind = id)]`, or `#[encrypt(bind = (org_id, id))]`";
    for written in ["bind", "bind()", "bind(id)", "bind = ()", "bind = \"id\"", "bind = 1", "bind = (id, 1)"]
    {
        of(written, "id: i64", &[wanted]);
    }
    of("bind = id", "id: i64", &[]);
    of("bind = (id)", "id: i64", &[]);
    of("bind = (org, r#id,)", "id: i64, org: String", &[]);
    of("bind = (id, id)", "id: i64", &["`id` is named twice; keep one"]);
    of(
        "bind = number",
        "id: i64",
        &[
            "`bind` names the field of the row's id, and there is no field `number`; a struct without it cannot read or write these columns",
        ],
    );
    of(
        "bind = a",
        "id: i64",
        &["the row's id is read before anything is opened, so it cannot be encrypted; name a plain field"],
    );
    of(
        "bind = id",
        "id: Option<Uuid>",
        &[
            "values are bound to the id, which has to be known before they are sealed; write `Uuid`, and make ids in the \
           application (a UUID, or the next value of a sequence)",
        ],
    );
    of(
        "bind = id",
        "#[diesel(skip_insertion)] id: i64",
        &["values are bound to the id, so it is known when the row is inserted; remove `skip_insertion`"],
    );
    for (attribute, shape) in [
        ("sqlx(default)", "default"),
        ("sqlx(skip)", "skip"),
        ("sqlx(flatten)", "flatten"),
        ("diesel(embed)", "embed"),
    ] {
        let message =
            format!("the row's id is a column that is always there, which `{shape}` is not; remove it");
        of("bind = id", &format!("#[{attribute}] id: i64"), &[&message]);
    }
    of(
        "bind = id",
        "id: i64, #[encrypt(deterministic)] b: String",
        &[
            "equal values of a deterministic column have equal bytes in all rows, so it cannot be bound to its row; remove \
           `deterministic`, or `bind` from the struct, or keep the column in a table of its own",
        ],
    );
}

#[test]
fn the_rows_tenant() {
    let of = |fields: &str, expected: &[&str]| {
        check(
            Entry::Sqlx,
            &format!(
                "#[encrypt(table = \"a\", tenant = org)] struct User {{ {fields}, #[encrypt(deterministic)] a: String }}"
            ),
            expected,
        );
    };
    of("org: String", &[]);
    of(
        "id: i64",
        &[
            "`tenant` names the field of the row's tenant, and there is no field `org`; a struct without it cannot read or write these columns",
        ],
    );
    of(
        "#[encrypt] org: String",
        &[
            "the row's tenant is read before anything is opened, so it cannot be encrypted; name a plain field",
        ],
    );
    of(
        "org: Option<String>",
        &[
            "a row without a tenant has no keys: write the type without `Option`, and keep rows of no tenant in a struct and \
           table of their own",
        ],
    );
    check_struct(
        Entry::Sqlx,
        "#[encrypt(table = \"a\", tenant)]",
        &["`tenant` is written like this: `#[encrypt(tenant = org_id)]`"],
    );
}

#[test]
fn sealed_structs() {
    let of = |fields: &str, expected: &[&str]| {
        check(
            Entry::Sqlx,
            &format!("#[encrypt(columns = A, sealed)] struct User<'a, T> {{ {fields}, b: &'a T }}"),
            expected,
        );
    };
    of("#[encrypt] a: &'a str", &[]);
    of("#[encrypt] #[sqlx(default)] a: Option<String>", &[]);
    of(
        "#[encrypt] #[sqlx(default)] a: String",
        &["a sealed field has no default value; remove `default`, or write the type in an `Option`"],
    );
    of("#[encrypt] a: Vec<T>", &["what is sealed has one type; write a type without the parameter `T`"]);
}

#[test]
fn encodings() {
    let message = "a column holds bytes, or text by `encoding = \"text\"`";
    super::check_field("#[encrypt(encoding = \"base64\")] a: String", &[message]);
    super::check_field("#[encrypt(encoding = \"text\", deterministic)] a: String", &[]);
}
