//! Suite 0x20: the terms of an index, HMAC-SHA-256 (RFC 2104, FIPS 180-4) of what a value is found by.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    field::{Index, Take},
    key::{Depth, wipe_stack_of},
};

/// The key of an index, as the state of a hash that has taken it in.
pub(super) struct Hash(Box<Hmac<Sha256>>);

impl Hash {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Box::new(Hmac::new_from_slice(key).expect("HMAC takes keys of any length")))
    }

    pub(super) fn hash(&self, index: &Index, text: &[u8]) -> Digest {
        let hash = self.digest(index, text);
        wipe_stack_of(Depth::Hash);
        hash
    }

    #[inline(never)]
    fn digest(&self, index: &Index, text: &[u8]) -> Digest {
        let mut hash = (*self.0).clone();
        hash.update(what(index).bytes());
        hash.update(text);
        Digest(hash.finalize().into_bytes().into())
    }
}

/// A whole hash.
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// Appends the first bits, in as many bytes as they need (FORMAT.md#index-terms).
    pub(super) fn append(&self, bits: u16, term: &mut Vec<u8>) {
        let bits = usize::from(bits);
        let spare = bits.next_multiple_of(8).saturating_sub(bits);
        term.extend_from_slice(self.0.get(..bits.div_ceil(8)).unwrap_or(&self.0));
        if let Some(last) = term.last_mut() {
            *last = *last >> spare << spare;
        }
    }
}

/// What is hashed before a text: a byte, and parameters of as many bytes as it says.
pub(super) struct What([u8; 9], usize);

impl What {
    pub(super) fn bytes(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or(&self.0)
    }

    fn new<const N: usize>(kind: u8, parameter: [u8; N]) -> Self {
        let mut bytes = [kind; 9];
        bytes.iter_mut().skip(1).zip(parameter).for_each(|(byte, own)| *byte = own);
        Self(bytes, N.saturating_add(1))
    }
}

/// FORMAT.md#index-terms: what of the value the term is of. The first byte tells how long it is.
pub(super) fn what(index: &Index) -> What {
    match (index.take(), index.parts().len()) {
        (Take::Whole, 0 | 1) => What::new(0, []),
        (Take::Prefix(length), _) => What::new(1, length.to_be_bytes()),
        (Take::Suffix(length), _) => What::new(2, length.to_be_bytes()),
        (Take::Bucket(buckets), _) => What::new(3, buckets.units().to_be_bytes()),
        (Take::Words, _) => What::new(4, []),
        (Take::Trigrams, _) => What::new(5, []),
        (Take::Whole, _) => What::new(6, []),
    }
}
