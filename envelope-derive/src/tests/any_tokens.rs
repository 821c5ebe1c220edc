//! Whatever stands in an attribute, the macro answers and does not panic.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

use crate::{expand, model::Entry, plaintext};

#[test]
fn no_tokens_panic() {
    let mut random = Random(1);
    for _ in 0..4_000 {
        let [outer, inner] = [random.tokens(3), random.tokens(3)];
        let (first, second) = (random.tool(), random.tool());
        derive(
            quote!(#[#first #outer] struct User<'a, T> { #[#second #inner] #[encrypt] a: &'a T, #[encrypt #inner] b: u8 }),
        );
        derive(quote!(#[encrypt #outer] enum A { #[encrypt #inner] B }));
    }
}

#[test]
fn no_options_panic() {
    const STRUCTS: [&str; 15] = [
        "table",
        "columns",
        "crate",
        "diesel",
        "sqlx",
        "no_from_row",
        "no_insert",
        "no_update",
        "sealed",
        "bind",
        "tenant",
        "index",
        "table_name",
        "rename_all",
        "treat_none_as_null",
    ];
    const FIELDS: [&str; 16] = [
        "deterministic",
        "allow_low_cardinality",
        "context",
        "plaintext",
        "encoding",
        "column",
        "type",
        "normalize",
        "index",
        "rename",
        "column_name",
        "serialize_as",
        "select_expression",
        "embed",
        "default",
        "json",
    ];
    const IDENTS: [&str; 8] = ["a", "r#type", "__", "größe", "_0", "ŉ", "名", "aB"];
    let mut random = Random(2);
    for _ in 0..4_000 {
        let outer = [random.options(&STRUCTS), random.options(&STRUCTS)];
        let inner = [random.options(&FIELDS), random.options(&FIELDS)];
        let tools = [random.tool(), random.tool()];
        let [a, b] =
            [random.of(&IDENTS), random.of(&IDENTS)].map(|name| name.parse::<TokenStream>().unwrap());
        let [ty, other] = [random.value(), random.value()];
        derive(quote! {
            #(#[#tools #outer])*
            pub struct r#User<'a, T, const N: usize> { #(#[#tools #inner])* #[encrypt] #a: #ty, #b: #other, c: &'a [T; N] }
        });
        let options = random.options(&["crate", "no_queryable", "rename"]);
        derive(quote!(#[encrypt #options] enum A { #[encrypt #options] #a, #b }));
        derive(quote!(#[encrypt #options] struct A(#[encrypt #options] #ty);));
    }
}

/// Found by `fuzz/targets/derive.rs`: a sum of traits that is borrowed, which the compiler refuses for its size with a message of its own.
#[test]
fn no_sum_of_traits_panics() {
    for ty in ["dyn A + B", "Option<dyn A + B>", "Option<A + B<u8>>", "impl A + B", "Box<dyn A + B>"] {
        let ty: TokenStream = ty.parse().unwrap();
        derive(quote! {
            #[encrypt(table = "users")]
            #[diesel(table_name = users)]
            struct User { #[encrypt] email: String, plain: #ty, #[diesel(embed)] embedded: #ty }
        });
        derive(quote!(#[encrypt(table = "users")] struct User { #[encrypt] email: #ty }));
    }
}

fn derive(input: TokenStream) {
    for entry in [Entry::Diesel, Entry::Sqlx] {
        expand::derive(input.clone(), entry);
        plaintext::derive(input.clone(), entry);
    }
}

/// A linear congruential generator: every run is the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap().checked_rem(bound).unwrap()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn tool(&mut self) -> Ident {
        Ident::new(self.of(&["encrypt", "encrypt", "diesel", "sqlx"]), Span::call_site())
    }

    /// `(name, name = value, name(value))`
    fn options(&mut self, names: &[&str]) -> TokenStream {
        let options = (0..self.below(4)).map(|_| {
            let name = Ident::new(self.of(names), Span::call_site());
            let value = self.value();
            match self.below(4) {
                0 => quote!(#name),
                1 => quote!(#name(#value)),
                _ => quote!(#name = #value),
            }
        });
        let options = options.collect::<Vec<_>>();
        quote!((#(#options),*))
    }

    /// Something that could be a value, of whatever option, or a type.
    fn value(&mut self) -> TokenStream {
        const VALUES: [&str; 40] = [
            "\"\"",
            "\"users\"",
            "\"r#in\"",
            "\"\\0é 😀\"",
            "\"users²\"",
            "\"名\"",
            "\"'\\\"\"",
            "\"read\"",
            "\"String\"",
            "\"camelCase\"",
            "\"kebab-case\"",
            "User",
            "self::models::User",
            "::a::r#type",
            "crate",
            "Self",
            "String",
            "&'a str",
            "Option<T>",
            "Option<Option<Option<u8>>>",
            "Encrypted<UserA>",
            "Option<Encrypted<UserType>>",
            "dyn Fn(u8) -> u8",
            "[u8; N]",
            "!",
            "_",
            "m!()",
            "(u8, T)",
            "fn(&u8) -> bool",
            "<T as A>::B",
            "&'a Option<u8>",
            "5",
            "true",
            "Box<[u8]>",
            "column = x, bits = 99999999999999999999",
            "columns = (a = \"trim,phone:DE\", b), column = c",
            "table = t::u, row = \"r\", words, shadow",
            "column = \"a b\", bucket = 1, first = \"9999-12-31\", last = -9223372036854775808",
            "column = é, prefix = 3, normalize = (a::b, \"nfc\")",
            "(\"trim\", crate::f)",
        ];
        self.of(&VALUES).parse().unwrap()
    }

    /// Anything at all.
    fn tokens(&mut self, depth: usize) -> TokenStream {
        (0..self.below(6)).map(|_| self.tree(depth)).collect()
    }

    fn tree(&mut self, depth: usize) -> TokenTree {
        match self.below(7) {
            0..3 => {
                let names = [
                    "table",
                    "crate",
                    "deterministic",
                    "context",
                    "type",
                    "column",
                    "rename",
                    "_",
                    "é",
                    "Option",
                ];
                TokenTree::Ident(Ident::new(self.of(&names), Span::call_site()))
            }
            3 => {
                let spacing = self.of(&[Spacing::Alone, Spacing::Joint]);
                TokenTree::Punct(Punct::new(self.of(&['=', ',', '<', '>', ':', '&', '-', '#']), spacing))
            }
            4 => TokenTree::Literal(Literal::string(self.of(&["", "a", "users", "r#in"]))),
            5 => TokenTree::Literal(Literal::u8_suffixed(7)),
            _ => {
                use Delimiter::{Brace, Bracket, None, Parenthesis};
                let inner = depth.checked_sub(1).map_or_else(TokenStream::new, |depth| self.tokens(depth));
                TokenTree::Group(Group::new(self.of(&[Parenthesis, None, Bracket, Brace]), inner))
            }
        }
    }
}
