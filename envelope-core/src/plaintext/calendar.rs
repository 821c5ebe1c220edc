//! FORMAT.md#dates-and-times, as numbers: what the types of all calendar crates are converted to and from.

/// The length of a date.
pub(super) const DATE_LEN: usize = 4;
/// The length of a time of day.
pub(super) const TIME_LEN: usize = 7;
/// The length of a date with a time of day.
pub(super) const DATE_TIME_LEN: usize = 11;
/// The length of a point in time.
pub(super) const INSTANT_LEN: usize = 12;
/// The length of a point in time with the offset of a place.
pub(super) const OFFSET_LEN: usize = 15;

const SECONDS_OF_A_DAY: u32 = 86_400;
/// A second has up to 10^9 nanoseconds, and a leap second after it has as many.
const NANOSECONDS: u32 = 2_000_000_000;
/// No place is as far from UTC as this, in either direction.
const SECONDS_OF_AN_OFFSET: u32 = 93_600;

/// Days since 1970-01-01 of the proleptic Gregorian calendar.
pub(super) struct Date(pub(super) i32);

impl Date {
    pub(super) const fn to_bytes(&self) -> [u8; DATE_LEN] {
        self.0.to_be_bytes()
    }

    pub(super) const fn from_bytes(bytes: [u8; DATE_LEN]) -> Self {
        Self(i32::from_be_bytes(bytes))
    }
}

/// Seconds since midnight, and nanoseconds since the second began; those from 10^9 are in the leap second after it.
pub(super) struct TimeOfDay {
    pub(super) seconds: u32,
    pub(super) nanoseconds: u32,
}

impl TimeOfDay {
    pub(super) const fn to_bytes(&self) -> [u8; TIME_LEN] {
        let [_, s0, s1, s2] = self.seconds.to_be_bytes();
        let [n0, n1, n2, n3] = self.nanoseconds.to_be_bytes();
        [s0, s1, s2, n0, n1, n2, n3]
    }

    pub(super) fn from_bytes([s0, s1, s2, n0, n1, n2, n3]: [u8; TIME_LEN]) -> Option<Self> {
        let seconds = u32::from_be_bytes([0, s0, s1, s2]);
        let nanoseconds = u32::from_be_bytes([n0, n1, n2, n3]);
        (seconds < SECONDS_OF_A_DAY && nanoseconds < NANOSECONDS).then_some(Self { seconds, nanoseconds })
    }
}

/// A date, then a time of day.
pub(super) const fn date_time_to_bytes(date: &Date, time: &TimeOfDay) -> [u8; DATE_TIME_LEN] {
    let [d0, d1, d2, d3] = date.to_bytes();
    let [t0, t1, t2, t3, t4, t5, t6] = time.to_bytes();
    [d0, d1, d2, d3, t0, t1, t2, t3, t4, t5, t6]
}

/// The inverse of [`date_time_to_bytes`].
pub(super) fn date_time_from_bytes(bytes: [u8; DATE_TIME_LEN]) -> Option<(Date, TimeOfDay)> {
    let [d0, d1, d2, d3, t0, t1, t2, t3, t4, t5, t6] = bytes;
    let time = TimeOfDay::from_bytes([t0, t1, t2, t3, t4, t5, t6])?;
    Some((Date::from_bytes([d0, d1, d2, d3]), time))
}

/// Seconds since 1970-01-01 00:00 UTC, and nanoseconds as in a [`TimeOfDay`].
pub(super) struct Instant {
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

impl Instant {
    pub(super) const fn to_bytes(&self) -> [u8; INSTANT_LEN] {
        let [s0, s1, s2, s3, s4, s5, s6, s7] = self.seconds.to_be_bytes();
        let [n0, n1, n2, n3] = self.nanoseconds.to_be_bytes();
        [s0, s1, s2, s3, s4, s5, s6, s7, n0, n1, n2, n3]
    }

    pub(super) fn from_bytes(bytes: [u8; INSTANT_LEN]) -> Option<Self> {
        let [s0, s1, s2, s3, s4, s5, s6, s7, n0, n1, n2, n3] = bytes;
        let seconds = i64::from_be_bytes([s0, s1, s2, s3, s4, s5, s6, s7]);
        let nanoseconds = u32::from_be_bytes([n0, n1, n2, n3]);
        (nanoseconds < NANOSECONDS).then_some(Self { seconds, nanoseconds })
    }

    /// With seconds east of UTC, which fit in three bytes.
    pub(super) const fn to_bytes_at(&self, offset: i32) -> [u8; OFFSET_LEN] {
        let [s0, s1, s2, s3, s4, s5, s6, s7, n0, n1, n2, n3] = self.to_bytes();
        let [_, o0, o1, o2] = offset.to_be_bytes();
        [s0, s1, s2, s3, s4, s5, s6, s7, n0, n1, n2, n3, o0, o1, o2]
    }

    /// The inverse of [`to_bytes_at`](Self::to_bytes_at).
    pub(super) fn from_bytes_at(bytes: [u8; OFFSET_LEN]) -> Option<(Self, i32)> {
        let [s0, s1, s2, s3, s4, s5, s6, s7, n0, n1, n2, n3, o0, o1, o2] = bytes;
        let sign = if o0 < 0x80 { 0 } else { 0xFF };
        let offset = i32::from_be_bytes([sign, o0, o1, o2]);
        let instant = Self::from_bytes([s0, s1, s2, s3, s4, s5, s6, s7, n0, n1, n2, n3])?;
        (offset.unsigned_abs() < SECONDS_OF_AN_OFFSET).then_some((instant, offset))
    }
}

/// How many places of the order a second has: those of a leap second stand behind its own, and before the next second.
pub(super) const PLACES_OF_A_SECOND: i128 = 2_000_000_000;

/// Days since 1970-01-01.
pub(super) fn order_of_date(encoded: &[u8]) -> Option<i128> {
    Some(Date::from_bytes(encoded.try_into().ok()?).0.into())
}

/// Since midnight.
pub(super) fn order_of_time(encoded: &[u8]) -> Option<i128> {
    let time = TimeOfDay::from_bytes(encoded.try_into().ok()?)?;
    Some(place(time.seconds.into(), time.nanoseconds))
}

/// Since 1970-01-01 00:00 there.
pub(super) fn order_of_date_time(encoded: &[u8]) -> Option<i128> {
    let (date, time) = date_time_from_bytes(encoded.try_into().ok()?)?;
    let seconds =
        i64::from(date.0).saturating_mul(SECONDS_OF_A_DAY.into()).saturating_add(time.seconds.into());
    Some(place(seconds, time.nanoseconds))
}

/// Since 1970-01-01 00:00 UTC.
pub(super) fn order_of_instant(encoded: &[u8]) -> Option<i128> {
    let instant = Instant::from_bytes(encoded.try_into().ok()?)?;
    Some(place(instant.seconds, instant.nanoseconds))
}

/// The same, whatever the offset.
pub(super) fn order_of_instant_at(encoded: &[u8]) -> Option<i128> {
    let (instant, _) = Instant::from_bytes_at(encoded.try_into().ok()?)?;
    Some(place(instant.seconds, instant.nanoseconds))
}

fn place(seconds: i64, nanoseconds: u32) -> i128 {
    i128::from(seconds).saturating_mul(PLACES_OF_A_SECOND).saturating_add(nanoseconds.into())
}
