//! The values that vectors spell out, in the types of each crate that has one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bigdecimal::{BigDecimal, num_bigint::BigInt};
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};
use ipnetwork::IpNetwork;
use rust_decimal::Decimal;
use serde_json::Value;
use time::{OffsetDateTime, PrimitiveDateTime, UtcDateTime, UtcOffset};
use uuid::Uuid;

use super::{
    spec::{Outcome, opens},
    vector::Vector,
};

/// Opens a value as the types of all crates, which have to agree.
pub(super) fn read(vector: &Vector) -> Outcome {
    match vector.text("type") {
        "uuid" => opens::<Uuid>(vector, |meaning| meaning.parse().unwrap()),
        "date" => agree(vector, opens(vector, chrono_date), opens(vector, time_date)),
        "time" => agree(vector, opens(vector, chrono_time), opens(vector, time_time)),
        "date-time" => agree(
            vector,
            opens(vector, chrono_date_time),
            opens(vector, |meaning| {
                let (date, time) = meaning.split_once('T').unwrap();
                PrimitiveDateTime::new(time_date(date), time_time(time))
            }),
        ),
        "instant" => agree(
            vector,
            opens::<DateTime<Utc>>(vector, |meaning| {
                chrono_date_time(meaning.strip_suffix('Z').unwrap()).and_utc()
            }),
            opens(vector, |meaning| {
                let (date, time) = meaning.strip_suffix('Z').unwrap().split_once('T').unwrap();
                UtcDateTime::new(time_date(date), time_time(time))
            }),
        ),
        "offset-date-time" => agree(
            vector,
            opens::<DateTime<FixedOffset>>(vector, |meaning| {
                let (there, offset) = there_and_offset(meaning);
                let offset = FixedOffset::east_opt(offset).unwrap();
                chrono_date_time(there).and_local_timezone(offset).unwrap()
            }),
            opens(vector, |meaning| {
                let (there, offset) = there_and_offset(meaning);
                let (date, time) = there.split_once('T').unwrap();
                let offset = UtcOffset::from_whole_seconds(offset).unwrap();
                OffsetDateTime::new_in_offset(time_date(date), time_time(time), offset)
            }),
        ),
        "decimal" => agree(
            vector,
            opens(vector, |meaning| {
                let (digits, scale) = digits_and_scale(meaning);
                BigDecimal::new(digits, scale)
            }),
            opens::<Decimal>(vector, |meaning| meaning.parse().unwrap()),
        ),
        "json" => opens::<Value>(vector, |meaning| serde_json::from_str(meaning).unwrap()),
        "ip" => opens::<IpAddr>(vector, |meaning| meaning.parse().unwrap()),
        "ipv4" => opens::<Ipv4Addr>(vector, |meaning| meaning.parse().unwrap()),
        "ipv6" => opens::<Ipv6Addr>(vector, |meaning| meaning.parse().unwrap()),
        "network" => opens::<IpNetwork>(vector, |meaning| meaning.parse().unwrap()),
        "list of text" => opens::<Vec<String>>(vector, |meaning| serde_json::from_str(meaning).unwrap()),
        "list of i64" => opens::<Vec<i64>>(vector, |meaning| serde_json::from_str(meaning).unwrap()),
        "list of date" => opens::<Vec<NaiveDate>>(vector, |meaning| {
            let dates: Vec<String> = serde_json::from_str(meaning).unwrap();
            dates.iter().map(|date| chrono_date(date)).collect()
        }),
        other => panic!("{}: type {other}", vector.name),
    }
}

/// The outcome of the crate that can hold every vector. The other one has the same, or refuses what it cannot hold.
fn agree(vector: &Vector, wide: Outcome, narrow: Outcome) -> Outcome {
    let beyond = [
        // Years of five digits and more, and leap seconds: not in `time`.
        "date-first",
        "date-last",
        "date-time-first",
        "date-time-last",
        "instant-first",
        "instant-last",
        "time-leap-second",
        "time-leap-second-last",
        "date-time-leap-second",
        "instant-leap-second",
        // Not in `rust_decimal`.
        "decimal-big",
        "decimal-scale-29",
        "decimal-scale-largest",
        "decimal-scale-lowest",
        "decimal-thousand",
    ];
    let is_beyond = vector.name.strip_prefix("gcm-").is_some_and(|name| beyond.contains(&name));
    let expected = if is_beyond { Err("bad-plaintext") } else { wide };
    assert_eq!(narrow, expected, "{}", vector.name);
    wide
}

fn number(text: &str) -> i32 {
    text.parse().unwrap()
}

/// Year, month and day.
fn parts_of_date(text: &str) -> (i32, i32, i32) {
    let (rest, day) = text.rsplit_once('-').unwrap();
    let (year, month) = rest.rsplit_once('-').unwrap();
    (number(year), number(month), number(day))
}

/// Hour, minute, second and nanosecond.
fn parts_of_time(text: &str) -> (i32, i32, i32, i32) {
    let (text, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = text.split(':').map(number);
    let mut next = || parts.next().unwrap();
    (next(), next(), next(), number(&format!("{fraction:0<9}")))
}

fn there_and_offset(text: &str) -> (&str, i32) {
    let (there, offset) = text.split_at(text.rfind(['+', '-']).unwrap());
    let (sign, offset) = offset.split_at(1);
    let mut parts = offset.split(':').map(number).chain([0]);
    let mut next = || parts.next().unwrap();
    let seconds = next() * 3600 + next() * 60 + next();
    (there, if sign == "-" { -seconds } else { seconds })
}

fn chrono_date(text: &str) -> NaiveDate {
    let (year, month, day) = parts_of_date(text);
    NaiveDate::from_ymd_opt(year, month.try_into().unwrap(), day.try_into().unwrap()).unwrap()
}

fn chrono_time(text: &str) -> NaiveTime {
    let (hour, minute, second, nanosecond) = parts_of_time(text);
    let leap = i32::from(second == 60);
    let [hour, minute, second, nanosecond] =
        [hour, minute, second - leap, nanosecond + leap * 1_000_000_000].map(|part| part.try_into().unwrap());
    NaiveTime::from_hms_opt(hour, minute, second).unwrap().with_nanosecond(nanosecond).unwrap()
}

fn chrono_date_time(text: &str) -> NaiveDateTime {
    let (date, time) = text.split_once('T').unwrap();
    chrono_date(date).and_time(chrono_time(time))
}

fn time_date(text: &str) -> time::Date {
    let (year, month, day) = parts_of_date(text);
    let month = u8::try_from(month).unwrap().try_into().unwrap();
    time::Date::from_calendar_date(year, month, day.try_into().unwrap()).unwrap()
}

fn time_time(text: &str) -> time::Time {
    let (hour, minute, second, nanosecond) = parts_of_time(text);
    let [hour, minute, second] = [hour, minute, second].map(|part| part.try_into().unwrap());
    time::Time::from_hms_nano(hour, minute, second, nanosecond.try_into().unwrap()).unwrap()
}

fn digits_and_scale(text: &str) -> (BigInt, i64) {
    let (text, exponent) = text.split_once('E').unwrap_or((text, "0"));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}").parse().unwrap();
    (digits, i64::try_from(fraction.len()).unwrap() - i64::from(number(exponent)))
}
