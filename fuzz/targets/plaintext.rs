//! Plaintexts, which who has a key may have written in another way: an error, or a value that is written as it was read.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use envelope_core::{FromPlaintext, Json, ToPlaintext};
use envelope_fuzz::{SIV, keyring};
use ipnetwork::IpNetwork;
use libfuzzer_sys::fuzz_target;
use rust_decimal::Decimal;
use serde_json::Value;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime};
use uuid::Uuid;

fn sealed(value: &(impl ToPlaintext + ?Sized)) -> Vec<u8> {
    keyring(&SIV).seal_field(&SIV, value).expect("what was read can be written")
}

/// Of a type whose values have one encoding.
fn exact<P: ToPlaintext + FromPlaintext>(bytes: &[u8]) {
    if let Ok(value) = P::read(bytes.to_vec().into()) {
        assert_eq!(sealed(&value), sealed(bytes));
    }
}

macro_rules! exact {
    ($bytes:expr, $($type:ty),*) => { $(exact::<$type>($bytes);)* };
}

fuzz_target!(|bytes: &[u8]| {
    exact!(bytes, String, Vec<u8>, Box<str>, Box<[u8]>, [u8; 0], [u8; 16], bool, f32, f64);
    exact!(bytes, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);
    exact!(bytes, Uuid, IpAddr, Ipv4Addr, Ipv6Addr, IpNetwork);
    exact!(bytes, NaiveDate, NaiveTime, NaiveDateTime, DateTime<Utc>, DateTime<FixedOffset>);
    exact!(bytes, Date, Time, PrimitiveDateTime, UtcDateTime, OffsetDateTime);
    exact!(bytes, BigDecimal, Vec<String>, Vec<Vec<u8>>, Vec<i64>, Vec<Uuid>, Vec<BigDecimal>, Vec<bool>);
    exact!(bytes, (String, i64), (Vec<u8>, NaiveDate, String));
    // A number that the type rounds would not be written as it was read; it is refused instead.
    exact!(bytes, Decimal);
    if let Ok(value) = Value::read(bytes.to_vec().into()) {
        let again: Value = keyring(&SIV).open_field(&SIV, &sealed(&value)).expect("it was written");
        assert_eq!(again, value);
    }
    let _ = Json::<Vec<(String, Option<f64>)>>::read(bytes.to_vec().into());
});
