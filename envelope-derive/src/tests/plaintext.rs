//! `#[derive(Plaintext)]`.

use crate::{model::Entry, plaintext};

/// What `#[derive(Plaintext)]` says of the input.
#[track_caller]
fn check_plaintext(input: &str, expected: &[&str]) {
    for entry in [Entry::Diesel, Entry::Sqlx] {
        let code = plaintext::derive(input.parse().unwrap(), entry);
        let file: syn::File = syn::parse2(code).expect("the expansion parses");
        let messages = file.items.iter().filter_map(|item| match item {
            syn::Item::Macro(item) => Some(item.mac.parse_body::<syn::LitStr>().unwrap().value()),
            _ => None,
        });
        assert_eq!(messages.collect::<Vec<_>>(), expected, "{input}");
    }
}

#[test]
fn plaintexts_without_an_encoding() {
    let one = "a struct has an encoding if it has exactly one field; for others implement `ToPlaintext` and `FromPlaintext`";
    for input in ["struct A;", "struct A();", "struct A(u8, u8);", "struct A { a: u8, b: u8 }"] {
        check_plaintext(input, &[one]);
    }
    check_plaintext(
        "union A { a: u8 }",
        &["a union has no encoding; implement `ToPlaintext` and `FromPlaintext`"],
    );
    check_plaintext(
        "enum A {}",
        &["an enum without variants has no value to encrypt; write one with variants"],
    );
    let data = "an enum has an encoding if no variant holds data; for others implement `ToPlaintext` and `FromPlaintext`";
    check_plaintext("enum A { B(u8), C, D { d: u8 } }", &[data, data]);
    check_plaintext(
        "struct A<'a>(&'a str);",
        &["a plaintext is read back and has to own its data; write a type without lifetimes, and implement \
           `ToPlaintext` for the one that borrows"],
    );
    check_plaintext(
        "struct A(Option<u8>);",
        &["NULL is not encrypted: write the type without `Option`, and `Option` around the newtype"],
    );
}

#[test]
fn options_of_plaintexts() {
    check_plaintext(
        "enum A { B, #[encrypt(rename = \"B\")] C, #[encrypt(rename = \"\")] D }",
        &["`B` is written as `B` already; rename one"],
    );
    check_plaintext(
        "enum A { #[encrypt(renam = \"b\")] B }",
        &["there is no option `renam`; did you mean `rename`?"],
    );
    check_plaintext(
        "#[encrypt(rename = \"b\")] struct A(u8);",
        &[
            "`rename` has no meaning on a type with `#[derive(Plaintext)]`; write `#[encrypt(rename = \"active\")]` on a \
           variant of an enum with `#[derive(Plaintext)]`",
        ],
    );
    check_plaintext(
        "struct A(#[encrypt(deterministic)] u8);",
        &[
            "a field of a type with `#[derive(Plaintext)]` has no options; write `#[encrypt]` where the type is the field of \
           a model",
        ],
    );
    check_plaintext("#[encrypt(crate = a::b)] struct A<T>(Vec<T>);", &[]);
}
