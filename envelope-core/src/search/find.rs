//! What is searched, before it is known by which index.

use core::{fmt, marker::PhantomData};

use zeroize::Zeroizing;

use super::{Check, MAX_TERMS};
use crate::{
    error::SearchError,
    field::{Buckets, Index, Take},
    plaintext::{OrderedPlaintext, PlaintextError, TextPlaintext, ToPlaintext, encode},
    terms,
};

type Text = Zeroizing<Vec<u8>>;

/// What is searched in values of the type `P`.
pub struct Find<P> {
    what: Result<What, PlaintextError>,
    plain: PhantomData<fn() -> P>,
}

enum What {
    Equal(Text),
    StartsWith(Text),
    EndsWith(Text),
    Contains(Text),
    Words(Text),
    Range { from: Option<i128>, to: Option<i128>, order: fn(&[u8]) -> Option<i128> },
}

impl<P> Find<P> {
    fn new(what: Result<What, PlaintextError>) -> Self {
        Self { what, plain: PhantomData }
    }

    /// Values that are equal to this one, but for what the index makes alike.
    pub fn equal(value: &(impl ToPlaintext<Plain = P> + ?Sized)) -> Self {
        Self::new(encode(value).map(What::Equal))
    }
}

impl<P: TextPlaintext> Find<P> {
    /// Texts that begin with this one.
    #[must_use]
    pub fn starts_with(text: &str) -> Self {
        Self::new(Ok(What::StartsWith(bytes(text))))
    }

    /// Texts that end with this one.
    #[must_use]
    pub fn ends_with(text: &str) -> Self {
        Self::new(Ok(What::EndsWith(bytes(text))))
    }

    /// Texts in which this one is.
    #[must_use]
    pub fn contains(text: &str) -> Self {
        Self::new(Ok(What::Contains(bytes(text))))
    }

    /// Texts in which each word of this one is, in any order.
    #[must_use]
    pub fn words(text: &str) -> Self {
        Self::new(Ok(What::Words(bytes(text))))
    }
}

impl<P: OrderedPlaintext> Find<P> {
    /// Values from `from` to `to`, both included.
    pub fn between(from: &impl ToPlaintext<Plain = P>, to: &impl ToPlaintext<Plain = P>) -> Self {
        Self::range(Some((place::<P>(from), 0)), Some((place::<P>(to), 0)))
    }

    /// Values less than this one.
    pub fn lt(value: &impl ToPlaintext<Plain = P>) -> Self {
        Self::range(None, Some((place::<P>(value), -1)))
    }

    /// Values less than this one, or equal to it.
    pub fn le(value: &impl ToPlaintext<Plain = P>) -> Self {
        Self::range(None, Some((place::<P>(value), 0)))
    }

    /// Values greater than this one.
    pub fn gt(value: &impl ToPlaintext<Plain = P>) -> Self {
        Self::range(Some((place::<P>(value), 1)), None)
    }

    /// Values greater than this one, or equal to it.
    pub fn ge(value: &impl ToPlaintext<Plain = P>) -> Self {
        Self::range(Some((place::<P>(value), 0)), None)
    }

    fn range(from: Option<End>, to: Option<End>) -> Self {
        let end = |end: Option<End>| end.map(|(place, by)| Ok((place?, by))).transpose();
        let range = end(from).and_then(|from| Ok((from, end(to)?)));
        Self::new(range.map(|(from, to)| {
            let end = |end: Option<(i128, i128)>| {
                end.map(|(place, by)| place.checked_add(by)).map_or(Some(None), |end| end.map(Some))
            };
            // Nothing is behind the last place of all, or before the first.
            let (from, to) = end(from).zip(end(to)).unwrap_or((Some(i128::MAX), Some(i128::MIN)));
            What::Range { from, to, order: P::order }
        }))
    }
}

/// A place in the order, and how far from it the range ends.
type End = (Result<i128, PlaintextError>, i128);

fn place<P: OrderedPlaintext>(value: &impl ToPlaintext<Plain = P>) -> Result<i128, PlaintextError> {
    P::order(&encode(value)?).ok_or(const { PlaintextError::new("a value of a type that has an order") })
}

fn bytes(text: &str) -> Text {
    Zeroizing::new(text.as_bytes().to_vec())
}

impl<P> Find<P> {
    /// The texts whose terms a row has, one of each list, and what is compared after decryption.
    pub(super) fn plan(&self, index: &Index) -> Result<(Vec<Vec<Text>>, Check), SearchError> {
        let what = self.what.as_ref().map_err(|error| SearchError::Plaintext(error.clone()))?;
        let steps = index.parts();
        let alike = |text: &Text| terms::alike(steps, text).map_err(SearchError::Plaintext);
        Ok(match (what, index.take()) {
            (What::Equal(value), Take::Whole | Take::Prefix(_) | Take::Suffix(_)) => {
                let texts = terms::texts(index, value).map_err(SearchError::Plaintext)?;
                (vec![texts], Check::Same(steps, alike(value)?))
            }
            // By its place in the order: a point in time is equal at all offsets.
            (What::Equal(value), Take::Bucket(buckets)) => {
                let order = buckets.order();
                let place = order(value).ok_or(const { SearchError::Plaintext(terms::ORDER) })?;
                (
                    vec![in_buckets(&buckets, Some(place), Some(place))?],
                    Check::Range { order, from: Some(place), to: Some(place) },
                )
            }
            (What::StartsWith(needle), Take::Prefix(length)) => {
                let needle = alike(needle)?;
                let text = long_enough(&needle, length)?;
                (vec![vec![terms::first(text, length)]], Check::StartsWith(steps, needle))
            }
            (What::EndsWith(needle), Take::Suffix(length)) => {
                let needle = alike(needle)?;
                let text = long_enough(&needle, length)?;
                (vec![vec![terms::last(text, length)]], Check::EndsWith(steps, needle))
            }
            (What::Contains(needle), Take::Trigrams) => {
                let needle = alike(needle)?;
                let text = long_enough(&needle, 3)?;
                let texts =
                    terms::trigrams(text).into_iter().take(MOST_GROUPS).map(|text| vec![text]).collect();
                (texts, Check::Contains(steps, needle))
            }
            (What::Words(needle), Take::Words) => {
                let needle = alike(needle)?;
                let words = terms::words(terms::text(&needle).map_err(SearchError::Plaintext)?);
                if words.is_empty() {
                    return Err(SearchError::TooShort { characters: 0, least: 1 });
                }
                let texts = words.iter().take(MOST_GROUPS).map(|word| vec![word.clone()]).collect();
                (texts, Check::Words(steps, words))
            }
            (What::Range { from, to, order }, Take::Bucket(buckets)) => {
                let texts = in_buckets(&buckets, *from, *to)?;
                (vec![texts], Check::Range { order: *order, from: *from, to: *to })
            }
            _ => return Err(SearchError::OtherIndex),
        })
    }
}

/// The most terms that all have to be there. The comparison after decryption sees to the others.
const MOST_GROUPS: usize = 8;

/// A text that has the characters that an index is of. A shorter one would find what it is not, or nearly all.
fn long_enough(needle: &Text, length: u32) -> Result<&str, SearchError> {
    let text = terms::text(needle).map_err(SearchError::Plaintext)?;
    let least = usize::try_from(length).unwrap_or(usize::MAX).max(1);
    let characters = text.chars().count();
    if characters < least { Err(SearchError::TooShort { characters, least }) } else { Ok(text) }
}

/// The texts of the buckets between two places of the order.
fn in_buckets(buckets: &Buckets, from: Option<i128>, to: Option<i128>) -> Result<Vec<Text>, SearchError> {
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Ok(Vec::new());
    }
    let (first, last) = buckets.ends();
    let from = from.map(|place| buckets.number(place)).or(first).ok_or(SearchError::OpenRange)?;
    let to = to.map(|place| buckets.number(place)).or(last).ok_or(SearchError::OpenRange)?;
    let terms = to.saturating_sub(from).saturating_add(1);
    match usize::try_from(terms) {
        Ok(terms) if terms <= MAX_TERMS => Ok((from..=to).map(terms::bucket).collect()),
        terms => Err(SearchError::TooManyTerms { terms: terms.unwrap_or(usize::MAX), most: MAX_TERMS }),
    }
}

impl<P> fmt::Debug for Find<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Find(redacted)")
    }
}
