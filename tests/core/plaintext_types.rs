//! Types of other crates: what has no encoding, what comes back as it was, and what two crates agree on.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bigdecimal::{BigDecimal, num_bigint::BigInt};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};
use envelope_core::{
    Field, FromPlaintext, Json, Keyring, Mode, OpenError, Plaintext, SealError, ToPlaintext, testing,
};
use ipnetwork::IpNetwork;
use proptest::prelude::{any, prop};
use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};
use uuid::Uuid;

use super::plaintext::{comes_back, decodes_to_itself, holds};

const GCM: Field = Field::new("t", "c", "t.c", Mode::Randomized);
const SIV: Field = Field::new("t", "d", "t.d", Mode::Deterministic);

fn bytes_of(keyring: &Keyring, value: &(impl ToPlaintext + ?Sized)) -> Vec<u8> {
    keyring.open_field(&SIV, &keyring.seal_field(&SIV, value).unwrap()).unwrap()
}

/// What one type wrote, read as another.
fn read_as<P: FromPlaintext>(keyring: &Keyring, value: &impl ToPlaintext) -> Result<P, OpenError> {
    keyring.open_field(&GCM, &keyring.seal_field(&GCM, value).unwrap())
}

#[track_caller]
fn refuses<P: FromPlaintext + Debug>(keyring: &Keyring, value: &impl ToPlaintext) {
    let error = read_as::<P>(keyring, value).unwrap_err();
    assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
    assert!(error.to_string().starts_with("cannot open t.c: the plaintext is not "), "{error}");
}

#[test]
fn one_type_is_not_read_as_another() {
    let keyring = &testing::keyring();
    let (uuid, date) = (Uuid::from_u128(7), NaiveDate::MAX);
    let instant = DateTime::<Utc>::UNIX_EPOCH;
    refuses::<Uuid>(keyring, &"67e55044-10b1-426f-9247-bb680e5fe0c8");
    refuses::<NaiveDate>(keyring, &0_i64);
    refuses::<Date>(keyring, &date);
    refuses::<NaiveTime>(keyring, &0_i64);
    refuses::<NaiveDateTime>(keyring, &instant);
    refuses::<DateTime<Utc>>(keyring, &instant.naive_utc());
    refuses::<UtcDateTime>(keyring, &OffsetDateTime::UNIX_EPOCH);
    refuses::<OffsetDateTime>(keyring, &UtcDateTime::UNIX_EPOCH);
    refuses::<Decimal>(keyring, &1_i64);
    refuses::<Decimal>(keyring, &1.0_f64);
    refuses::<Decimal>(keyring, &Uuid::max());
    refuses::<BigDecimal>(keyring, &1_i64);
    refuses::<BigDecimal>(keyring, &"text of another type");
    refuses::<BigDecimal>(keyring, &DateTime::from_timestamp(1_709_208_000, 5).unwrap());
    refuses::<BigDecimal>(keyring, &uuid);
    refuses::<Value>(keyring, &uuid);
    refuses::<Json<Vec<u8>>>(keyring, &json!("text"));
    refuses::<SecretString>(keyring, &[0xFF_u8]);
    refuses::<SecretBox<[u8; 4]>>(keyring, &[0_u8; 5]);
    refuses::<IpAddr>(keyring, &"127.0.0.1");
    refuses::<Ipv4Addr>(keyring, &Ipv6Addr::LOCALHOST);
    refuses::<IpNetwork>(keyring, &IpAddr::from([127, 0, 0, 1]));
    refuses::<Vec<String>>(keyring, &"");
    refuses::<Vec<Uuid>>(keyring, &uuid);
    refuses::<Vec<i32>>(keyring, &[1_i64 << 40]);
    refuses::<i64>(keyring, &date);
}

/// Refused when it is sealed, with the column's name: once stored, it could not be read.
#[test]
fn json_that_would_not_come_back() {
    #[derive(Serialize, Deserialize)]
    struct Reading {
        celsius: Option<f64>,
    }

    #[derive(Deserialize)]
    struct Broken;

    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("secret"))
        }
    }

    fn refused(value: &impl ToPlaintext) {
        for field in [GCM, SIV] {
            let error = testing::keyring().seal_field(&field, value).unwrap_err();
            assert!(matches!(error, SealError::Plaintext { .. }), "{error}");
            assert!(error.to_string().contains(&field.name().to_string()), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    for celsius in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refused(&Json(Reading { celsius: Some(celsius) }));
        refused(&Json(vec![BTreeMap::from([("deep".to_owned(), Some(celsius))])]));
    }
    refused(&Json(f32::NAN));
    refused(&Json(Broken));
    refused(&Json(BTreeMap::from([(vec!["secret".to_owned()], 1)])));
    let nested = |levels| (0..levels).fold(Value::Null, |inner, _| json!([inner]));
    refused(&nested(128));
    refused(&Json(nested(128)));
    comes_back(&testing::keyring(), &nested(127));
    comes_back(&testing::keyring(), &Json(nested(127)));
}

#[test]
fn json_comes_back() {
    #[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
    enum Shape {
        Unit,
        Newtype(Box<Self>),
        Tuple(u8, Option<String>),
        Struct { map: BTreeMap<String, f64>, unit: (), text: char },
    }

    let keyring = &testing::keyring();
    let shapes = vec![
        Shape::Unit,
        Shape::Newtype(Box::new(Shape::Tuple(255, None))),
        Shape::Struct { map: BTreeMap::from([("x".to_owned(), 0.1)]), unit: (), text: 'ü' },
    ];
    comes_back(keyring, &Json(shapes));
    for value in
        [json!(null), json!(""), json!({}), json!([]), json!({ "b": 1, "a": [u64::MAX, i64::MIN, -0.0] })]
    {
        comes_back(keyring, &value);
        assert_eq!(read_as::<Json<Value>>(keyring, &value).unwrap().0, value);
    }
    assert_eq!(bytes_of(keyring, &json!({ "a": [1, "é"] })), r#"{"a":[1,"é"]}"#.as_bytes());
    // Written by something else, with white space.
    let text = "\n{ \"a\" : [ 1 ] }\t";
    assert_eq!(read_as::<Value>(keyring, &text).unwrap(), json!({ "a": [1] }));
    holds(&any::<f64>(), |float| {
        let back =
            float.is_finite().then(|| read_as::<Json<f64>>(keyring, &Json(*float)).unwrap().0.to_bits());
        assert_eq!(back, float.is_finite().then(|| float.to_bits()));
    });
}

#[test]
fn both_calendars_have_the_same_bytes() {
    let keyring = &testing::keyring();
    holds(&(-4_371_587_i32..=2_932_896, 0_u32..86_400, 0_u32..1_000_000_000, -86_399_i32..86_400), |parts| {
        let (days, seconds, nanoseconds, offset) = *parts;
        let date = NaiveDate::from_epoch_days(days).unwrap();
        let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanoseconds).unwrap();
        comes_back(keyring, &date);
        comes_back(keyring, &time);
        let other_date: Date = read_as(keyring, &date).unwrap();
        let other_time: Time = read_as(keyring, &time).unwrap();
        assert_eq!(other_date.to_string().trim_start_matches('+'), date.to_string().trim_start_matches('+'));
        assert_eq!(other_time.as_hms_nano().3, nanoseconds);
        assert_eq!(bytes_of(keyring, &other_date), bytes_of(keyring, &date));
        assert_eq!(bytes_of(keyring, &other_time), bytes_of(keyring, &time));
        let both = PrimitiveDateTime::new(other_date, other_time);
        assert_eq!(bytes_of(keyring, &both), bytes_of(keyring, &date.and_time(time)));
        let utc = UtcDateTime::new(other_date, other_time);
        assert_eq!(bytes_of(keyring, &utc), bytes_of(keyring, &date.and_time(time).and_utc()));
        let there = date.and_time(time).and_local_timezone(FixedOffset::east_opt(offset).unwrap()).unwrap();
        let there = (there, UtcOffset::from_whole_seconds(offset).unwrap());
        let there = (there.0, OffsetDateTime::new_in_offset(other_date, other_time, there.1));
        assert_eq!(bytes_of(keyring, &there.1), bytes_of(keyring, &there.0));
        comes_back(keyring, &there.1);
    });
}

#[test]
fn a_leap_second_is_one_only_where_there_are_any() {
    let keyring = &testing::keyring();
    for (hour, minute, second) in [(23, 59, 59), (0, 0, 0), (12, 30, 17)] {
        let time =
            NaiveTime::from_hms_opt(hour, minute, second).unwrap().with_nanosecond(1_999_999_999).unwrap();
        let both = NaiveDate::from_ymd_opt(2016, 12, 31).unwrap().and_time(time);
        comes_back(keyring, &time);
        comes_back(keyring, &both);
        comes_back(keyring, &both.and_utc());
        let there = both.and_utc().with_timezone(&FixedOffset::east_opt(-17).unwrap());
        comes_back(keyring, &there);
        refuses::<Time>(keyring, &time);
        refuses::<PrimitiveDateTime>(keyring, &both);
        refuses::<UtcDateTime>(keyring, &both.and_utc());
        refuses::<OffsetDateTime>(keyring, &there);
    }
}

#[test]
fn an_offset_comes_back_with_the_point_in_time() {
    let keyring = &testing::keyring();
    let noon = DateTime::from_timestamp(1_709_208_000, 5).unwrap();
    for seconds in [0, 1, -1, 3_600, 86_399, -86_399] {
        let there = noon.with_timezone(&FixedOffset::east_opt(seconds).unwrap());
        let back: DateTime<FixedOffset> = read_as(keyring, &there).unwrap();
        assert_eq!((back, back.offset().local_minus_utc()), (there, seconds));
        let there = read_as::<OffsetDateTime>(keyring, &there).unwrap();
        assert_eq!((there.unix_timestamp(), there.offset().whole_seconds()), (1_709_208_000, seconds));
    }
    // Further than `chrono` goes.
    let far = OffsetDateTime::UNIX_EPOCH.to_offset(UtcOffset::from_whole_seconds(93_599).unwrap());
    comes_back(keyring, &far);
    refuses::<DateTime<FixedOffset>>(keyring, &far);
}

#[test]
fn the_ends_of_the_calendars_come_back() {
    let keyring = &testing::keyring();
    for date in [NaiveDate::MIN, NaiveDate::MAX] {
        comes_back(keyring, &date);
        refuses::<Date>(keyring, &date);
    }
    comes_back(keyring, &[NaiveDateTime::MIN, NaiveDateTime::MAX].to_vec());
    for (instant, offset) in [(DateTime::<Utc>::MIN_UTC, -86_399), (DateTime::<Utc>::MAX_UTC, 86_399)] {
        comes_back(keyring, &instant);
        refuses::<UtcDateTime>(keyring, &instant);
        // The date there is beyond what `chrono` has, and yet it has the value.
        let there = instant.with_timezone(&FixedOffset::east_opt(offset).unwrap());
        comes_back(keyring, &there);
    }
    for (date, time, offset) in [(Date::MIN, Time::MIDNIGHT, 93_599), (Date::MAX, Time::MAX, -93_599)] {
        comes_back(keyring, &PrimitiveDateTime::new(date, time));
        comes_back(keyring, &UtcDateTime::new(date, time));
        let offset = UtcOffset::from_whole_seconds(offset).unwrap();
        comes_back(keyring, &OffsetDateTime::new_in_offset(date, time, offset));
    }
}

#[test]
fn decimals_keep_their_zeros() {
    let keyring = &testing::keyring();
    for text in [
        "0",
        "0.00",
        "1.5",
        "1.50",
        "-0.001",
        "79228162514264337593543950335",
        "0.0000000000000000000000000001",
    ] {
        let decimal: Decimal = text.parse().unwrap();
        let big: BigDecimal = read_as(keyring, &decimal).unwrap();
        assert_eq!(bytes_of(keyring, &big), bytes_of(keyring, &decimal));
        assert_eq!(read_as::<Decimal>(keyring, &big).unwrap().to_string(), text);
        assert_eq!(big.fractional_digit_count(), i64::from(decimal.scale()));
    }
    let equal: [Decimal; 2] = ["1.0".parse().unwrap(), "1.00".parse().unwrap()];
    assert_eq!(equal[0], equal[1]);
    assert_ne!(bytes_of(keyring, &equal[0]), bytes_of(keyring, &equal[1]));
    // There is no minus zero.
    let mut zero = Decimal::ZERO;
    zero.set_sign_negative(true);
    assert_eq!(bytes_of(keyring, &zero), bytes_of(keyring, &Decimal::ZERO));
    comes_back(keyring, &zero);
    for scale in [i64::MIN, -131_073, 131_073, i64::MAX] {
        let error = keyring.seal_field(&GCM, &BigDecimal::new(BigInt::from(1), scale)).unwrap_err();
        assert!(matches!(error, SealError::Plaintext { .. }), "{error}");
    }
    for scale in [-131_072, -1, 29, 131_072] {
        let big = BigDecimal::new(BigInt::from(1), scale);
        let back: BigDecimal = read_as(keyring, &big).unwrap();
        assert_eq!(back.into_bigint_and_scale(), (BigInt::from(1), scale));
        refuses::<Decimal>(keyring, &big);
    }
    holds(&(any::<i128>(), 0_u32..128, 0_u32..=28), |(digits, by, scale)| {
        let digits = digits >> by;
        let big = BigDecimal::new(digits.into(), i64::from(*scale));
        let back: BigDecimal = read_as(keyring, &big).unwrap();
        assert_eq!(back.into_bigint_and_scale(), (digits.into(), i64::from(*scale)));
        let decimal = Decimal::try_from_i128_with_scale(digits, *scale).ok();
        let read = read_as::<Decimal>(keyring, &big).ok();
        assert_eq!(read.map(|d| (d.mantissa(), d.scale())), decimal.map(|d| (d.mantissa(), d.scale())));
    });
}

#[test]
fn addresses_come_back() {
    let keyring = &testing::keyring();
    let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
    for address in [
        IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Ipv4Addr::BROADCAST.into(),
        Ipv6Addr::UNSPECIFIED.into(),
        mapped.into(),
    ] {
        comes_back(keyring, &address);
        for prefix in [0, 8, if address.is_ipv4() { 32 } else { 128 }] {
            comes_back(keyring, &IpNetwork::new(address, prefix).unwrap());
        }
    }
    // A field may grow from one version to both, and a mapped address is another one.
    assert_eq!(read_as::<IpAddr>(keyring, &Ipv4Addr::LOCALHOST).unwrap(), Ipv4Addr::LOCALHOST);
    assert_eq!(read_as::<Ipv6Addr>(keyring, &IpAddr::from(mapped)).unwrap(), mapped);
    assert_ne!(bytes_of(keyring, &Ipv4Addr::LOCALHOST), bytes_of(keyring, &mapped));
}

#[test]
fn secrets_are_encoded_as_what_they_hide() {
    let keyring = &testing::keyring();
    for text in ["", "secret", "ü\0"] {
        let secret: SecretString = read_as(keyring, &text).unwrap();
        assert_eq!(secret.expose_secret(), text);
        assert_eq!(bytes_of(keyring, &secret), text.as_bytes());
        let boxed: SecretBox<String> = read_as(keyring, &secret).unwrap();
        assert_eq!(boxed.expose_secret(), text);
        let bytes: SecretSlice<u8> = read_as(keyring, &boxed).unwrap();
        assert_eq!(bytes.expose_secret(), text.as_bytes());
        assert_eq!(bytes_of(keyring, &bytes), text.as_bytes());
        assert!(!format!("{secret:?}{boxed:?}{bytes:?}").contains("secret\""));
    }
    let key = SecretBox::new(Box::new([7_u8; 32]));
    assert_eq!(read_as::<SecretBox<[u8; 32]>>(keyring, &key).unwrap().expose_secret(), &[7; 32]);
}

#[test]
fn lists_come_back_in_their_order() {
    let keyring = &testing::keyring();
    comes_back(keyring, &Vec::<String>::new());
    comes_back(keyring, &vec![String::new(), "a".to_owned(), String::new()]);
    comes_back(keyring, &vec![i64::MIN, 0, 1]);
    comes_back(keyring, &vec![vec![0_u8], vec![]]);
    comes_back(keyring, &vec![[1_u8; 4]]);
    comes_back(keyring, &vec![Uuid::nil(), Uuid::max()]);
    comes_back(keyring, &vec![NaiveDate::MIN, NaiveDate::MAX]);
    comes_back(keyring, &vec![Decimal::MAX, Decimal::MIN]);
    comes_back(keyring, &vec![IpAddr::from([1, 2, 3, 4]), Ipv6Addr::LOCALHOST.into()]);
    comes_back(keyring, &vec![true, false]);
    // Every form of a list has the same bytes; `["a", "b"]` and `["ab"]` do not.
    let owned = bytes_of(keyring, &vec!["a".to_owned(), "b".to_owned()]);
    assert_eq!(bytes_of(keyring, &["a", "b"]), owned);
    assert_eq!(bytes_of(keyring, &&["a", "b"][..]), owned);
    assert_ne!(bytes_of(keyring, &["b", "a"]), owned);
    assert_ne!(bytes_of(keyring, &["ab"]), owned);
    // Integers by their value: a list may grow wider.
    assert_eq!(read_as::<Vec<i64>>(keyring, &[1_i16, -1]).unwrap(), [1, -1]);
    holds(&prop::collection::vec(any::<String>(), 0..8), |list| comes_back(keyring, list));
}

#[test]
fn whatever_decodes_is_what_would_be_written() {
    let keyring = &testing::keyring();
    holds(&prop::collection::vec(any::<u8>(), 0..20), |bytes| {
        decodes_to_itself::<Uuid>(keyring, bytes);
        decodes_to_itself::<NaiveDate>(keyring, bytes);
        decodes_to_itself::<NaiveTime>(keyring, bytes);
        decodes_to_itself::<NaiveDateTime>(keyring, bytes);
        decodes_to_itself::<DateTime<Utc>>(keyring, bytes);
        decodes_to_itself::<DateTime<FixedOffset>>(keyring, bytes);
        decodes_to_itself::<Date>(keyring, bytes);
        decodes_to_itself::<Time>(keyring, bytes);
        decodes_to_itself::<PrimitiveDateTime>(keyring, bytes);
        decodes_to_itself::<UtcDateTime>(keyring, bytes);
        decodes_to_itself::<OffsetDateTime>(keyring, bytes);
        decodes_to_itself::<Decimal>(keyring, bytes);
        decodes_to_itself::<BigDecimal>(keyring, bytes);
        decodes_to_itself::<IpAddr>(keyring, bytes);
        decodes_to_itself::<IpNetwork>(keyring, bytes);
        decodes_to_itself::<SecretString>(keyring, bytes);
        decodes_to_itself::<Vec<String>>(keyring, bytes);
        decodes_to_itself::<Vec<u16>>(keyring, bytes);
    });
    // Near to what is valid: lengths and signs by chance are rare.
    holds(&(any::<[u8; 15]>(), 0_u8..3, any::<bool>()), |(bytes, high, sign)| {
        let mut bytes = *bytes;
        bytes[..3].fill(if *sign { 0xFF } else { 0 });
        bytes[8] = *high * 0x20;
        bytes[12] = if *sign { 0xFF } else { 0 };
        decodes_to_itself::<DateTime<FixedOffset>>(keyring, &bytes);
        decodes_to_itself::<OffsetDateTime>(keyring, &bytes);
        decodes_to_itself::<DateTime<Utc>>(keyring, &bytes[..12]);
        decodes_to_itself::<UtcDateTime>(keyring, &bytes[..12]);
        decodes_to_itself::<NaiveDateTime>(keyring, &bytes[..11]);
        decodes_to_itself::<NaiveTime>(keyring, &bytes[..7]);
        decodes_to_itself::<BigDecimal>(keyring, &bytes);
    });
}

/// All of them can be fields.
#[test]
fn all_are_plaintexts() {
    fn plaintext<P: Plaintext>() {}
    plaintext::<Json<Vec<Option<u8>>>>();
    plaintext::<Vec<SecretString>>();
    plaintext::<SecretBox<Vec<u8>>>();
}
