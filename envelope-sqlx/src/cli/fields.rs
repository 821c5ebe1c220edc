//! How values are made alike, and where their terms stand, in `envelope.toml`.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use envelope_core::{
    Buckets, Encoding, Field, Index, IndexKey, Normalizer, Ordered, PlaintextKind, Take, TermTable,
};
use serde::Deserialize;

/// Descriptions of columns live as long as the process: they are made once, when it starts.
pub(super) fn keep(text: &str) -> &'static str {
    text.to_owned().leak()
}

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

/// An index of one column, with the options that it has in the struct.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IndexConfig {
    column: Option<String>,
    normalize: Option<String>,
    bits: Option<u16>,
    prefix: Option<u32>,
    suffix: Option<u32>,
    bucket: Option<i64>,
    first: Option<End>,
    last: Option<End>,
    #[serde(default)]
    words: bool,
    #[serde(default)]
    trigrams: bool,
    table: Option<String>,
    row: Option<String>,
    key: Option<String>,
    context: Option<String>,
    #[serde(default)]
    shadow: bool,
    /// Its terms are made by a function of the application, so it is only looked for keys in it.
    #[serde(default)]
    made_by_application: bool,
}

/// An index of several columns.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompoundConfig {
    column: String,
    columns: Vec<CompoundPart>,
    bits: Option<u16>,
    context: Option<String>,
    #[serde(default)]
    shadow: bool,
    #[serde(default)]
    made_by_application: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CompoundPart {
    name: String,
    normalize: Option<String>,
}

/// An end of a range: a number, or a day.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum End {
    Number(i64),
    Day(String),
}

/// What of the table an index is of.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) table: &'a str,
    pub(super) tenant: Option<&'a str>,
    pub(super) column: &'a str,
    pub(super) kind: PlaintextKind,
    pub(super) encoding: Encoding,
}

impl IndexConfig {
    /// The index, and whether it is known how its terms are made.
    pub(super) fn field(&self, of: Of<'_>) -> Result<(Field, bool), &'static str> {
        let steps = self.normalize.as_deref().map_or(Ok(&[][..]), steps)?;
        let take = self.take(of.kind)?;
        let is_of_text = !matches!(take, Take::Whole | Take::Bucket(_)) || !steps.is_empty();
        if is_of_text && of.kind != PlaintextKind::Text {
            return Err("only text is normalised or found by a part");
        }
        let is_whole = |step: &Normalizer| matches!(step, Normalizer::Email | Normalizer::Phone(_));
        if !matches!(take, Take::Whole) && steps.iter().any(is_whole) {
            return Err(
                "`email` and `phone` take whole values; for parts of them there are `casefold` and `digits`",
            );
        }
        let mut index = Index::new(take).normalized(vec![steps].leak());
        index = built(index, self.bits, self.shadow)?;
        let in_table = matches!(take, Take::Words | Take::Trigrams);
        let (table, column, default) = match (&self.table, &self.row, in_table) {
            (Some(table), Some(row), true) => {
                let key = self.key.as_deref().unwrap_or("id");
                index =
                    index.in_table(TermTable { row: keep(row), of_table: keep(of.table), key: keep(key) });
                let what = if matches!(take, Take::Words) { "words" } else { "trigrams" };
                let column = self.column.as_deref().unwrap_or("term");
                (&**table, column, format!("{table}.{}_{what}", of.column))
            }
            (None, None, false) => {
                let column = self.column.as_deref().ok_or("name the `column` of the index")?;
                (of.table, column, format!("{}.{column}", of.table))
            }
            _ => {
                return Err(
                    "an index of `words` or `trigrams`, and no other, has a `table` and a `row` there",
                );
            }
        };
        let context = self.context.clone().unwrap_or(default);
        let field = described(table, column, &context, index, of)?;
        Ok((field.encoding(of.encoding), !self.made_by_application))
    }

    fn take(&self, kind: PlaintextKind) -> Result<Take, &'static str> {
        let takes =
            [self.prefix.is_some(), self.suffix.is_some(), self.bucket.is_some(), self.words, self.trigrams];
        if takes.into_iter().filter(|is_said| *is_said).count() > 1 {
            return Err("an index has one of `prefix`, `suffix`, `bucket`, `words` and `trigrams`");
        }
        if self.prefix == Some(0) || self.suffix == Some(0) {
            return Err("a `prefix` or `suffix` has 1 character or more");
        }
        Ok(match (self.prefix, self.suffix, self.bucket) {
            (Some(length), ..) => Take::Prefix(length),
            (_, Some(length), _) => Take::Suffix(length),
            (.., Some(width)) => Take::Bucket(match kind {
                PlaintextKind::AnyInteger => self.buckets::<i64>(width)?,
                PlaintextKind::CalendarDate => self.buckets::<NaiveDate>(width)?,
                PlaintextKind::TimeOfDay => self.buckets::<NaiveTime>(width)?,
                PlaintextKind::DateAndTime => self.buckets::<NaiveDateTime>(width)?,
                PlaintextKind::PointInTime => self.buckets::<DateTime<Utc>>(width)?,
                PlaintextKind::PointInTimeWithOffset => self.buckets::<DateTime<FixedOffset>>(width)?,
                _ => return Err("`bucket` is for integers, dates and times; name the column's `kind`"),
            }),
            _ if self.words => Take::Words,
            _ if self.trigrams => Take::Trigrams,
            _ => Take::Whole,
        })
    }

    fn buckets<P: Ordered>(&self, width: i64) -> Result<Buckets, &'static str> {
        let end = |end: &Option<End>| match end {
            None => Ok(None),
            Some(End::Number(number)) => Ok(Some(*number)),
            Some(End::Day(day)) => {
                let day: NaiveDate =
                    day.parse().map_err(|_| "`first` and `last` are numbers, or days: \"1900-01-01\"")?;
                if P::DAY == 0 {
                    return Err("an end of this range is a number, not a day");
                }
                let days = day.signed_duration_since(NaiveDate::default()).num_days();
                Ok(Some(Buckets::day::<P>(days)))
            }
        };
        let (first, last) = (end(&self.first)?, end(&self.last)?);
        if width <= 0 || first.zip(last).is_some_and(|(first, last)| first > last) {
            return Err("a `bucket` is 1 wide or wider, and `first` is not behind `last`");
        }
        Ok(Buckets::of::<P>(width, first, last))
    }
}

impl CompoundConfig {
    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|part| part.name == column)
    }

    pub(super) fn field(&self, of: Of<'_>) -> Result<(Field, bool), &'static str> {
        if !(2..=4).contains(&self.columns.len()) {
            return Err("an index of the table is of two to four `columns`");
        }
        let lists: Vec<&'static [Normalizer]> = self
            .columns
            .iter()
            .map(|part| part.normalize.as_deref().map_or(Ok(&[][..]), steps))
            .collect::<Result<_, _>>()?;
        let columns: Vec<&'static str> = self.columns.iter().map(|part| keep(&part.name)).collect();
        let index = Index::new(Take::Whole).normalized(lists.leak()).of_columns(columns.leak());
        let index = built(index, self.bits, self.shadow)?;
        let context = self.context.clone().unwrap_or_else(|| format!("{}.{}", of.table, self.column));
        Ok((described(of.table, &self.column, &context, index, of)?, !self.made_by_application))
    }
}

fn built(index: Index, bits: Option<u16>, is_shadow: bool) -> Result<Index, &'static str> {
    if bits.is_some_and(|bits| !(4..=256).contains(&bits)) {
        return Err("`bits` is 4 to 256");
    }
    let index = bits.map_or(index, |bits| index.bits(bits));
    Ok(if is_shadow { index.under(IndexKey::Newest) } else { index })
}

fn described(
    table: &str,
    column: &str,
    context: &str,
    index: Index,
    of: Of<'_>,
) -> Result<Field, &'static str> {
    if context.is_empty() || context.len() > 255 {
        return Err("a context has 1 to 255 bytes");
    }
    let field = Field::of_index(keep(table), keep(column), keep(context), index);
    Ok(of.tenant.map_or(field, |tenant| field.of_tenants(keep(tenant))))
}
