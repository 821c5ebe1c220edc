//! Plaintexts that are text, and plaintexts that have an order: what an index can be made of.

#[cfg(any(feature = "chrono", feature = "time"))]
use super::calendar::{self, PLACES_OF_A_SECOND as SECOND};
use super::{Plaintext, impls::integer};

/// A plaintext type that is text, so that its values can be normalised and searched by a part.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not text, so it cannot be normalised or searched by a part",
    label = "expected `String` or another form of text",
    note = "for a newtype around text add `#[derive(Plaintext)]`"
)]
pub trait TextPlaintext: Plaintext {}

/// A plaintext type whose values have an order that its encoding tells: integers, dates, times.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order that an index could use",
    label = "expected an integer, a date or a time",
    note = "for a newtype around one add `#[derive(Plaintext)]`"
)]
pub trait OrderedPlaintext: Plaintext + Ordered {}

impl<T: Plaintext + Ordered> OrderedPlaintext for T {}

/// The order itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no order that an index could use",
    label = "expected an integer, a date or a time",
    note = "for a newtype around one add `#[derive(Plaintext)]`"
)]
pub trait Ordered {
    /// How many places of the order a unit has: 1 for numbers and days, for seconds as many as they and a leap second have
    /// nanoseconds.
    const STEPS: i128;

    /// How many units a day has, from 1970-01-01 on; 0 for what is no date.
    const DAY: i64;

    /// The place of a value in the order, by its encoding (FORMAT.md#plaintext-encodings).
    fn order(encoded: &[u8]) -> Option<i128>;
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl Ordered for $int {
            const STEPS: i128 = 1;
            const DAY: i64 = 0;

            fn order(encoded: &[u8]) -> Option<i128> {
                integer(encoded)
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, usize);

/// Dates, times and points in time, by their encoding: one impl for the types of all calendar crates.
#[cfg(any(feature = "chrono", feature = "time"))]
macro_rules! calendar {
    ($($feature:literal: $($ty:ty: $steps:expr, $day:literal, $order:path;)*)*) => {$($(
        #[cfg(feature = $feature)]
        impl Ordered for $ty {
            const STEPS: i128 = $steps;
            const DAY: i64 = $day;

            fn order(encoded: &[u8]) -> Option<i128> {
                $order(encoded)
            }
        }
    )*)*};
}

#[cfg(any(feature = "chrono", feature = "time"))]
calendar! {
    "chrono":
        chrono::NaiveDate: 1, 1, calendar::order_of_date;
        chrono::NaiveTime: SECOND, 0, calendar::order_of_time;
        chrono::NaiveDateTime: SECOND, 86_400, calendar::order_of_date_time;
        chrono::DateTime<chrono::Utc>: SECOND, 86_400, calendar::order_of_instant;
        chrono::DateTime<chrono::FixedOffset>: SECOND, 86_400, calendar::order_of_instant_at;
    "time":
        time::Date: 1, 1, calendar::order_of_date;
        time::Time: SECOND, 0, calendar::order_of_time;
        time::PrimitiveDateTime: SECOND, 86_400, calendar::order_of_date_time;
        time::UtcDateTime: SECOND, 86_400, calendar::order_of_instant;
        time::OffsetDateTime: SECOND, 86_400, calendar::order_of_instant_at;
}

impl TextPlaintext for String {}
impl TextPlaintext for Box<str> {}
impl TextPlaintext for std::sync::Arc<str> {}
#[cfg(feature = "secrecy")]
impl TextPlaintext for secrecy::SecretString {}
