//! How values are made alike, and where their terms stand, in `envelope.toml`.

use envelope_core::{Field, Index, Normalizer, Take};

/// `normalize = "casefold,trim"`, as in `#[encrypt(…)]`.
pub(super) fn steps(names: &str) -> Result<&'static [Normalizer], &'static str> {
    let steps: Vec<_> = names.split(',').map(|name| step(name.trim())).collect::<Result<_, _>>()?;
    Ok(steps.leak())
}

fn step(name: &str) -> Result<Normalizer, &'static str> {
    Ok(match name {
        "nfc" => Normalizer::Nfc,
        "casefold" => Normalizer::Casefold,
        "lowercase" => Normalizer::Lowercase,
        "trim" => Normalizer::Trim,
        "spaces" => Normalizer::Spaces,
        "digits" => Normalizer::Digits,
        "email" => Normalizer::Email,
        _ if name == "phone" || name.starts_with("phone:") => {
            if !cfg!(feature = "phone") {
                return Err("the step `phone` needs the tool built with the feature `phone`");
            }
            Normalizer::Phone(name.strip_prefix("phone:").map(|region| &*region.to_owned().leak()))
        }
        _ => {
            return Err(
                "the steps of `normalize` are `nfc`, `casefold`, `lowercase`, `trim`, `spaces`, `digits`, `email` and `phone`; a column \
                 that is made alike by a function of the application is the application's to encrypt: mount the commands in it",
            );
        }
    })
}

type Indexes = &'static [Field];

/// `index = ["email_index", "person_words.term"]`: columns of terms in the table itself and in others. How the terms are made is the
/// application's affair: the tool looks only at the keys that they name.
pub(super) fn indexes(table: &str, columns: &[String]) -> Result<(Indexes, Indexes), &'static str> {
    let (mut own, mut apart) = (Vec::new(), Vec::new());
    for name in columns {
        let (of, column) = name.rsplit_once('.').unwrap_or((table, name));
        if of.is_empty() || column.is_empty() {
            return Err("an `index` is named by its column, or by `table.column`");
        }
        let keep = |text: &str| -> &'static str { text.to_owned().leak() };
        let field = Field::of_index(keep(of), keep(column), "index", Index::new(Take::Whole));
        if of == table { own.push(field) } else { apart.push(field) }
    }
    Ok((own.leak(), apart.leak()))
}
