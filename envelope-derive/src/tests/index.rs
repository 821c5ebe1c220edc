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
    check_field(&format!("#[encrypt({options})] a: String"), expected);
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
