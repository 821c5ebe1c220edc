//! `name`, `name = value`, `name(…)`, separated by commas. Any tokens at all can be split: what is no item is reported and
//! skipped up to the next comma, so that the items behind it are still read.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Meta, ext::IdentExt, parse::Parse};

use crate::errors::Errors;

/// One option of an attribute, its value not yet looked at.
pub(crate) struct Item {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

pub(crate) enum Value {
    /// `name`
    Absent,
    /// `name = …`
    Assigned(TokenStream),
    /// `name(…)`
    List(TokenStream),
}

impl Item {
    /// The name, without `r#`.
    pub(crate) fn name(&self) -> String {
        self.name.unraw().to_string()
    }

    /// The value, if there is one behind `=` and it is a `T`.
    pub(crate) fn assigned<T: Parse>(&self) -> Option<T> {
        match &self.value {
            Value::Assigned(tokens) => syn::parse2(tokens.clone()).ok(),
            Value::Absent | Value::List(_) => None,
        }
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.name.to_tokens(tokens);
        match &self.value {
            Value::Absent => {}
            Value::Assigned(value) | Value::List(value) => value.to_tokens(tokens),
        }
    }
}

/// The options in the parentheses of `#[encrypt(…)]`; none for `#[encrypt]`.
pub(crate) fn of(attribute: &Attribute, errors: &mut Errors) -> Vec<Item> {
    match &attribute.meta {
        Meta::Path(_) => Vec::new(),
        Meta::List(list) if matches!(list.delimiter, syn::MacroDelimiter::Paren(_)) => {
            split(list.tokens.clone(), errors)
        }
        Meta::List(_) | Meta::NameValue(_) => {
            errors.on(attribute, "options stand in parentheses: `#[encrypt(…)]`");
            Vec::new()
        }
    }
}

/// Splits at commas, but not at those in the type arguments of a value.
pub(crate) fn split(tokens: TokenStream, errors: &mut Errors) -> Vec<Item> {
    let mut items = Vec::new();
    let mut tokens = ungroup(tokens).into_iter().peekable();
    while tokens.peek().is_some() {
        let mut chunk = Vec::new();
        let mut depth = 0_usize;
        let mut is_arrow = false;
        for token in tokens.by_ref() {
            if let TokenTree::Punct(punct) = &token {
                match punct.as_char() {
                    ',' if depth == 0 => break,
                    '<' => depth = depth.saturating_add(1),
                    '>' if !is_arrow => depth = depth.saturating_sub(1),
                    _ => {}
                }
                is_arrow = punct.as_char() == '-' && punct.spacing() == Spacing::Joint;
            }
            chunk.push(token);
        }
        match item(&chunk) {
            Some(item) => items.push(item),
            None if chunk.is_empty() => {}
            None => errors.on(
                chunk.into_iter().collect::<TokenStream>(),
                "expected an option: `name`, or `name = value`, separated by commas",
            ),
        }
    }
    items
}

fn item(chunk: &[TokenTree]) -> Option<Item> {
    let (TokenTree::Ident(name), rest) = chunk.split_first()? else {
        return None;
    };
    let value = match rest {
        [] => Value::Absent,
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            Value::List(group.stream())
        }
        [TokenTree::Punct(equals), value @ ..] if equals.as_char() == '=' => {
            Value::Assigned(value.iter().cloned().collect())
        }
        _ => return None,
    };
    Some(Item { name: name.clone(), value })
}

/// Options that a `macro_rules!` passed on as one fragment come in a group without delimiters.
fn ungroup(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => {
            ungroup(group.stream())
        }
        _ => tokens,
    }
}
