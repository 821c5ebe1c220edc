//! The types of `chrono`, which can be in a leap second.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};

use super::{
    DeterministicPlaintext, ExactPlaintext,
    calendar::{
        DATE_LEN, DATE_TIME_LEN, Date, INSTANT_LEN, Instant, OFFSET_LEN, TIME_LEN, TimeOfDay,
        date_time_from_bytes, date_time_to_bytes,
    },
};

fixed_length! {
    NaiveDate, CalendarDate: DATE_LEN, "a date in the range of `chrono::NaiveDate`",
        |date| days(*date).to_bytes(),
        |bytes| date(&Date::from_bytes(bytes));
    NaiveTime, TimeOfDay: TIME_LEN, "a time of day",
        |time| time_of_day(*time).to_bytes(),
        |bytes| time(&TimeOfDay::from_bytes(bytes)?);
    NaiveDateTime, DateAndTime: DATE_TIME_LEN, "a date and time in the range of `chrono::NaiveDateTime`",
        |both| date_time_to_bytes(&days(both.date()), &time_of_day(both.time())),
        |bytes| {
            let (day, time_of_day) = date_time_from_bytes(bytes)?;
            Some(date(&day)?.and_time(time(&time_of_day)?))
        };
    DateTime<Utc>, PointInTime: INSTANT_LEN, "a point in time in the range of `chrono::DateTime`",
        |instant| since_1970(instant).to_bytes(),
        |bytes| Some(utc(&Instant::from_bytes(bytes)?)?.and_utc());
    DateTime<FixedOffset>, PointInTimeWithOffset: OFFSET_LEN, "a point in time with an offset, in the range of `chrono::DateTime`",
        |instant| since_1970(&instant.to_utc()).to_bytes_at(instant.offset().local_minus_utc()),
        |bytes| {
            let (instant, offset) = Instant::from_bytes_at(bytes)?;
            Some(Self::from_naive_utc_and_offset(utc(&instant)?, FixedOffset::east_opt(offset)?))
        };
}

impl ExactPlaintext for NaiveDate {}

impl DeterministicPlaintext for NaiveDate {}
impl ExactPlaintext for NaiveTime {}
impl DeterministicPlaintext for NaiveTime {}
impl ExactPlaintext for NaiveDateTime {}
impl DeterministicPlaintext for NaiveDateTime {}
// Neither for `DateTime<FixedOffset>`: one point in time is equal at all offsets, and its bytes are not.
impl ExactPlaintext for DateTime<Utc> {}
impl DeterministicPlaintext for DateTime<Utc> {}

const fn days(date: NaiveDate) -> Date {
    Date(date.to_epoch_days())
}

const fn date(date: &Date) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(date.0)
}

fn time_of_day(time: NaiveTime) -> TimeOfDay {
    TimeOfDay { seconds: time.num_seconds_from_midnight(), nanoseconds: time.nanosecond() }
}

/// The nanoseconds are set apart: chrono makes no leap second but at the end of a minute, and yet can have one anywhere.
fn time(time: &TimeOfDay) -> Option<NaiveTime> {
    NaiveTime::from_num_seconds_from_midnight_opt(time.seconds, 0)?.with_nanosecond(time.nanoseconds)
}

const fn since_1970(instant: &DateTime<Utc>) -> Instant {
    Instant { seconds: instant.timestamp(), nanoseconds: instant.timestamp_subsec_nanos() }
}

fn utc(instant: &Instant) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(instant.seconds, 0)?.naive_utc().with_nanosecond(instant.nanoseconds)
}
