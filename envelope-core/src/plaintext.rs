//! Rust value ↔ plaintext bytes, as FORMAT.md#plaintext-encodings fixes them.

#[macro_use]
mod fixed;
mod bytes;
mod encoded;
mod impls;
mod kind;
mod list;
mod net;
mod order;
mod tuple;
mod wipe;

#[cfg(any(feature = "chrono", feature = "time"))]
mod calendar;
#[cfg(feature = "chrono")]
mod chrono;
#[cfg(any(feature = "bigdecimal", feature = "rust_decimal"))]
mod decimal;
#[cfg(feature = "json")]
mod json;
#[cfg(feature = "secrecy")]
mod secret;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "uuid")]
mod uuid;

pub use bytes::{PlaintextBytes, PlaintextWriter};
pub(crate) use encoded::encode;
#[doc(hidden)]
pub use encoded::{Encoded, Part, parts as index_parts, whole as index_whole};
pub(crate) use impls::TEXT;
#[cfg(feature = "json")]
pub use json::Json;
pub use kind::PlaintextKind;
pub use list::ListItem;
pub use order::{Ordered, OrderedPlaintext, TextPlaintext};
pub(crate) use tuple::parts;
#[doc(hidden)]
pub use wipe::wipe;

use thiserror::Error;

/// A value that can be written into an encrypted column.
///
/// Owned and borrowed forms of one plaintext share [`Plain`](Self::Plain): `str`, `&str` and `String` all say
/// `Plain = String`, so each can be stored in a `String` column and searched in it.
///
/// Implemented for the types below, of which those of other crates have a feature of their crate's name; for a newtype of one,
/// `#[derive(Plaintext)]` writes this and [`FromPlaintext`].
///
/// | Type | Feature | Length in bytes | Deterministic |
/// |---|---|---|---|
/// | `String`, `Box<str>`, `Arc<str>` | | that of the text | yes |
/// | `Vec<u8>`, `Box<[u8]>`, `Arc<[u8]>`, `[u8; N]` | | as many as there are | yes |
/// | integers | | 8; 16 or 17 if they need it | yes, of 16 bits or more |
/// | `bool` | | 1 | no: two values |
/// | `f32`, `f64` | | 4, 8 | no: `0.0 == -0.0` |
/// | `Ipv4Addr`, `Ipv6Addr`, `IpAddr` | | 5, 17, either | yes; an IPv4 address that is mapped to IPv6 is another value |
/// | `Uuid` | `uuid` | 16 | yes |
/// | `NaiveDate`, `Date` | `chrono`, `time` | 4 | yes |
/// | `NaiveTime`, `Time` | `chrono`, `time` | 7 | yes |
/// | `NaiveDateTime`, `PrimitiveDateTime` | `chrono`, `time` | 11 | yes |
/// | `DateTime<Utc>`, `UtcDateTime` | `chrono`, `time` | 12 | yes |
/// | `DateTime<FixedOffset>`, `OffsetDateTime` | `chrono`, `time` | 15; the offset is kept | no: equal at all offsets |
/// | `Decimal`, `BigDecimal` | `rust_decimal`, `bigdecimal` | 9 or more; zeros at the end are kept | no: `1.0 == 1.00` |
/// | `serde_json::Value`, [`Json<T>`](crate::Json) | `json` | that of the text | no: one value has many texts |
/// | `SecretString`, `SecretSlice<u8>`, `SecretBox<T>` | `secrecy` | that of the secret | if the secret is |
/// | `IpNetwork` | `ipnetwork` | 6, 18 | yes; the bits of the host are kept |
/// | `Vec<T>` of any of these but `u8`, `Json` and `Vec` | | 4, and 4 more for each value | if `T` is; found as a whole, in its order |
///
/// The types of one row have one encoding, whatever their crate: one calendar or decimal crate can be exchanged for the other.
/// `FORMAT.md` in the repository defines every byte.
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
    note = "for a newtype or an enum of unit variants add `#[derive(Plaintext)]`; for other types implement `ToPlaintext` and `FromPlaintext`",
    note = "for a type of `uuid`, `chrono`, `time`, `rust_decimal`, `bigdecimal`, `serde_json` (`json`), `secrecy` or `ipnetwork` turn on the feature of that name; for what `serde` can write use `Json<…>`"
)]
pub trait ToPlaintext {
    /// The owned type that comes back when the column is read.
    type Plain: FromPlaintext;

    /// Appends the encoding, or [refuses](PlaintextWriter::refuse) a value that has none.
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
    note = "for a newtype or an enum of unit variants add `#[derive(Plaintext)]`; for other types implement `ToPlaintext` and `FromPlaintext`",
    note = "for a type of `uuid`, `chrono`, `time`, `rust_decimal`, `bigdecimal`, `serde_json` (`json`), `secrecy` or `ipnetwork` turn on the feature of that name; for what `serde` can write use `Json<…>`"
)]
pub trait FromPlaintext: Sized {
    /// What the encoding is, for tools that convert between it and the database's own types. A type that hands its bytes to another
    /// says what that one is: `const KIND: PlaintextKind = String::KIND;`.
    const KIND: PlaintextKind = PlaintextKind::Custom;

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
    note = "for a newtype or an enum of unit variants add `#[derive(Plaintext)]`; for other types implement `ToPlaintext` and `FromPlaintext`",
    note = "for a type of `uuid`, `chrono`, `time`, `rust_decimal`, `bigdecimal`, `serde_json` (`json`), `secrecy` or `ipnetwork` turn on the feature of that name; for what `serde` can write use `Json<…>`"
)]
pub trait Plaintext: ToPlaintext<Plain = Self> + FromPlaintext + Send + Sync + 'static {}

impl<T: ToPlaintext<Plain = Self> + FromPlaintext + Send + Sync + 'static> Plaintext for T {}

/// A plaintext type whose equal values have equal bytes, so that a search finds what is equal.
///
/// Every deterministic column needs one. Not implemented for floats (`0.0 == -0.0`), decimals (`1.0 == 1.00`), points in time with
/// an offset, and JSON.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be searched: equal values of this type may have different bytes",
    label = "a search in this column would miss what it should find",
    note = "use `#[encrypt]`, or a type with one encoding for each value: `DateTime<Utc>` or `UtcDateTime` for a time with an offset, an integer of the smallest unit for a decimal, a column of its own for what is searched in JSON"
)]
pub trait ExactPlaintext: Plaintext {}

/// A plaintext type with so many possible values that deterministic encryption can hide which one a row has.
///
/// Equal values have equal ciphertexts, so a column with few distinct values is read off its frequencies: not
/// implemented for `bool`, 8-bit integers and enums, which are [`ExactPlaintext`] only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has too few distinct values, or no exact equality, for deterministic encryption",
    label = "the frequencies in such a column would tell which they are, or a search would miss equal ones",
    note = "too few values: use `#[encrypt]`, or accept the leak with `#[encrypt(deterministic, allow_low_cardinality)]`",
    note = "no exact equality: use `#[encrypt]`, or `DateTime<Utc>` or `UtcDateTime` for a time with an offset, an integer of the smallest unit for a decimal, a column of its own for what is searched in JSON"
)]
pub trait DeterministicPlaintext: ExactPlaintext {}

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
