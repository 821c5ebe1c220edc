//! The types of `time`, which knows no leap seconds.

use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime, UtcOffset};

use super::{
    DeterministicPlaintext, ExactPlaintext,
    calendar::{
        self, DATE_LEN, DATE_TIME_LEN, INSTANT_LEN, Instant, OFFSET_LEN, TIME_LEN, TimeOfDay,
        date_time_from_bytes, date_time_to_bytes,
    },
};

/// 1970-01-01 in the count of days that `time` has.
const JULIAN_DAY_OF_1970: i32 = 2_440_588;

const SECONDS_OF_A_DAY: i64 = 86_400;

fixed_length! {
    Date, CalendarDate: DATE_LEN, "a date in the range of `time::Date`",
        |date| days(*date).to_bytes(),
        |bytes| date(&calendar::Date::from_bytes(bytes));
    Time, TimeOfDay: TIME_LEN, "a time of day without a leap second",
        |time| time_of_day(*time).to_bytes(),
        |bytes| time(&TimeOfDay::from_bytes(bytes)?);
    PrimitiveDateTime, DateAndTime: DATE_TIME_LEN, "a date and time in the range of `time`, without a leap second",
        |both| date_time_to_bytes(&days(both.date()), &time_of_day(both.time())),
        |bytes| {
            let (day, time_of_day) = date_time_from_bytes(bytes)?;
            Some(Self::new(date(&day)?, time(&time_of_day)?))
        };
    UtcDateTime, PointInTime: INSTANT_LEN, "a point in time in the range of `time`, without a leap second",
        |instant| {
            Instant { seconds: instant.unix_timestamp(), nanoseconds: instant.nanosecond() }.to_bytes()
        },
        |bytes| {
            let instant = Instant::from_bytes(bytes)?;
            Self::from_unix_timestamp(instant.seconds).ok()?.replace_nanosecond(instant.nanoseconds).ok()
        };
    OffsetDateTime, PointInTimeWithOffset: OFFSET_LEN, "a point in time with an offset, in the range of `time` and without a leap second",
        |instant| {
            Instant { seconds: instant.unix_timestamp(), nanoseconds: instant.nanosecond() }
                .to_bytes_at(instant.offset().whole_seconds())
        },
        |bytes| {
            let (instant, offset) = Instant::from_bytes_at(bytes)?;
            // The date there may be in the range when that in UTC is not.
            let seconds = instant.seconds.checked_add(offset.into())?;
            let day = i32::try_from(seconds.div_euclid(SECONDS_OF_A_DAY)).ok()?;
            let time_of_day = TimeOfDay {
                seconds: u32::try_from(seconds.rem_euclid(SECONDS_OF_A_DAY)).ok()?,
                nanoseconds: instant.nanoseconds,
            };
            let offset = UtcOffset::from_whole_seconds(offset).ok()?;
            Some(Self::new_in_offset(date(&calendar::Date(day))?, time(&time_of_day)?, offset))
        };
}

impl ExactPlaintext for Date {}

impl DeterministicPlaintext for Date {}
impl ExactPlaintext for Time {}
impl DeterministicPlaintext for Time {}
impl ExactPlaintext for PrimitiveDateTime {}
impl DeterministicPlaintext for PrimitiveDateTime {}
// Neither for `OffsetDateTime`: one point in time is equal at all offsets, and its bytes are not.
impl ExactPlaintext for UtcDateTime {}
impl DeterministicPlaintext for UtcDateTime {}

const fn days(date: Date) -> calendar::Date {
    calendar::Date(date.to_julian_day().saturating_sub(JULIAN_DAY_OF_1970))
}

fn date(date: &calendar::Date) -> Option<Date> {
    Date::from_julian_day(date.0.checked_add(JULIAN_DAY_OF_1970)?).ok()
}

#[expect(clippy::arithmetic_side_effects, reason = "a day has 86,400 seconds")]
fn time_of_day(time: Time) -> TimeOfDay {
    let (hour, minute, second, nanoseconds) = time.as_hms_nano();
    let seconds = (u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second);
    TimeOfDay { seconds, nanoseconds }
}

fn time(time: &TimeOfDay) -> Option<Time> {
    let [hour, minute, second] = [time.seconds / 3600, time.seconds / 60 % 60, time.seconds % 60];
    let part = |number: u32| u8::try_from(number).ok();
    Time::from_hms_nano(part(hour)?, part(minute)?, part(second)?, time.nanoseconds).ok()
}
