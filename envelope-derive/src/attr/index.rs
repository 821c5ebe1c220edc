//! The syntax of `index(…)` and of `normalize = …`.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{
    LitInt, LitStr, Path, Token, parenthesized,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    token::{Comma, Paren},
};

use super::{
    items::{self, Item, Value},
    suggest,
};
use crate::errors::Errors;

/// One `index(…)`.
pub(crate) struct IndexAttrs {
    /// Where it stands.
    pub(crate) span: Span,
    /// The column of its terms.
    pub(crate) column: Option<LitStr>,
    /// The fields that it is of, on a struct.
    pub(crate) columns: Vec<(Ident, Vec<Step>)>,
    pub(crate) normalize: Option<Vec<Step>>,
    pub(crate) bits: Option<LitInt>,
    pub(crate) prefix: Option<LitInt>,
    pub(crate) suffix: Option<LitInt>,
    pub(crate) bucket: Option<LitInt>,
    pub(crate) first: Option<End>,
    pub(crate) last: Option<End>,
    pub(crate) words: Option<Span>,
    pub(crate) trigrams: Option<Span>,
    pub(crate) table: Option<Path>,
    pub(crate) row: Option<LitStr>,
    pub(crate) key: Option<LitStr>,
    pub(crate) context: Option<LitStr>,
    pub(crate) shadow: Option<Span>,
    pub(crate) allow_low_cardinality: Option<Span>,
}

/// A step of normalisation.
#[derive(Clone)]
pub(crate) enum Step {
    /// By its name, with the region of `phone:DE`.
    Named(LitStr, String),
    /// A function of the application.
    Function(Path),
}

/// An end of the range of an index of buckets: a number, or a date in quotes.
#[derive(Clone)]
pub(crate) struct End {
    pub(crate) span: Span,
    /// In units, or in days if it is a date.
    pub(crate) value: i64,
    pub(crate) is_date: bool,
}

/// The steps that have a name.
pub(crate) const STEPS: [&str; 8] =
    ["nfc", "casefold", "lowercase", "trim", "spaces", "digits", "email", "phone"];

/// Every option, with what its use looks like.
const OPTIONS: [(&str, &str); 17] = [
    ("column", "column = email_index"),
    ("columns", "columns = (last_name, birth_date)"),
    ("normalize", "normalize = \"casefold,trim\""),
    ("bits", "bits = 24"),
    ("prefix", "prefix = 3"),
    ("suffix", "suffix = 4"),
    ("bucket", "bucket = 30"),
    ("first", "first = 0"),
    ("last", "last = 150"),
    ("words", "words"),
    ("trigrams", "trigrams"),
    ("table", "table = user_words"),
    ("row", "row = user_id"),
    ("key", "key = id"),
    ("context", "context = \"subscriber_email_index\""),
    ("shadow", "shadow"),
    ("allow_low_cardinality", "allow_low_cardinality"),
];

/// Reads `index(…)`.
pub(super) fn index(item: &Item, errors: &mut Errors) -> Option<IndexAttrs> {
    let Value::List(tokens) = &item.value else {
        errors.on(item, "name the column of the index: `#[encrypt(index(column = email_index))]`");
        return None;
    };
    let mut attrs = IndexAttrs::new(item.name.span());
    for item in items::split(tokens.clone(), errors) {
        let name = item.name();
        match name.as_str() {
            "column" => set(&mut attrs.column, &item, text(&item), errors),
            "columns" => {
                let fields = fields(&item);
                if attrs.columns.is_empty() {
                    attrs.columns = fields.unwrap_or_default();
                }
                if attrs.columns.is_empty() {
                    malformed(&item, errors);
                }
            }
            "normalize" => set(&mut attrs.normalize, &item, steps(&item, errors), errors),
            "bits" => set(&mut attrs.bits, &item, integer(&item), errors),
            "prefix" => set(&mut attrs.prefix, &item, integer(&item), errors),
            "suffix" => set(&mut attrs.suffix, &item, integer(&item), errors),
            "bucket" => set(&mut attrs.bucket, &item, integer(&item), errors),
            "first" => set(&mut attrs.first, &item, end(&item), errors),
            "last" => set(&mut attrs.last, &item, end(&item), errors),
            "words" => set(&mut attrs.words, &item, flag(&item), errors),
            "trigrams" => set(&mut attrs.trigrams, &item, flag(&item), errors),
            "table" => set(&mut attrs.table, &item, path(&item), errors),
            "row" => set(&mut attrs.row, &item, text(&item), errors),
            "key" => set(&mut attrs.key, &item, text(&item), errors),
            "context" => set(&mut attrs.context, &item, item.assigned(), errors),
            "shadow" => set(&mut attrs.shadow, &item, flag(&item), errors),
            "allow_low_cardinality" => set(&mut attrs.allow_low_cardinality, &item, flag(&item), errors),
            _ => unknown(&item, errors),
        }
    }
    Some(attrs)
}

impl IndexAttrs {
    fn new(span: Span) -> Self {
        Self {
            span,
            column: None,
            columns: Vec::new(),
            normalize: None,
            bits: None,
            prefix: None,
            suffix: None,
            bucket: None,
            first: None,
            last: None,
            words: None,
            trigrams: None,
            table: None,
            row: None,
            key: None,
            context: None,
            shadow: None,
            allow_low_cardinality: None,
        }
    }
}

/// An option that stands there once, and can be read.
fn set<T>(slot: &mut Option<T>, item: &Item, value: Option<T>, errors: &mut Errors) {
    match value {
        None => malformed(item, errors),
        Some(_) if slot.is_some() => {
            errors.on(&item.name, format_args!("`{}` is given twice; keep one", item.name()));
        }
        Some(value) => *slot = Some(value),
    }
}

fn flag(item: &Item) -> Option<Span> {
    matches!(item.value, Value::Absent).then(|| item.name.span())
}

/// A name, in quotes or without.
fn text(item: &Item) -> Option<LitStr> {
    item.assigned::<LitStr>().or_else(|| {
        let ident = item.assigned::<Ident>()?;
        Some(LitStr::new(&syn::ext::IdentExt::unraw(&ident).to_string(), ident.span()))
    })
}

/// A number without a type.
fn integer(item: &Item) -> Option<LitInt> {
    item.assigned::<LitInt>().filter(|number| number.suffix().is_empty())
}

fn path(item: &Item) -> Option<Path> {
    match &item.value {
        Value::Assigned(tokens) => Path::parse_mod_style.parse2(tokens.clone()).ok(),
        Value::Absent | Value::List(_) => None,
    }
}

/// `(last_name = "casefold", birth_date)`.
fn fields(item: &Item) -> Option<Vec<(Ident, Vec<Step>)>> {
    let field = |tokens: ParseStream<'_>| {
        let name: Ident = tokens.parse()?;
        if !tokens.peek(Token![=]) {
            return Ok((name, Vec::new()));
        }
        tokens.parse::<Token![=]>()?;
        Ok((name, list(tokens)?))
    };
    let fields = |tokens: ParseStream<'_>| {
        let inside;
        parenthesized!(inside in tokens);
        Punctuated::<_, Comma>::parse_terminated_with(&inside, field)
    };
    match &item.value {
        Value::Assigned(tokens) => Some(fields.parse2(tokens.clone()).ok()?.into_iter().collect()),
        Value::Absent | Value::List(_) => None,
    }
}

/// `normalize = "casefold,trim"`, `normalize = path::to::function`, `normalize = ("trim", path::to::function)`.
pub(super) fn steps(item: &Item, errors: &mut Errors) -> Option<Vec<Step>> {
    let Value::Assigned(tokens) = &item.value else { return None };
    let several = |tokens: ParseStream<'_>| {
        if !tokens.peek(Paren) {
            return list(tokens);
        }
        let inside;
        parenthesized!(inside in tokens);
        let lists = Punctuated::<_, Comma>::parse_terminated_with(&inside, list)?;
        Ok(lists.into_iter().flatten().collect())
    };
    let steps: Vec<Step> = several.parse2(tokens.clone()).ok()?;
    check(&steps, errors);
    (!steps.is_empty()).then_some(steps)
}

/// What one literal, or one path, stands for.
fn list(tokens: ParseStream<'_>) -> syn::Result<Vec<Step>> {
    if tokens.peek(LitStr) {
        let text: LitStr = tokens.parse()?;
        let names = text.value();
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        return Ok(names.map(|name| Step::Named(text.clone(), name.to_owned())).collect());
    }
    Ok(vec![Step::Function(Path::parse_mod_style(tokens)?)])
}

/// Names that no step has.
pub(crate) fn check(steps: &[Step], errors: &mut Errors) {
    for step in steps {
        let Step::Named(text, name) = step else { continue };
        let (step, region) =
            name.split_once(':').map_or((name.as_str(), None), |(step, region)| (step, Some(region)));
        let is_region =
            |region: &str| region.len() == 2 && region.chars().all(|letter| letter.is_ascii_uppercase());
        if !STEPS.contains(&step) {
            let near = suggest::nearest(step, STEPS.into_iter());
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            errors.on(
                text,
                format_args!("there is no normalisation `{step}`{near} They are {}", STEPS.join(", ")),
            );
        } else if region.is_some_and(|region| step != "phone" || !is_region(region)) {
            errors.on(text, "only `phone` has a region, of two letters: `phone:DE`");
        }
    }
}

fn end(item: &Item) -> Option<End> {
    if let Some(date) = item.assigned::<LitStr>() {
        return Some(End { span: date.span(), value: days(&date.value())?, is_date: true });
    }
    let Value::Assigned(tokens) = &item.value else { return None };
    let number = |tokens: ParseStream<'_>| {
        let minus: Option<Token![-]> = tokens.parse()?;
        let number: LitInt = tokens.parse()?;
        let value: i64 = number.base10_parse()?;
        Ok(End {
            span: number.span(),
            value: if minus.is_some() { value.saturating_neg() } else { value },
            is_date: false,
        })
    };
    number.parse2(tokens.clone()).ok()
}

/// Days since 1970-01-01 of `1900-12-31`, in the proleptic Gregorian calendar.
fn days(date: &str) -> Option<i64> {
    let mut parts = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let is_leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let last = match month {
        2 => 28_i64.saturating_add(is_leap.into()),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=last).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let days_of_years = year
        .checked_mul(365)?
        .checked_add(year.div_euclid(4))?
        .checked_sub(year.div_euclid(100))?
        .checked_add(year.div_euclid(400))?;
    let days_of_months = month.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    // 719,468 days lie between March 1st of the year 0 and 1970-01-01.
    days_of_years.checked_add(days_of_months)?.checked_add(day)?.checked_sub(1)?.checked_sub(719_468)
}

fn malformed(item: &Item, errors: &mut Errors) {
    let name = item.name();
    let example = OPTIONS.iter().find(|(option, _)| *option == name).map_or("", |(_, example)| example);
    errors.on(item, format_args!("`{name}` is written like this: `index({example})`"));
}

fn unknown(item: &Item, errors: &mut Errors) {
    let name = item.name();
    let names = || OPTIONS.iter().map(|(option, _)| *option);
    let message = match suggest::nearest(&name, names()) {
        Some(near) => format!("an index has no option `{name}`; did you mean `{near}`?"),
        None => format!("an index has no option `{name}`; write one of {}", super::list(names())),
    };
    errors.on(&item.name, message);
}

/// Tokens of a step, as the format names it.
pub(crate) fn tokens(step: &Step, private: &TokenStream) -> TokenStream {
    let normalizer = quote::quote!(#private::Normalizer);
    match step {
        Step::Named(_, name) => match name.split_once(':') {
            Some((_, region)) => quote::quote!(#normalizer::phone(::core::option::Option::Some(#region))),
            None => match name.as_str() {
                "nfc" => quote::quote!(#normalizer::Nfc),
                "casefold" => quote::quote!(#normalizer::Casefold),
                "lowercase" => quote::quote!(#normalizer::Lowercase),
                "trim" => quote::quote!(#normalizer::Trim),
                "spaces" => quote::quote!(#normalizer::Spaces),
                "digits" => quote::quote!(#normalizer::Digits),
                "email" => quote::quote!(#normalizer::Email),
                _ => quote::quote!(#normalizer::phone(::core::option::Option::None)),
            },
        },
        Step::Function(path) => {
            let name = quote::quote!(#path).to_string().replace(' ', "");
            quote::quote!(#normalizer::Custom(#name, #path))
        }
    }
}
