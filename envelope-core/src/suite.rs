//! Suite → algorithm: the key of one column under one data key, ready for use.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod block;
mod deterministic;
mod index;
mod randomized;
mod xaes;
#[cfg(test)]
mod vectors;

use core::fmt;

pub use randomized::CipherBackend;
use zeroize::{Zeroize, Zeroizing};

use self::randomized::Aead;
use crate::{
    envelope::{HEADER_LEN, MAX_PLAINTEXT, Portable, Suite, TAG_LEN, header},
    field::Index,
    key::{DataKey, KeyId, Tenant, length, push, wipe_stack},
    plaintext::{PlaintextBytes, PlaintextError, PlaintextWriter, ToPlaintext},
    random::{self, RandomError},
    row::RowKey,
};

const COLUMN_KEY_LABEL: &[u8] = b"envelope/v1/column-key";
const NO_VALUE: PlaintextError = PlaintextError::new("a value of a column that is encrypted");
const VALUE_LABEL: &[u8] = b"envelope/v1/value";

/// The key of one column under one data key, with what every value of the column is bound to.
pub(crate) struct ColumnKey {
    cipher: Cipher,
    /// The header of every value under this key; the associated data begins with it.
    header: [u8; HEADER_LEN],
    /// The associated data of a value that is not bound to its row.
    unbound_ad: Box<[u8]>,
}

enum Cipher {
    Gcm(randomized::Gcm),
    Xaes(xaes::Xaes),
    Siv(deterministic::Siv),
    Hash(index::Hash),
}

impl Cipher {
    #[inline(never)]
    fn derive(
        data_key: &DataKey,
        id: KeyId,
        suite: Suite,
        tenant: &Tenant,
        context: &str,
        backend: CipherBackend,
    ) -> Self {
        match suite {
            Suite::Gcm => {
                Self::Gcm(randomized::Gcm::new(&derive(data_key, id, suite, tenant, context), backend))
            }
            Suite::Xaes => Self::Xaes(xaes::Xaes::new(&derive(data_key, id, suite, tenant, context))),
            Suite::Siv => Self::Siv(deterministic::Siv::new(derive(data_key, id, suite, tenant, context))),
            Suite::Hmac => Self::Hash(index::Hash::new(&derive(data_key, id, suite, tenant, context))),
        }
    }
}

/// A plaintext that does not fit a value.
#[derive(Debug)]
pub(crate) enum SealFailure {
    NoEncoding(PlaintextError),
    TooLong(usize),
    Random(RandomError),
}

/// The cipher refused the plaintext's length.
#[derive(Debug)]
struct TooLong;

/// A value that does not authenticate. Says nothing else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotAuthentic;

impl ColumnKey {
    /// FORMAT.md#column-keys and FORMAT.md#associated-data.
    pub(crate) fn derive(
        data_key: &DataKey,
        id: KeyId,
        suite: Suite,
        tenant: &Tenant,
        context: &str,
        backend: CipherBackend,
    ) -> Self {
        let header = header(suite, id);
        let mut unbound_ad = header.to_vec();
        push(&mut unbound_ad, VALUE_LABEL);
        push(&mut unbound_ad, tenant.as_str().as_bytes());
        push(&mut unbound_ad, context.as_bytes());
        unbound_ad.push(0);
        let cipher = Cipher::derive(data_key, id, suite, tenant, context, backend);
        // A key schedule was made there and moved to the heap; it begins with the key.
        wipe_stack();
        Self { cipher, header, unbound_ad: unbound_ad.into() }
    }

    /// Writes a value. The plaintext is encoded into the buffer that becomes the value: one allocation, no copy.
    pub(crate) fn seal(
        &self,
        row: Option<&RowKey>,
        nonce: impl NonceSource,
        plaintext: &(impl ToPlaintext + ?Sized),
    ) -> Result<Vec<u8>, SealFailure> {
        let suite = self.suite();
        // A hint is a guess of someone else's code: a wild one must not ask for more than any value may hold.
        let hint = plaintext.size_hint().min(MAX_PLAINTEXT);
        let mut value = Vec::with_capacity(suite.overhead().saturating_add(hint));
        value.extend_from_slice(&self.header);
        let result = self.seal_into(&mut value, row, nonce, plaintext);
        if result.is_err() {
            value.zeroize();
        }
        result.map(|()| value)
    }

    fn seal_into(
        &self,
        value: &mut Vec<u8>,
        row: Option<&RowKey>,
        nonce: impl NonceSource,
        plaintext: &(impl ToPlaintext + ?Sized),
    ) -> Result<(), SealFailure> {
        match &self.cipher {
            Cipher::Gcm(gcm) => self.seal_randomized(gcm, value, row, nonce, plaintext)?,
            Cipher::Xaes(xaes) => self.seal_randomized(xaes, value, row, nonce, plaintext)?,
            // Not reached: of an index nothing is sealed.
            Cipher::Hash(_) => return Err(SealFailure::NoEncoding(NO_VALUE)),
            Cipher::Siv(siv) => {
                // The synthetic IV stands before the ciphertext and is known after it.
                value.extend_from_slice(&[0; TAG_LEN]);
                let start = value.len();
                write(plaintext, PlaintextWriter::new(value, 0))?;
                let body = bounded(value, start)?;
                let length = body.len();
                let iv = self
                    .with_ad(row, |ad| siv.seal(ad, body))
                    .map_err(|TooLong| SealFailure::TooLong(length))?;
                if let Some(place) = value.get_mut(HEADER_LEN..start) {
                    place.copy_from_slice(&iv);
                }
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn seal_randomized<const N: usize>(
        &self,
        cipher: &impl Aead<N>,
        value: &mut Vec<u8>,
        row: Option<&RowKey>,
        nonce: impl NonceSource,
        plaintext: &(impl ToPlaintext + ?Sized),
    ) -> Result<(), SealFailure> {
        let mut fresh = [0; N];
        nonce.nonce(&mut fresh).map_err(SealFailure::Random)?;
        value.extend_from_slice(&fresh);
        let start = value.len();
        write(plaintext, PlaintextWriter::new(value, TAG_LEN))?;
        let body = bounded(value, start)?;
        let length = body.len();
        let tag = self
            .with_ad(row, |ad| cipher.encrypt(&fresh, ad, body))
            .map_err(|TooLong| SealFailure::TooLong(length))?;
        value.extend_from_slice(&tag);
        Ok(())
    }

    /// The term of an index for a text (FORMAT.md#index-terms), with its header. Of another suite nothing but the header.
    pub(crate) fn term(&self, index: &Index, text: &[u8]) -> Vec<u8> {
        let mut term = Vec::with_capacity(HEADER_LEN.saturating_add(index.term_bits().div_ceil(8).into()));
        term.extend_from_slice(&self.header);
        if let Cipher::Hash(hash) = &self.cipher {
            hash.hash(index, text).append(index.term_bits(), &mut term);
        }
        term
    }

    /// As [`term`](Self::term), in the buffer of the text.
    pub(crate) fn term_in_place(&self, index: &Index, mut text: Zeroizing<Vec<u8>>) -> Vec<u8> {
        let hash = match &self.cipher {
            Cipher::Hash(hash) => Some(hash.hash(index, &text)),
            _ => None,
        };
        let mut term = core::mem::take(&mut *text);
        term.as_mut_slice().zeroize();
        term.clear();
        term.extend_from_slice(&self.header);
        if let Some(hash) = hash {
            hash.append(index.term_bits(), &mut term);
        }
        term
    }

    /// Writes a value that begins with another header than those of the database. `None` for suites without a nonce.
    pub(crate) fn seal_portable(
        &self,
        header: Vec<u8>,
        plaintext: &(impl ToPlaintext + ?Sized),
    ) -> Option<Result<Vec<u8>, SealFailure>> {
        let Cipher::Gcm(gcm) = &self.cipher else { return None };
        let ad = self.portable_ad(&header);
        let mut value = header;
        let mut seal = || {
            let mut nonce = [0; _];
            Fresh.nonce(&mut nonce).map_err(SealFailure::Random)?;
            value.extend_from_slice(&nonce);
            let start = value.len();
            write(plaintext, PlaintextWriter::new(&mut value, TAG_LEN))?;
            let body = bounded(&mut value, start)?;
            let length = body.len();
            let tag = gcm.encrypt(&nonce, &ad, body).map_err(|TooLong| SealFailure::TooLong(length))?;
            value.extend_from_slice(&tag);
            Ok(())
        };
        let sealed = seal();
        if sealed.is_err() {
            value.zeroize();
        }
        Some(sealed.map(|()| value))
    }

    /// Opens what [`seal_portable`](Self::seal_portable) wrote.
    pub(crate) fn open_portable(&self, portable: &Portable<'_>) -> Result<PlaintextBytes, NotAuthentic> {
        let Cipher::Gcm(gcm) = &self.cipher else { return Err(NotAuthentic) };
        Ok(PlaintextBytes::new(gcm.open(&self.portable_ad(portable.header), portable.body)?))
    }

    /// FORMAT.md#self-contained-value: the associated data of a column's value with the whole of the other header.
    fn portable_ad(&self, header: &[u8]) -> Vec<u8> {
        let (_, binding) = self.unbound_ad.split_at(HEADER_LEN);
        [header, binding].concat()
    }

    /// Opens a value of this suite and key, whose header was checked.
    pub(crate) fn open(&self, row: Option<&RowKey>, value: &[u8]) -> Result<PlaintextBytes, NotAuthentic> {
        let body = value.get(HEADER_LEN..).ok_or(NotAuthentic)?;
        let plaintext = match &self.cipher {
            Cipher::Gcm(gcm) => self.with_ad(row, |ad| gcm.open(ad, body))?,
            Cipher::Xaes(xaes) => self.with_ad(row, |ad| xaes.open(ad, body))?,
            Cipher::Siv(siv) => self.with_ad(row, |ad| siv.open(ad, body))?,
            Cipher::Hash(_) => return Err(NotAuthentic),
        };
        Ok(PlaintextBytes::new(plaintext))
    }

    /// The same in the buffer that the value came in.
    pub(crate) fn open_in_place(
        &self,
        row: Option<&RowKey>,
        value: Vec<u8>,
    ) -> Result<PlaintextBytes, NotAuthentic> {
        let mut value = Zeroizing::new(value);
        let (_, body) = value.split_at_mut_checked(HEADER_LEN).ok_or(NotAuthentic)?;
        let plaintext = match &self.cipher {
            Cipher::Gcm(gcm) => self.with_ad(row, |ad| gcm.open_in_place(ad, body))?,
            Cipher::Xaes(xaes) => self.with_ad(row, |ad| xaes.open_in_place(ad, body))?,
            Cipher::Siv(siv) => self.with_ad(row, |ad| siv.open_in_place(ad, body))?,
            Cipher::Hash(_) => return Err(NotAuthentic),
        };
        value.truncate(HEADER_LEN.saturating_add(plaintext.end));
        value.drain(..HEADER_LEN.saturating_add(plaintext.start));
        Ok(PlaintextBytes::new(value))
    }

    const fn suite(&self) -> Suite {
        match self.cipher {
            Cipher::Gcm(_) => Suite::Gcm,
            Cipher::Xaes(_) => Suite::Xaes,
            Cipher::Siv(_) => Suite::Siv,
            Cipher::Hash(_) => Suite::Hmac,
        }
    }

    /// Runs `f` with the associated data of a value in `row`.
    fn with_ad<R>(&self, row: Option<&RowKey>, f: impl FnOnce(&[u8]) -> R) -> R {
        match row {
            None => f(&self.unbound_ad),
            Some(_) => f(&self.associated_data(row)),
        }
    }

    /// FORMAT.md#associated-data.
    pub(crate) fn associated_data(&self, row: Option<&RowKey>) -> Vec<u8> {
        let mut ad = self.unbound_ad.to_vec();
        if let Some(row) = row {
            ad.pop();
            ad.extend_from_slice(row.encoded());
        }
        ad
    }
}

/// FORMAT.md#column-keys.
fn derive<const N: usize>(
    data_key: &DataKey,
    id: KeyId,
    suite: Suite,
    tenant: &Tenant,
    context: &str,
) -> Box<Zeroizing<[u8; N]>> {
    let (tenant, context) = (tenant.as_str().as_bytes(), context.as_bytes());
    data_key.derive(&[
        &length(COLUMN_KEY_LABEL),
        COLUMN_KEY_LABEL,
        &[suite.code()],
        &id.get().to_be_bytes(),
        &length(tenant),
        tenant,
        &length(context),
        context,
    ])
}

/// What is hashed for a text of an index, for vectors.
#[cfg(feature = "testing")]
pub(crate) fn hashed(index: &Index, text: &[u8]) -> Vec<u8> {
    [index::what(index).bytes(), text].concat()
}

/// The bytes of a column key, for vectors.
#[cfg(feature = "testing")]
pub(crate) fn column_key(
    data_key: &DataKey,
    id: KeyId,
    suite: Suite,
    tenant: &Tenant,
    context: &str,
) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(match suite {
        Suite::Gcm | Suite::Xaes | Suite::Hmac => derive::<32>(data_key, id, suite, tenant, context).to_vec(),
        Suite::Siv => derive::<64>(data_key, id, suite, tenant, context).to_vec(),
    })
}

/// Where nonces come from: the generator, or a vector.
pub(crate) trait NonceSource {
    fn nonce<const N: usize>(self, nonce: &mut [u8; N]) -> Result<(), RandomError>;
}

/// A fresh nonce for each value.
pub(crate) struct Fresh;

impl NonceSource for Fresh {
    fn nonce<const N: usize>(self, nonce: &mut [u8; N]) -> Result<(), RandomError> {
        random::nonce(nonce)
    }
}

/// Encodes a plaintext, if it has an encoding.
fn write(
    plaintext: &(impl ToPlaintext + ?Sized),
    mut writer: PlaintextWriter<'_>,
) -> Result<(), SealFailure> {
    plaintext.write(&mut writer);
    writer.finish().map_err(SealFailure::NoEncoding)
}

/// The plaintext in a value that is being written, if it is not too long for one.
fn bounded(value: &mut [u8], start: usize) -> Result<&mut [u8], SealFailure> {
    let (_, plaintext) = value.split_at_mut(start);
    if plaintext.len() > MAX_PLAINTEXT { Err(SealFailure::TooLong(plaintext.len())) } else { Ok(plaintext) }
}

impl fmt::Debug for ColumnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ColumnKey({:?}, redacted)", self.suite())
    }
}
