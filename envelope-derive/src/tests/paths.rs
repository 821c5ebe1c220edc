//! Generated code names its crates by the paths that were given, and the standard library from the root.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::{expand, model::Entry, plaintext};

/// The expansions of models and plaintexts whose crates all have other names.
fn code() -> TokenStream {
    let model = quote! {
        #[diesel(table_name = users)]
        #[encrypt(diesel(crate = a::orm), sqlx(crate = b::orm))]
        struct User<T> {
            id: i32,
            #[encrypt(deterministic, plaintext = "read")]
            email: Text,
            #[encrypt]
            note: ::a::Option<Text>,
            plain: ::a::Option<T>,
        }
    };
    let used = quote! {
        #[diesel(table_name = users)]
        #[encrypt(columns = User, diesel(crate = a::orm), sqlx(crate = b::orm))]
        struct Changes { #[encrypt] note: ::a::Option<::a::Option<Text>> }
    };
    let wrong = quote! {
        #[diesel(table_name = users)]
        #[encrypt(diesel(crate = a::orm), sqlx(crate = b::orm))]
        struct User { #[encrypt] email: ::a::Option<::a::Option<Text>>, #[encrypt(x)] note: Text }
    };
    let plaintexts = [
        quote!(
            #[encrypt(crate = a::orm)]
            struct Text(Inner);
        ),
        quote!(
            #[encrypt(crate = a::orm)]
            enum Text {
                A,
                B,
            }
        ),
        quote!(
            #[encrypt(crate = a::orm)]
            enum Text {
                A(u8),
                B,
            }
        ),
    ];
    let mut code = TokenStream::new();
    for entry in [Entry::Diesel, Entry::Sqlx] {
        code.extend([&model, &used, &wrong].map(|input| expand::derive(input.clone(), entry)));
        code.extend(plaintexts.iter().map(|input| plaintext::derive(input.clone(), entry)));
    }
    code
}

/// Every name with the two tokens before it.
fn names(tokens: TokenStream, found: &mut Vec<(String, String)>) {
    let mut before = [const { String::new() }; 2];
    for tree in tokens {
        let text = match tree {
            TokenTree::Group(group) => {
                names(group.stream(), found);
                String::new()
            }
            TokenTree::Ident(ident) => {
                found.push((before.concat(), ident.to_string()));
                ident.to_string()
            }
            tree => tree.to_string(),
        };
        before.rotate_left(1);
        before[1] = text;
    }
}

#[test]
fn no_crate_is_named_by_default() {
    let mut found = Vec::new();
    names(code(), &mut found);
    assert!(found.len() > 1000, "the walk goes through the whole code");
    for (before, name) in found {
        let is_ours = name.starts_with("envelope_");
        assert!(!is_ours, "`{name}` stands after `{before}`");
        let is_of_rust = ["core", "std", "alloc"].contains(&name.as_str());
        assert!(!is_of_rust || before == "::", "`{name}` stands after `{before}`");
        let is_of_the_prelude =
            ["Option", "Result", "Some", "Ok", "Err", "String", "Vec", "Box", "Default", "Clone"]
                .contains(&name.as_str());
        assert!(!is_of_the_prelude || before == "::", "`{name}` stands after `{before}`");
    }
}
