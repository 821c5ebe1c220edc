//! What stands in a struct and its attributes: the derives answer with code, and do not panic.
//!
//! The derives are compiled into this program, where `proc_macro2` has no compiler beneath it.
#![no_main]
#![allow(dead_code, reason = "the sources of another crate")]

#[path = "../../envelope-derive/src"]
mod source {
    pub(crate) mod attr;
    pub(crate) mod check;
    pub(crate) mod errors;
    pub(crate) mod expand;
    pub(crate) mod fallback;
    pub(crate) mod model;
    pub(crate) mod names;
    pub(crate) mod plaintext;
    pub(crate) mod types;
}

use libfuzzer_sys::fuzz_target;
use proc_macro2::TokenStream;
use quote::quote;
use source::{attr, check, errors, expand, fallback, model, names, plaintext, types};

fuzz_target!(|text: &str| {
    // Either an item, or, in lines, what stands in the places where something is written.
    if let Ok(item) = text.parse() {
        derive(item);
    }
    let mut lines = text.lines().map(|line| line.parse::<TokenStream>().unwrap_or_default());
    let [outer, inner, second, ty] = [(); 4].map(|()| lines.next().unwrap_or_default());
    let ty = if ty.is_empty() { quote!(String) } else { ty };
    derive(quote! {
        #[encrypt(#outer)]
        struct User { id: i64, #[encrypt(#inner)] email: #ty, #[encrypt(#second)] note: Option<String>, plain: #ty }
    });
    derive(
        quote!(#[diesel(table_name = users)] #[encrypt(#outer)] struct User<'a> { #[encrypt(#inner)] #[encrypt(#second)] a: &'a #ty }),
    );
    derive(quote!(
        #[encrypt(#outer)]
        enum Plan {
            #[encrypt(#inner)]
            Free,
            #[encrypt(#second)]
            Paid,
        }
    ));
    derive(quote!(#[encrypt(#outer)] struct Iban(#[encrypt(#inner)] #ty);));
});

fn derive(item: TokenStream) {
    for entry in [model::Entry::Diesel, model::Entry::Sqlx] {
        for expanded in [expand::derive(item.clone(), entry), plaintext::derive(item.clone(), entry)] {
            if let Err(error) = syn::parse2::<syn::File>(expanded.clone()) {
                panic!("the derive emits what is no code: {error}\n{expanded}");
            }
        }
    }
}
