//! A plaintext that was encoded ahead of the column that it goes to.

use core::{fmt, marker::PhantomData};

use zeroize::Zeroizing;

use super::{FromPlaintext, PlaintextError, PlaintextWriter, ToPlaintext};

/// The encoding of a plaintext of the type `P`, wiped on drop: for the indexes of a value, which are written beside it.
pub struct Encoded<P> {
    bytes: Result<Zeroizing<Vec<u8>>, PlaintextError>,
    plain: PhantomData<fn() -> P>,
}

impl<P> Encoded<P> {
    /// Encodes a value. That it has no encoding is told where it is written.
    pub fn of(value: &(impl ToPlaintext<Plain = P> + ?Sized)) -> Self {
        Self { bytes: encode(value), plain: PhantomData }
    }

    /// A value that cannot be written, for this cause.
    #[must_use]
    pub const fn refused(cause: PlaintextError) -> Self {
        Self { bytes: Err(cause), plain: PhantomData }
    }

    /// The same encoding of another type: of the only part of an index.
    #[must_use]
    pub fn retyped<Q>(self) -> Encoded<Q> {
        Encoded { bytes: self.bytes, plain: PhantomData }
    }
}

/// A value's encoding.
pub(crate) fn encode(value: &(impl ToPlaintext + ?Sized)) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
    let mut encoded = Zeroizing::new(Vec::with_capacity(value.size_hint().min(1 << 30)));
    let mut writer = PlaintextWriter::new(&mut encoded, 0);
    value.write(&mut writer);
    writer.finish()?;
    Ok(encoded)
}

impl<P: FromPlaintext> ToPlaintext for Encoded<P> {
    type Plain = P;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        match &self.bytes {
            Ok(bytes) => out.write(bytes),
            Err(cause) => out.refuse(cause.clone()),
        }
    }

    fn size_hint(&self) -> usize {
        self.bytes.as_ref().map_or(0, |bytes| bytes.len())
    }
}

impl<P> fmt::Debug for Encoded<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoded(redacted)")
    }
}

/// What a struct says of one part of an index: nothing of it is to change (`None`), it is `NULL`, or it has a value.
pub type Part = Option<Option<Encoded<()>>>;

/// What is written of an index whose parts these are: the same of the whole.
///
/// `NULL` if a part is. A compound index of which only some parts are to change cannot be written, and is refused.
#[must_use]
pub fn parts<P, const N: usize>(parts: [Part; N]) -> Option<Option<Encoded<P>>> {
    if parts.iter().all(Option::is_none) {
        return None;
    }
    let mut whole = Zeroizing::new(Vec::new());
    let mut writer = PlaintextWriter::new(&mut whole, 0);
    for part in &parts {
        match part {
            None => {
                return Some(Some(Encoded::refused(PlaintextError::new(
                    "complete: a compound index is written with all of its columns, of which some are left out here",
                ))));
            }
            Some(None) => return Some(None),
            Some(Some(value)) if N == 1 => value.write_raw(&mut writer),
            Some(Some(value)) => writer.write_with_length(&Bare(value)),
        }
    }
    let bytes = writer.finish().map(|()| whole);
    Some(Some(Encoded { bytes, plain: PhantomData }))
}

/// The whole of an index of which no part is left out or `NULL`.
#[must_use]
pub fn whole<P>(parts: Option<Option<Encoded<P>>>) -> Encoded<P> {
    parts.flatten().unwrap_or_else(|| Encoded::refused(PlaintextError::new("complete")))
}

impl Encoded<()> {
    fn write_raw(&self, out: &mut PlaintextWriter<'_>) {
        match &self.bytes {
            Ok(bytes) => out.write(bytes),
            Err(cause) => out.refuse(cause.clone()),
        }
    }
}

/// An encoding whose type is of no matter.
struct Bare<'e>(&'e Encoded<()>);

impl ToPlaintext for Bare<'_> {
    type Plain = Vec<u8>;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        self.0.write_raw(out);
    }
}
