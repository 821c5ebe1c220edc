//! Dates and times, by either crate.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};
use diesel::prelude::*;

diesel::table! {
    moments (id) {
        id -> Integer,
        birth_date -> Nullable<crate::typed::dates::MomentBirthDate>,
        alarm -> Nullable<crate::typed::dates::MomentAlarm>,
        local -> Nullable<crate::typed::dates::MomentLocal>,
        seen -> Nullable<crate::typed::dates::MomentSeen>,
        there -> Nullable<crate::typed::dates::MomentThere>,
    }
}

#[derive(
    envelope_diesel::Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, Default, PartialEq,
)]
#[diesel(table_name = moments)]
#[encrypt(diesel, sqlx)]
pub(crate) struct Moment {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) birth_date: Option<NaiveDate>,
    #[encrypt(deterministic)]
    pub(crate) alarm: Option<NaiveTime>,
    #[encrypt(deterministic)]
    pub(crate) local: Option<NaiveDateTime>,
    #[encrypt(deterministic)]
    pub(crate) seen: Option<DateTime<Utc>>,
    #[encrypt]
    pub(crate) there: Option<DateTime<FixedOffset>>,
}

/// The same table in an application that went over to `time`.
pub(crate) mod with_time {
    use diesel::prelude::*;
    use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime};

    diesel::table! {
        moments (id) {
            id -> Integer,
            birth_date -> Nullable<crate::typed::dates::with_time::MomentBirthDate>,
            alarm -> Nullable<crate::typed::dates::with_time::MomentAlarm>,
            local -> Nullable<crate::typed::dates::with_time::MomentLocal>,
            seen -> Nullable<crate::typed::dates::with_time::MomentSeen>,
            there -> Nullable<crate::typed::dates::with_time::MomentThere>,
        }
    }

    #[derive(envelope_diesel::Encrypted, Queryable, Selectable, Clone, Debug, Default, PartialEq)]
    #[diesel(table_name = moments)]
    #[encrypt(diesel, sqlx)]
    pub(crate) struct Moment {
        pub(crate) id: i32,
        #[encrypt(deterministic)]
        pub(crate) birth_date: Option<Date>,
        #[encrypt(deterministic)]
        pub(crate) alarm: Option<Time>,
        #[encrypt(deterministic)]
        pub(crate) local: Option<PrimitiveDateTime>,
        #[encrypt(deterministic)]
        pub(crate) seen: Option<UtcDateTime>,
        #[encrypt]
        pub(crate) there: Option<OffsetDateTime>,
    }
}

/// The same table, when all of it was text.
pub(crate) mod as_text {
    diesel::table! {
        moments (id) {
            id -> Integer,
            birth_date -> Nullable<crate::typed::dates::as_text::MomentBirthDate>,
            alarm -> Nullable<crate::typed::dates::as_text::MomentAlarm>,
            local -> Nullable<crate::typed::dates::as_text::MomentLocal>,
            seen -> Nullable<crate::typed::dates::as_text::MomentSeen>,
            there -> Nullable<crate::typed::dates::as_text::MomentThere>,
        }
    }

    #[derive(envelope_diesel::Encrypted)]
    #[diesel(table_name = moments)]
    pub(crate) struct Moment {
        pub(crate) id: i32,
        #[encrypt(deterministic)]
        pub(crate) birth_date: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) alarm: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) local: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) seen: Option<String>,
        #[encrypt]
        pub(crate) there: Option<String>,
    }
}

pub(crate) const TABLE: &str = "CREATE TABLE moments (id {id}, birth_date {bytes}, alarm {bytes}, local {bytes}, seen {bytes}, there {bytes})";

pub(crate) fn moment(id: i32) -> Moment {
    let local =
        NaiveDate::from_ymd_opt(1990, 5, 17).unwrap().and_hms_nano_opt(8, 30, 0, 123_456_789).unwrap();
    Moment {
        id,
        birth_date: Some(local.date()),
        alarm: Some(local.time()),
        local: Some(local),
        seen: Some(local.and_utc()),
        there: Some(local.and_local_timezone(FixedOffset::west_opt(34_200).unwrap()).unwrap()),
    }
}

/// The edges of `chrono`, a leap second among them, and `NULL`.
pub(crate) fn moments() -> [Moment; 3] {
    let leap = NaiveDateTime::MAX.with_nanosecond(1_999_999_999).unwrap();
    let first = Moment {
        id: 2,
        birth_date: Some(NaiveDate::MIN),
        alarm: Some(leap.time()),
        local: Some(NaiveDateTime::MIN),
        seen: Some(DateTime::<Utc>::MIN_UTC),
        there: Some(leap.and_utc().fixed_offset()),
    };
    [moment(1), first, Moment { id: 3, ..Moment::default() }]
}
