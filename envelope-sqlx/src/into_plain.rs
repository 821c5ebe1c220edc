//! Fields that stay plain: `query_as!` and `#[sqlx(try_from = "Encrypted<UserEmail>")]` convert by these.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use envelope_core::Column;

use crate::encrypted::Encrypted;

macro_rules! into_plain {
    ($(($($generics:tt)*) $plain:ty;)*) => {$(
        impl<$($generics)*> From<Encrypted<C>> for $plain {
            fn from(encrypted: Encrypted<C>) -> Self {
                encrypted.into_inner()
            }
        }
    )*};
    ($($plain:ty,)*) => {
        into_plain! { $((C: Column<Plain = Self>) $plain;)* }
    };
}

into_plain! {
    String, Box<str>, Arc<str>, Box<[u8]>, Arc<[u8]>, bool, f32, f64,
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
    IpAddr, Ipv4Addr, Ipv6Addr,
}

into_plain! {
    (T, C: Column<Plain = Self>) Vec<T>;
    (const N: usize, C: Column<Plain = Self>) [u8; N];
}

#[cfg(feature = "bigdecimal")]
into_plain! { bigdecimal::BigDecimal, }

#[cfg(feature = "chrono")]
into_plain! {
    chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime, chrono::DateTime<chrono::Utc>,
    chrono::DateTime<chrono::FixedOffset>,
}

#[cfg(feature = "ipnetwork")]
into_plain! { ipnetwork::IpNetwork, }

#[cfg(feature = "json")]
into_plain! { serde_json::Value, }

#[cfg(feature = "json")]
into_plain! { (T, C: Column<Plain = Self>) envelope_core::Json<T>; }

#[cfg(feature = "rust_decimal")]
into_plain! { rust_decimal::Decimal, }

#[cfg(feature = "secrecy")]
use secrecy::zeroize::Zeroize;

#[cfg(feature = "secrecy")]
into_plain! { (S: Zeroize + ?Sized, C: Column<Plain = Self>) secrecy::SecretBox<S>; }

#[cfg(feature = "time")]
into_plain! { time::Date, time::Time, time::PrimitiveDateTime, time::UtcDateTime, time::OffsetDateTime, }

#[cfg(feature = "uuid")]
into_plain! { uuid::Uuid, }
