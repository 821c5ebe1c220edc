//! From a value to the texts of which an index makes terms (FORMAT.md#index-terms).

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::{
    field::{Index, Normalizer, Take},
    normalize::{is_of_word, normalize},
    plaintext::{PlaintextError, TEXT, parts},
};

type Text = Zeroizing<Vec<u8>>;

/// How many characters a search for a part of a text has at least.
pub(crate) const TRIGRAM: usize = 3;

/// Whether the only term of a value is of its encoding, as that is.
pub(crate) fn is_of_encoding(index: &Index) -> bool {
    index.take() == Take::Whole && matches!(index.parts(), [[]])
}

/// What the terms of an encoded value are of: one text, or, of an index of words or trigrams, any number of different ones.
pub(crate) fn texts(index: &Index, encoded: &[u8]) -> Result<Vec<Text>, PlaintextError> {
    if let Take::Bucket(buckets) = index.take() {
        let number = buckets.of_value(encoded).ok_or(ORDER)?;
        return Ok(vec![bucket(number)]);
    }
    let body = alike(index.parts(), encoded)?;
    Ok(match index.take() {
        Take::Whole | Take::Bucket(_) => vec![body],
        Take::Prefix(length) => vec![first(text(&body)?, length)],
        Take::Suffix(length) => vec![last(text(&body)?, length)],
        Take::Words => words(text(&body)?),
        Take::Trigrams => trigrams(text(&body)?),
    })
}

pub(crate) const ORDER: PlaintextError = PlaintextError::new("a value of a type that has an order");

/// The text of a bucket.
pub(crate) fn bucket(number: i128) -> Text {
    Zeroizing::new(number.to_be_bytes().to_vec())
}

/// A value in which what shall be found alike is alike; of a tuple, each of its values.
pub(crate) fn alike(steps: &[&[Normalizer]], encoded: &[u8]) -> Result<Text, PlaintextError> {
    if let [steps] = steps {
        return normalize(steps, encoded);
    }
    let mut alike = Zeroizing::new(Vec::with_capacity(encoded.len()));
    let mut steps = steps.iter();
    for part in parts(encoded) {
        let part = normalize(steps.next().ok_or(TUPLE)?, part?)?;
        let length = u32::try_from(part.len()).map_err(|_| TUPLE)?;
        let mut grown =
            Zeroizing::new(Vec::with_capacity(alike.len().saturating_add(part.len()).saturating_add(4)));
        grown.extend_from_slice(&alike);
        grown.extend_from_slice(&length.to_be_bytes());
        grown.extend_from_slice(&part);
        alike = grown;
    }
    if steps.next().is_some() { Err(TUPLE) } else { Ok(alike) }
}

const TUPLE: PlaintextError = PlaintextError::new("as many values as the index has columns");

pub(crate) fn text(body: &[u8]) -> Result<&str, PlaintextError> {
    core::str::from_utf8(body).map_err(|_| TEXT)
}

/// The first characters, so many, or all if there are fewer.
pub(crate) fn first(text: &str, length: u32) -> Text {
    let end = text.char_indices().nth(count(length)).map_or(text.len(), |(at, _)| at);
    let (first, _) = text.split_at(end);
    Zeroizing::new(first.as_bytes().to_vec())
}

/// The last characters, so many, or all if there are fewer.
pub(crate) fn last(text: &str, length: u32) -> Text {
    let before = text.chars().count().saturating_sub(count(length));
    let start = text.char_indices().nth(before).map_or(text.len(), |(at, _)| at);
    let (_, last) = text.split_at(start);
    Zeroizing::new(last.as_bytes().to_vec())
}

fn count(length: u32) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

/// The different words: runs of letters, marks and numbers of any script. In the order of their bytes.
pub(crate) fn words(text: &str) -> Vec<Text> {
    let words = text.split(|letter: char| !is_of_word(letter)).filter(|word| !word.is_empty());
    distinct(words.map(str::as_bytes))
}

/// The different runs of three characters. In the order of their bytes.
pub(crate) fn trigrams(text: &str) -> Vec<Text> {
    let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let ends = starts.iter().skip(TRIGRAM);
    distinct(starts.iter().zip(ends).filter_map(|(start, end)| text.as_bytes().get(*start..*end)))
}

fn distinct<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Vec<Text> {
    texts.collect::<BTreeSet<_>>().into_iter().map(|text| Zeroizing::new(text.to_vec())).collect()
}
