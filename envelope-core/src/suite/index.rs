//! Suite 0x20: the terms of an index, HMAC-SHA-256 (RFC 2104, FIPS 180-4) of what a value is found by.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    field::{Index, Take},
    key::wipe_stack,
};

/// The key of an index, as the state of a hash that has taken it in.
pub(super) struct Hash(Box<Hmac<Sha256>>);

impl Hash {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Box::new(Hmac::new_from_slice(key).expect("HMAC takes keys of any length")))
    }

    /// FORMAT.md#index-terms: the first bits of the hash, in as many bytes as they need.
    pub(super) fn term(&self, index: &Index, text: &[u8]) -> impl Iterator<Item = u8> + use<> {
        let hash = self.hash(index, text);
        wipe_stack();
        let bits = usize::from(index.term_bits());
        let spare = bits.next_multiple_of(8).saturating_sub(bits);
        let length = bits.div_ceil(8);
        hash.into_iter().take(length).enumerate().map(move |(number, byte)| {
            if number.saturating_add(1) == length { byte >> spare << spare } else { byte }
        })
    }

    #[inline(never)]
    fn hash(&self, index: &Index, text: &[u8]) -> [u8; 32] {
        let mut hash = (*self.0).clone();
        hash.update(&what(index));
        hash.update(text);
        hash.finalize().into_bytes().into()
    }
}

/// FORMAT.md#index-terms: what of the value the term is of. The first byte tells how long it is.
pub(super) fn what(index: &Index) -> Vec<u8> {
    match (index.take(), index.parts().len()) {
        (Take::Whole, 0 | 1) => vec![0],
        (Take::Prefix(length), _) => [&[1][..], &length.to_be_bytes()].concat(),
        (Take::Suffix(length), _) => [&[2][..], &length.to_be_bytes()].concat(),
        (Take::Bucket(buckets), _) => [&[3][..], &buckets.units().to_be_bytes()].concat(),
        (Take::Words, _) => vec![4],
        (Take::Trigrams, _) => vec![5],
        (Take::Whole, _) => vec![6],
    }
}
