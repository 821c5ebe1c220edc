//! What a deterministic column or an index would tell of a column's real values, before one is declared.

mod report;

use core::ops::RangeInclusive;
use std::collections::HashMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{
    field::Index,
    key::wipe_stack,
    plaintext::{PlaintextError, ToPlaintext, encode},
    random, terms,
};

/// How many of the most frequent values are told of.
const TOP: usize = 5;
/// Fewer values than these have no term that hides which of them a row has: the shortest one has 4 bits.
const LEAST_DISTINCT: u64 = 33;
/// With fewer rows than this, what is counted may be chance.
const FEW_ROWS: u64 = 1_000;
/// Up to this many in a hundred values that occur again, a column is meant to be without.
const NEARLY: u64 = 5;
/// A value is frequent that has so many times the rows of an average one.
const FREQUENT: u64 = 10;

/// What of a column is revealed when equal values can be told to be equal. It holds no values, and prints none.
///
/// Made by [`analyze`] and [`analyze_index`]; its `Display` is a report of lines of up to 80 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Analysis {
    values: u64,
    distinct: u64,
    /// The rows of the most frequent values, the most frequent first.
    top: Vec<u64>,
}

/// What the values of a column say about searching it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// There are so few distinct values that their frequencies tell which is which, whatever the declaration.
    FewDistinct,
    /// The most frequent value has many times the rows of an average one: who knows which it is finds its rows.
    Skewed,
    /// No value is there twice.
    Unique,
    /// So many rows have a value that another row has, in a column where nearly none does.
    NearlyUnique(u64),
    /// There are too few rows to tell.
    FewRows,
}

/// Counts the values of a column as a deterministic column or an index of whole values would show them. `NULL` is not counted.
///
/// What is kept of a value while they are counted is 16 bytes of a hash under a key of this call.
///
/// ```
/// let analysis = envelope_core::analyze(["yes", "no", "yes", "yes"])?;
/// assert_eq!((analysis.values(), analysis.distinct()), (4, 2));
/// assert_eq!(analysis.bits(), None);
/// println!("{analysis}");
/// # Ok::<(), envelope_core::PlaintextError>(())
/// ```
///
/// # Errors
///
/// When a value has no encoding.
///
/// # Panics
///
/// When the operating system gives no random bytes.
pub fn analyze<V: ToPlaintext>(values: impl IntoIterator<Item = V>) -> Result<Analysis, PlaintextError> {
    let mut count = Count::new();
    for value in values {
        count.add(&encode(&value)?);
    }
    Ok(count.finish())
}

/// As [`analyze`], of what an index is of: the values after its steps, their beginnings, buckets, words. A value with several
/// words counts once for each.
///
/// # Errors
///
/// As [`analyze`], and when the index takes a value not.
///
/// # Panics
///
/// As [`analyze`].
pub fn analyze_index<V: ToPlaintext>(
    index: &Index,
    values: impl IntoIterator<Item = V>,
) -> Result<Analysis, PlaintextError> {
    let mut count = Count::new();
    for value in values {
        terms::texts(index, &encode(&value)?)?.iter().for_each(|text| count.add(text));
    }
    Ok(count.finish())
}

impl Analysis {
    /// How many values there are.
    #[must_use]
    pub const fn values(&self) -> u64 {
        self.values
    }

    /// How many different ones.
    #[must_use]
    pub const fn distinct(&self) -> u64 {
        self.distinct
    }

    /// The part of all rows, from 0 to 1, that each of the most frequent values has: up to five, the largest first.
    pub fn top_shares(&self) -> impl Iterator<Item = f64> {
        self.top.iter().map(|rows| share(*rows, self.values))
    }

    /// The lengths of a term in bits for which several values share one, so that a term does not tell which a row has, and not so many that a
    /// search finds most of the table: sqrt(distinct) < 2^bits < distinct / 2. `None` if the values are too few for any.
    #[must_use]
    pub fn bits(&self) -> Option<RangeInclusive<u16>> {
        let distinct = u128::from(self.distinct);
        let power = |bits: u16| 1_u128.checked_shl(bits.into());
        let least =
            (4..=64_u16).find(|bits| power(bits.saturating_mul(2)).is_none_or(|square| square > distinct))?;
        let most = (4..=64_u16)
            .rev()
            .find(|bits| power(bits.saturating_add(1)).is_some_and(|twice| twice < distinct))?;
        (least <= most).then_some(least..=most)
    }

    /// The rows beyond the meant ones that a search by a term of so many bits has to decrypt and leave out, on average.
    #[must_use]
    pub fn false_candidates(&self, bits: u16) -> u64 {
        self.values.checked_shr(bits.into()).unwrap_or_default()
    }

    /// What is to be known before the column is declared; empty if there is nothing.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let again = self.values.saturating_sub(self.distinct);
        let rows = self.top.first().copied().unwrap_or_default();
        let mut findings = Vec::new();
        if again > 0 && self.distinct < LEAST_DISTINCT {
            findings.push(Finding::FewDistinct);
        }
        if rows > 2 && rows.saturating_mul(self.distinct) >= self.values.saturating_mul(FREQUENT) {
            findings.push(Finding::Skewed);
        }
        if again == 0 && self.values > 1 {
            findings.push(Finding::Unique);
        } else if again > 0 && again.saturating_mul(100) <= self.values.saturating_mul(NEARLY) {
            findings.push(Finding::NearlyUnique(again));
        }
        if self.values < FEW_ROWS {
            findings.push(Finding::FewRows);
        }
        findings
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is printed with one decimal")]
fn share(rows: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { rows as f64 / of as f64 }
}

/// How often each value was there, by a hash of it: a report of a large table must not hold its plaintexts.
struct Count {
    hash: Hmac<Sha256>,
    rows: HashMap<[u8; 16], u64>,
}

impl Count {
    fn new() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        random::fill(&mut *key).expect("the operating system gives random bytes");
        Self {
            hash: Hmac::new_from_slice(&*key).expect("HMAC takes keys of any length"),
            rows: HashMap::new(),
        }
    }

    fn add(&mut self, value: &[u8]) {
        let rows = self.rows.entry(self.hashed(value)).or_default();
        *rows = rows.saturating_add(1);
        wipe_stack();
    }

    #[inline(never)]
    fn hashed(&self, value: &[u8]) -> [u8; 16] {
        let mut hash = self.hash.clone();
        hash.update(value);
        let mut first = [0; 16];
        first.iter_mut().zip(hash.finalize().into_bytes()).for_each(|(to, from)| *to = from);
        first
    }

    fn finish(self) -> Analysis {
        let mut top: Vec<u64> = self.rows.into_values().collect();
        top.sort_unstable_by(|one, other| other.cmp(one));
        let values = top.iter().fold(0, |values: u64, rows| values.saturating_add(*rows));
        let distinct = u64::try_from(top.len()).unwrap_or(u64::MAX);
        top.truncate(TOP);
        Analysis { values, distinct, top }
    }
}
