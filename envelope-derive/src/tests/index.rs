//! `attr::index` and `check::index`: what finds columns.

use super::{check, check_field};
use crate::model::Entry;

/// On a struct with two more encrypted fields.
fn on_struct(options: &str, expected: &[&str]) {
    let input = format!(
        "#[encrypt(table = \"a\")] #[encrypt({options})] struct User {{ id: i64, #[encrypt] a: String, #[encrypt] b: Option<i64> }}"
    );
    check(Entry::Sqlx, &input, expected);
}

fn on_field(options: &str, expected: &[&str]) {
    check_field(&format!("id: i64, #[encrypt({options})] a: String"), expected);
}

#[test]
fn accepted() {
    for options in [
        "index(column = a_index)",
        "index(column = \"a_index\", normalize = \"casefold, trim\")",
        "index(column = a_index, normalize = path::to::function, bits = 24)",
        "index(column = a_index, normalize = (\"trim\", to::function, \"phone:DE\"))",
        "index(column = a3, prefix = 3), index(column = a4, suffix = 4, context = \"c\")",
        "index(table = path::to::words, row = user_id, words)",
        "index(table = words, row = user_id, column = word, trigrams)",
        "deterministic, normalize = \"email\", index(column = a_next, shadow)",
    ] {
        on_field(options, &[]);
    }
    check_field(
        "#[encrypt(index(column = b, bucket = 30, first = \"1900-01-01\", last = \"2100-12-31\"))] a: Date",
        &[],
    );
    check_field("#[encrypt(index(column = b, bucket = 5, first = -10, last = 0))] a: i64", &[]);
    on_struct("index(columns = (a = \"casefold\", b), column = a_b)", &[]);
}

#[test]
fn of_which_column() {
    let name = "name the column of the index: `index(column = email_index)`";
    on_field("index()", &[name]);
    on_field("index(bits = 24)", &[name]);
    on_field("index", &["name the column of the index: `#[encrypt(index(column = email_index))]`"]);
    on_field("index(column = \"a b\")", &["`a b` is no identifier, so the column needs another name"]);
    on_field(
        "index(column = x), index(column = x)",
        &["`x` gives the marker `UserX` already; give the index another column"],
    );
    check_field(
        "#[encrypt(index(column = b))] a: String, #[encrypt] b: String",
        &["`b` gives the marker `UserB` already; give the index another column"],
    );
    on_field("index(collumn = x)", &["an index has no option `collumn`; did you mean `column`?", name]);
    on_field("index(column = x, column = y)", &["`column` is given twice; keep one"]);
}

#[test]
fn of_what() {
    on_field(
        "index(column = x, prefix = 3, suffix = 4)",
        &[
            "an index is of one kind: `prefix`, `suffix`, `bucket`, `words` or `trigrams`; write another index",
        ],
    );
    on_field("index(column = x, prefix = 0)", &["a prefix has 1 to 1000 characters"]);
    on_field("index(column = x, bits = 257)", &["a term has 4 to 256 bits"]);
    on_field("index(column = x, bits = \"24\")", &["`bits` is written like this: `index(bits = 24)`"]);
    on_field(
        "index(column = x, first = 3)",
        &["only an index of buckets has ends; write `bucket = …` beside it"],
    );
    on_field(
        "index(column = x, bucket = 3, first = 3, last = 2)",
        &["`first` and `last` are the ends of a range, both numbers or both dates"],
    );
    on_field(
        "index(column = x, bucket = 3, first = \"1900-02\")",
        &["`first` is written like this: `index(first = 0)`"],
    );
    on_field(
        "index(column = x, words)",
        &[
            "each value has several of these, which need a table of their own: `index(table = user_words, row = user_id, words)`",
        ],
    );
    on_field(
        "index(column = x, table = t, row = r)",
        &[
            "this index has one term for each value and is a column beside it; remove `table`, or write `words` or `trigrams`",
        ],
    );
    on_field(
        "index(table = t, words)",
        &[
            "name the column of that table which tells the row: `index(table = user_words, row = user_id, words)`",
        ],
    );
}

#[test]
fn numbers_and_dates() {
    on_field("index(column = x, prefix = 3u8)", &["`prefix` is written like this: `index(prefix = 3)`"]);
    for date in
        ["2023-02-29", "2023-02-30", "1900-02-29", "2023-04-31", "2023-13-01", "2023-00-01", "2023-01-00"]
    {
        on_field(
            &format!("index(column = x, bucket = 1, first = \"{date}\")"),
            &["`first` is written like this: `index(first = 0)`"],
        );
    }
    for date in ["2000-02-29", "2024-02-29", "2023-12-31", "0000-01-01"] {
        on_field(&format!("index(column = x, bucket = 1, first = \"{date}\")"), &[]);
    }
    on_field("index(column = r#type), index(column = \"match\", prefix = 1)", &[]);
}

#[test]
fn shadows() {
    let whole = "a shadow keeps a column UNIQUE, and is an index of whole values with 128 bits or more";
    for options in ["prefix = 3", "suffix = 3", "bits = 127", "bucket = 5"] {
        on_field(&format!("index(column = x, shadow, {options})"), &[whole]);
    }
    on_field("index(column = x, shadow, bits = 128)", &[]);
}

#[test]
fn rows_of_terms() {
    let of = |fields: &str, attribute: &str, index: &str, expected: &[&str]| {
        let input = format!(
            "#[diesel(table_name = a{attribute})] struct User {{ {fields}, #[encrypt(index(table = t, row = r, words{index}))] a: String }}"
        );
        check(Entry::Diesel, &input, expected);
    };
    of("id: i64", "", "", &[]);
    of(
        "number: i64",
        "",
        "",
        &["there is no field `id` that rows of the index could name; say which column they name: `key = …`"],
    );
    of("number: i64", "", ", key = number", &[]);
    of("number: i64", ", primary_key(number)", "", &[]);
    of(
        "org: i64, id: i64",
        ", primary_key(org, id)",
        "",
        &["the primary key has several columns; name the one by which a row is found: `key = id`"],
    );
    of("org: i64, id: i64", ", primary_key(org, id)", ", key = id", &[]);
}

#[test]
fn compound_indexes_that_would_be_left_behind() {
    let of = |b: &str, options: &str, expected: &[&str]| {
        let input = format!(
            "#[diesel(table_name = t)] #[encrypt(index(columns = (a, b), column = a_b){options})] struct User {{ #[encrypt] a: String, {b} #[encrypt] b: String }}"
        );
        check(Entry::Diesel, &input, expected);
    };
    let behind = |what: &str, remedy: &str| {
        format!(
            "an {what} writes some of the fields of this index and not the others, so that the index would be left behind; write `{remedy}`, \
             and {what} by a struct with all of them"
        )
    };
    of("", "", &[]);
    of("#[diesel(skip_update)]", "", &[&behind("update", "no_update")]);
    of("#[diesel(skip_update)]", ", no_update", &[]);
    of("#[diesel(skip_insertion)]", "", &[&behind("insert", "no_insert")]);
    of("#[diesel(skip_insertion)]", ", no_insert", &[]);
    of(
        "#[diesel(serialize_as = Trimmed)]",
        "",
        &["the index is made of the field's value, which `serialize_as` and `embed` replace"],
    );
}

#[test]
fn made_alike() {
    on_field(
        "index(column = x, normalize = \"lowercas\")",
        &[
            "there is no normalisation `lowercas`; did you mean `lowercase`? They are nfc, casefold, lowercase, trim, spaces, digits, email, phone",
        ],
    );
    on_field(
        "index(column = x, normalize = \"phone:de\")",
        &["only `phone` has a region, of two letters: `phone:DE`"],
    );
    on_field(
        "index(column = x, normalize = \"\")",
        &["`normalize` is written like this: `index(normalize = \"casefold,trim\")`"],
    );
    on_field(
        "normalize = \"trim\"",
        &[
            "what is randomized is not searched, so there is nothing to make alike; write `deterministic` beside it, or put \
           `normalize` into an `index(…)`, which leaves the value as it is",
        ],
    );
    on_field(
        "index(column = x, bucket = 3, normalize = \"trim\")",
        &["only text is normalised, and text has no buckets"],
    );
}

#[test]
fn compound() {
    on_field(
        "index(columns = (a, b), column = x)",
        &["an index of several fields stands on the struct: `#[encrypt(index(columns = (…), column = …))]`"],
    );
    let several = "an index on the struct is of two to four fields, `index(columns = (last_name, birth_date), column = name_birth)`; one of \
                   a single field stands on the field";
    on_struct("index(column = x)", &[several]);
    on_struct("index(columns = (a), column = x)", &[several]);
    on_struct("index(columns = (a, c), column = x)", &["there is no field `c`"]);
    on_struct(
        "index(columns = (a, id), column = x)",
        &[
            "`id` is not encrypted; an index is of encrypted fields, and the database can search the others itself",
        ],
    );
    on_struct("index(columns = (a, b), column = x, prefix = 3)", &["a compound index is of whole values"]);
    on_struct(
        "index(columns = (a, b), column = x, normalize = \"trim\")",
        &[
            "each field of a compound index has its own: `columns = (last_name = \"casefold,trim\", birth_date)`",
        ],
    );
}

#[test]
fn of_another_struct() {
    let of = |options: &str, expected: &[&str]| {
        check(
            Entry::Sqlx,
            &format!("#[encrypt(columns = User)] struct New<'a> {{ #[encrypt({options})] a: &'a str }}"),
            expected,
        );
    };
    of("index(column = a_index)", &[]);
    of("index(column = a_index, bits = 24)", &["`User` declares this index; name its column only"]);
    of(
        "index(column = a_index, normalize = \"trim\")",
        &["`User` declares this index; name its column only"],
    );
    of("normalize = \"trim\"", &["`User` declares this column; remove `normalize` here"]);
}
