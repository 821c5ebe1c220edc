//! From one kind of name to another.

use proc_macro2::Ident;
use syn::{Path, ext::IdentExt};

/// The name of what a path leads to.
pub(crate) fn last(path: &Path) -> String {
    path.segments.last().map_or_else(String::new, |segment| segment.ident.unraw().to_string())
}

/// `UserAccount` → `user_accounts`, as Diesel guesses it.
pub(crate) fn table_of(ident: &Ident) -> String {
    let mut name = String::new();
    for letter in ident.unraw().to_string().chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name.push('s');
    name
}

/// `postal_code` → `PostalCode`; a name of underscores only stays as it is.
pub(crate) fn pascal(ident: &Ident) -> String {
    let name = ident.unraw().to_string();
    let words: String = name.split('_').map(capital).collect();
    if words.is_empty() { name } else { words }
}

/// `postal_code` → `POSTAL_CODE`.
pub(crate) fn screaming(ident: &Ident) -> String {
    ident.unraw().to_string().to_uppercase()
}

/// A field's name in one of the styles of `#[sqlx(rename_all = "…")]`, as SQLx has it; `None` if there is no such style.
pub(crate) fn in_style(ident: &Ident, style: &str) -> Option<String> {
    let name = ident.unraw().to_string();
    let words: Vec<&str> = name.split('_').filter(|word| !word.is_empty()).collect();
    let capitals = |from: usize| -> String {
        words
            .iter()
            .enumerate()
            .map(|(i, word)| if i < from { (*word).into() } else { capital(word) })
            .collect()
    };
    Some(match style {
        "lowercase" => name.to_lowercase(),
        "UPPERCASE" => name.to_uppercase(),
        "snake_case" => words.join("_"),
        "SCREAMING_SNAKE_CASE" => words.join("_").to_uppercase(),
        "kebab-case" => words.join("-"),
        "camelCase" => capitals(1),
        "PascalCase" => capitals(0),
        _ => return None,
    })
}

/// `word` with its first letter in upper case.
fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
