//! Indexes: how the terms by which a column is found are made of its values.

use core::fmt;

use super::normalizer::{Normalizer, takes_parts};
use crate::plaintext::Ordered;

/// How an index makes terms of a column's values; part of its declaration (FORMAT.md#index-terms).
///
/// A term is a keyed hash: it tells which rows have equal ones, and nothing else of the value to who does not have the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    parts: &'static [&'static [Normalizer]],
    take: Take,
    bits: u16,
    key: IndexKey,
    table: Option<TermTable>,
    columns: &'static [&'static str],
}

/// What of a value an index is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Take {
    /// The whole value.
    Whole,
    /// Its first characters, so many; all of a shorter one.
    Prefix(u32),
    /// Its last characters, so many; all of a shorter one.
    Suffix(u32),
    /// The bucket that a number, date or time falls in.
    Bucket(Buckets),
    /// Each of its words: a term for each.
    Words,
    /// Each three characters that follow one another: a term for each.
    Trigrams,
}

/// Ranges of equal width, to which an index rounds what has an order.
#[derive(Clone, Copy)]
pub struct Buckets {
    /// In units, as it is declared.
    units: i64,
    /// In steps of the order.
    width: i128,
    first: i128,
    last: i128,
    order: fn(&[u8]) -> Option<i128>,
}

/// The keys under which an index is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a third has to be handled everywhere")]
pub enum IndexKey {
    /// The active search key, as all deterministic columns.
    Active,
    /// The newest search key that this process knows, which is the next one while the key is rotated.
    Newest,
}

/// A table of its own for the terms of a column, of which each value has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the derive writes it")]
pub struct TermTable {
    /// The column of the term table that names the row.
    pub row: &'static str,
    /// The table with the values.
    pub of_table: &'static str,
    /// The column there that the row is named by.
    pub key: &'static str,
}

impl Index {
    /// An index of whole values, or of what of them is said, with terms of 128 bits, which two values do not share.
    ///
    /// # Panics
    ///
    /// For a prefix or suffix of no characters; in a constant this is a compile error.
    #[must_use]
    pub const fn new(take: Take) -> Self {
        if let Take::Prefix(length) | Take::Suffix(length) = take {
            assert!(length > 0, "a prefix or suffix has 1 character or more");
        }
        Self { parts: &[&[]], take, bits: 128, key: IndexKey::Active, table: None, columns: &[] }
    }

    /// The same for values that are first made alike by these steps, in this order; one list for each column of a compound
    /// index.
    ///
    /// # Panics
    ///
    /// When there is no list, or what the index is of has no use for what is said; in a constant this is a compile error. An index of
    /// several columns is of whole values, one of buckets has no steps, and `email` and `phone` take whole values and no parts.
    #[must_use]
    pub const fn normalized(mut self, parts: &'static [&'static [Normalizer]]) -> Self {
        assert!(!parts.is_empty(), "an index is of one column or more");
        assert!(
            parts.len() == 1 || matches!(self.take, Take::Whole),
            "an index of several columns is of whole values"
        );
        assert!(
            matches!(parts, [[]]) || !matches!(self.take, Take::Bucket(_)),
            "numbers, dates and times are not normalised"
        );
        assert!(
            matches!(self.take, Take::Whole) || takes_parts(parts),
            "`email` and `phone` take whole values; for parts of them there are `casefold` and `digits`"
        );
        self.parts = parts;
        self
    }

    /// The same with terms of so many bits.
    ///
    /// # Panics
    ///
    /// With less than 4 or more than 256 bits; in a constant this is a compile error.
    #[must_use]
    pub const fn bits(mut self, bits: u16) -> Self {
        assert!(bits >= 4 && bits <= 256, "a term has 4 to 256 bits");
        self.bits = bits;
        self
    }

    /// The same under the newest key.
    #[must_use]
    pub const fn under(mut self, key: IndexKey) -> Self {
        self.key = key;
        self
    }

    /// The same in a table of its own.
    #[must_use]
    pub const fn in_table(mut self, table: TermTable) -> Self {
        self.table = Some(table);
        self
    }

    /// The same of several columns of a table, which these are, in this order.
    ///
    /// # Panics
    ///
    /// When they are not as many as the lists of steps; in a constant this is a compile error.
    #[must_use]
    pub const fn of_columns(mut self, columns: &'static [&'static str]) -> Self {
        assert!(
            columns.len() == self.parts.len(),
            "a compound index has a list of steps for each of its columns"
        );
        self.columns = columns;
        self
    }

    /// The columns that a compound index is of; empty for an index of one.
    #[must_use]
    pub const fn columns(&self) -> &'static [&'static str] {
        self.columns
    }

    /// The steps before a term is made, for each column that the index is of.
    #[must_use]
    pub const fn parts(&self) -> &'static [&'static [Normalizer]] {
        self.parts
    }

    /// What of a value it is of.
    #[must_use]
    pub const fn take(&self) -> Take {
        self.take
    }

    /// The length of a term in bits.
    #[must_use]
    pub const fn term_bits(&self) -> u16 {
        self.bits
    }

    /// The keys under which it is written.
    #[must_use]
    pub const fn key(&self) -> IndexKey {
        self.key
    }

    /// The table of its terms, if they have one.
    #[must_use]
    pub const fn term_table(&self) -> Option<TermTable> {
        self.table
    }

    /// Whether what it finds is what was searched, so that nothing has to be compared after decryption.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        matches!(self.take, Take::Whole) && self.bits >= 128
    }
}

impl Buckets {
    /// Buckets of so many units: 1 of a number, days of a date, seconds of a time. What is before `first` or behind `last` falls in
    /// the first or the last bucket; these have to be known for searches without one end.
    ///
    /// # Panics
    ///
    /// When the width is not positive, or `first` is behind `last`; in a constant this is a compile error.
    #[must_use]
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "64 bits times the places of a unit are far from 128 bits"
    )]
    pub const fn of<P: Ordered>(width: i64, first: Option<i64>, last: Option<i64>) -> Self {
        assert!(width > 0, "a bucket is 1 wide or wider");
        let units = width;
        let width = width as i128 * P::STEPS;
        let first = match first {
            Some(first) => (first as i128 * P::STEPS).div_euclid(width),
            None => i128::MIN,
        };
        let last = match last {
            Some(last) => (last as i128 * P::STEPS).div_euclid(width),
            None => i128::MAX,
        };
        assert!(first <= last, "the first bucket is behind the last");
        Self { units, width, first, last, order: P::order }
    }

    /// The unit in which a day begins, for a type of dates or of points in time.
    ///
    /// # Panics
    ///
    /// For a type whose values are no dates; in a constant this is a compile error.
    #[must_use]
    pub const fn day<P: Ordered>(days_since_1970: i64) -> i64 {
        assert!(P::DAY > 0, "an end of this range is a number, not a date");
        days_since_1970.saturating_mul(P::DAY)
    }

    /// The width in units.
    pub(crate) const fn units(&self) -> i64 {
        self.units
    }

    /// The place of an encoded value in the order.
    pub(crate) const fn order(&self) -> fn(&[u8]) -> Option<i128> {
        self.order
    }

    /// The bucket of a place in the order.
    pub(crate) fn number(&self, place: i128) -> i128 {
        place.div_euclid(self.width).clamp(self.first, self.last)
    }

    /// The bucket of an encoded value.
    pub(crate) fn of_value(&self, encoded: &[u8]) -> Option<i128> {
        (self.order)(encoded).map(|place| self.number(place))
    }

    /// The first and the last bucket, where they are known.
    pub(crate) const fn ends(&self) -> (Option<i128>, Option<i128>) {
        let first = if self.first == i128::MIN { None } else { Some(self.first) };
        let last = if self.last == i128::MAX { None } else { Some(self.last) };
        (first, last)
    }
}

impl PartialEq for Buckets {
    fn eq(&self, other: &Self) -> bool {
        (self.width, self.first, self.last) == (other.width, other.first, other.last)
    }
}

impl Eq for Buckets {}

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.ends();
        f.debug_struct("Buckets")
            .field("width", &self.width)
            .field("first", &first)
            .field("last", &last)
            .finish_non_exhaustive()
    }
}
