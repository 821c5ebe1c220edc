//! Rust value ↔ plaintext bytes, as FORMAT.md#plaintext-encodings fixes them.

mod bytes;
mod impls;

pub use bytes::{PlaintextBytes, PlaintextWriter};

use thiserror::Error;

/// A value that can be written into an encrypted column.
///
/// Owned and borrowed forms of one plaintext share [`Plain`](Self::Plain): `str`, `&str` and `String` all say
/// `Plain = String`, so each can be stored in a `String` column and searched in it.
///
/// Implemented for text, bytes, `bool`, integers and floats; for a newtype of one, `#[derive(Plaintext)]` writes
/// this and [`FromPlaintext`].
///
/// # Example
///
/// ```
/// use envelope_core::{FromPlaintext, PlaintextBytes, PlaintextError, PlaintextWriter, ToPlaintext};
///
/// #[derive(Debug, PartialEq)]
/// struct Iban(String);
///
/// impl ToPlaintext for Iban {
///     type Plain = Iban;
///     fn write(&self, out: &mut PlaintextWriter<'_>) {
///         self.0.write(out);
///     }
/// }
///
/// impl FromPlaintext for Iban {
///     fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
///         let text = String::read(bytes)?;
///         if text.len() < 15 {
///             return Err(PlaintextError::new("an IBAN of at least 15 characters"));
///         }
///         Ok(Iban(text))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no plaintext encoding, so it cannot be encrypted",
    label = "no encoding for this type",
    note = "for a newtype or an enum of unit variants add `#[derive(Plaintext)]`; for other types implement `ToPlaintext` and `FromPlaintext`"
)]
pub trait ToPlaintext {
    /// The owned type that comes back when the column is read.
    type Plain: FromPlaintext;

    /// Appends the encoding.
    fn write(&self, out: &mut PlaintextWriter<'_>);

    /// How many bytes [`write`](Self::write) will append, if that is cheap to tell. A wrong answer costs an allocation
    /// and nothing else.
    fn size_hint(&self) -> usize {
        0
    }
}

/// A value that can be read from an encrypted column.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from an encrypted column",
    label = "no decoding for this type",
    note = "for a newtype or an enum of unit variants add `#[derive(Plaintext)]`; for other types implement `ToPlaintext` and `FromPlaintext`"
)]
pub trait FromPlaintext: Sized {
    /// Decodes what [`ToPlaintext::write`] wrote.
    ///
    /// # Errors
    ///
    /// When the bytes are not an encoding of this type, as when the field's type was changed.
    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError>;
}

/// The owned plaintext type of a column: writes and reads itself. Implemented for every type that has both halves.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no plaintext encoding, so it cannot be encrypted",
    label = "no encoding for this type",
    note = "for a newtype or an enum of unit variants add `#[derive(Plaintext)]`; for other types implement `ToPlaintext` and `FromPlaintext`"
)]
pub trait Plaintext: ToPlaintext<Plain = Self> + FromPlaintext + Send + Sync + 'static {}

impl<T: ToPlaintext<Plain = Self> + FromPlaintext + Send + Sync + 'static> Plaintext for T {}

/// A plaintext type with so many possible values that deterministic encryption can hide which one a row has.
///
/// Equal values have equal ciphertexts, so a column with few distinct values is read off its frequencies: not
/// implemented for `bool`, 8-bit integers and enums. Floats are left out too: `0.0 == -0.0`, and their bytes differ.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has too few distinct values, or no exact equality, for deterministic encryption",
    label = "a deterministic column of this type would be read off its frequencies",
    note = "use `#[encrypt]`, or accept the leak with `#[encrypt(deterministic, allow_low_cardinality)]`"
)]
pub trait DeterministicPlaintext: Plaintext {}

/// The bytes are authentic, but not an encoding of the type asked for.
///
/// Says what was expected, never what was found.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the plaintext is not {expected}")]
pub struct PlaintextError {
    expected: &'static str,
}

impl PlaintextError {
    /// `expected` completes "the plaintext is not …".
    #[must_use]
    pub const fn new(expected: &'static str) -> Self {
        Self { expected }
    }
}
