//! What a column's plaintexts are, for tools that know columns and not their Rust types.

/// The row of FORMAT.md#plaintext-encodings that a type's plaintexts are written by.
///
/// Tools that encrypt a table of plaintext, or decrypt one for good, convert between the database's own types and these.
///
/// No variant is called as a type of the ORMs or of the date crates is: the compiler's messages would name all of those with their paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaintextKind {
    /// UTF-8.
    Text,
    /// Bytes as they are.
    Bytes,
    /// Signed and unsigned integers of all widths.
    AnyInteger,
    /// `bool`.
    Boolean,
    /// `f32`.
    Float32,
    /// `f64`.
    Float64,
    /// A UUID.
    UuidBytes,
    /// An IPv4 or IPv6 address.
    Address,
    /// An IP network.
    Network,
    /// A date.
    CalendarDate,
    /// A time of day.
    TimeOfDay,
    /// Date and time of day.
    DateAndTime,
    /// A point in time.
    PointInTime,
    /// A point in time, with the offset of a place.
    PointInTimeWithOffset,
    /// A decimal number.
    DecimalNumber,
    /// A JSON text.
    JsonText,
    /// A list of values.
    List,
    /// A type with an encoding of its own, which implements [`FromPlaintext`](crate::FromPlaintext) by hand and does not say which of
    /// these it is.
    Custom,
}
