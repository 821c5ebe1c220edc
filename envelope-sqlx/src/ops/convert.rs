//! Between the database's own types and the encodings of FORMAT.md#plaintext-encodings.

use core::{net::IpAddr, str::FromStr as _};

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};
use envelope_core::{
    FromPlaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextWriter, ToPlaintext,
};
use ipnetwork::IpNetwork;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{cell::Cell, dialect::Dialect, schema::Class};

/// A plaintext with its type, as it was read from a plaintext column or is written to one.
pub(crate) enum Plain {
    Bytes(Zeroizing<Vec<u8>>),
    Integer(i128),
    Large(u128),
    Bool(bool),
    Float32(f32),
    Float64(f64),
    Uuid(Uuid),
    Address(IpAddr),
    Network(IpNetwork),
    Date(NaiveDate),
    Time(NaiveTime),
    DateTime(NaiveDateTime),
    Instant(DateTime<Utc>),
    InstantWithOffset(DateTime<FixedOffset>),
    Decimal(BigDecimal),
}

/// The encoding of a plaintext, whatever its type: what is opened under one key and sealed under another.
pub(crate) struct Encoded(pub(crate) PlaintextBytes);

impl FromPlaintext for Encoded {
    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        Ok(Self(bytes))
    }
}

impl ToPlaintext for Encoded {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        out.write(&self.0);
    }

    fn size_hint(&self) -> usize {
        self.0.len()
    }
}

impl ToPlaintext for Plain {
    type Plain = Encoded;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        match self {
            Self::Bytes(bytes) => out.write(bytes),
            Self::Integer(value) => value.write(out),
            Self::Large(value) => value.write(out),
            Self::Bool(value) => value.write(out),
            Self::Float32(value) => value.write(out),
            Self::Float64(value) => value.write(out),
            Self::Uuid(value) => value.write(out),
            Self::Address(value) => value.write(out),
            Self::Network(value) => value.write(out),
            Self::Date(value) => value.write(out),
            Self::Time(value) => value.write(out),
            Self::DateTime(value) => value.write(out),
            Self::Instant(value) => value.write(out),
            Self::InstantWithOffset(value) => value.write(out),
            Self::Decimal(value) => value.write(out),
        }
    }

    fn size_hint(&self) -> usize {
        if let Self::Bytes(bytes) = self { bytes.len() } else { 16 }
    }
}

/// What stands in a plaintext column, as a plaintext of that kind; else what it is not.
pub(crate) fn read(kind: PlaintextKind, cell: &Cell) -> Result<Plain, &'static str> {
    let text = || cell.text().map(Zeroizing::new);
    Ok(match kind {
        PlaintextKind::Text => match cell {
            Cell::Bytes(bytes) if str::from_utf8(bytes).is_err() => return Err("not text in UTF-8"),
            Cell::Bytes(bytes) => Plain::Bytes(bytes.clone().into()),
            _ => Plain::Bytes(text().ok_or("not text")?.as_bytes().to_vec().into()),
        },
        PlaintextKind::JsonText => {
            let bytes = cell.bytes().ok_or("not JSON")?;
            Plain::Bytes(compact(bytes).ok_or("not JSON")?)
        }
        PlaintextKind::Bytes => Plain::Bytes(cell.bytes().ok_or("not bytes")?.to_vec().into()),
        PlaintextKind::AnyInteger => {
            let text = text().ok_or("not an integer")?;
            match text.parse() {
                Ok(number) => Plain::Integer(number),
                Err(_) => Plain::Large(text.parse().map_err(|_| "not an integer of at most 128 bits")?),
            }
        }
        PlaintextKind::Boolean => match text().as_deref().map(String::as_str) {
            Some("0" | "f" | "false") => Plain::Bool(false),
            Some("1" | "t" | "true") => Plain::Bool(true),
            _ => return Err("not a boolean"),
        },
        PlaintextKind::Float32 => Plain::Float32(parse(text(), "not a float")?),
        PlaintextKind::Float64 => match cell {
            Cell::Float(number) => Plain::Float64(*number),
            _ => Plain::Float64(parse(text(), "not a float")?),
        },
        PlaintextKind::UuidBytes => match cell {
            Cell::Bytes(bytes) => Plain::Uuid(Uuid::from_slice(bytes).map_err(|_| "not a UUID of 16 bytes")?),
            _ => Plain::Uuid(parse(text(), "not a UUID")?),
        },
        PlaintextKind::Address => {
            let network: IpNetwork = parse(text(), "not an IP address")?;
            let is_single = network.prefix() == if network.is_ipv4() { 32 } else { 128 };
            Plain::Address(if is_single {
                network.ip()
            } else {
                return Err("a network, and not an IP address");
            })
        }
        PlaintextKind::Network => Plain::Network(parse(text(), "not an IP network")?),
        PlaintextKind::CalendarDate => {
            let text = text().ok_or("not a date")?;
            let date = text.split_once([' ', 'T']).map_or(text.as_str(), |(date, time)| {
                if time.trim_matches(['0', ':', '.']).is_empty() { date } else { text.as_str() }
            });
            Plain::Date(NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| "not a date")?)
        }
        PlaintextKind::TimeOfDay => Plain::Time(parse(text(), "not a time of day")?),
        PlaintextKind::DateAndTime => Plain::DateTime(date_time(cell)?.0),
        PlaintextKind::PointInTime => {
            let (local, offset) = date_time(cell)?;
            let offset = offset.map_or(0, |offset| offset.local_minus_utc());
            let shifted = local.checked_sub_signed(chrono::TimeDelta::seconds(offset.into()));
            Plain::Instant(shifted.ok_or("not a point in time")?.and_utc())
        }
        PlaintextKind::PointInTimeWithOffset => {
            let (local, offset) = date_time(cell)?;
            let offset = offset.ok_or("a point in time without an offset")?;
            let at = local.and_local_timezone(offset).single();
            Plain::InstantWithOffset(at.ok_or("not a point in time")?)
        }
        PlaintextKind::DecimalNumber => {
            let text = text().ok_or("not a decimal number")?;
            Plain::Decimal(BigDecimal::from_str(&text).map_err(|_| "not a decimal number")?)
        }
        PlaintextKind::List => return Err("a list, which only the application can encrypt"),
        _ => return Err("of a type that says no `KIND`, which only the application can encrypt"),
    })
}

fn parse<T: core::str::FromStr>(
    text: Option<Zeroizing<String>>,
    not: &'static str,
) -> Result<T, &'static str> {
    text.and_then(|text| text.parse().ok()).ok_or(not)
}

/// Date and time of day, with the offset if one is named.
fn date_time(cell: &Cell) -> Result<(NaiveDateTime, Option<FixedOffset>), &'static str> {
    const NOT: &str = "not a date and time";
    if let Cell::Integer(seconds) = cell {
        return Ok((DateTime::from_timestamp(*seconds, 0).ok_or(NOT)?.naive_utc(), None));
    }
    let text = Zeroizing::new(cell.text().ok_or(NOT)?.replacen('T', " ", 1));
    let plain = text.strip_suffix('Z').map_or(text.as_str(), |text| text);
    let utc = (plain.len() < text.len()).then(|| FixedOffset::east_opt(0)).flatten();
    for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(local) = NaiveDateTime::parse_from_str(plain, format) {
            return Ok((local, utc));
        }
    }
    if let Ok(date) = NaiveDate::parse_from_str(plain, "%Y-%m-%d") {
        return Ok((date.and_time(NaiveTime::MIN), utc));
    }
    let at = DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z").map_err(|_| NOT)?;
    Ok((at.naive_local(), Some(*at.offset())))
}

/// FORMAT.md#json: without white space between its tokens; its numbers and the order of its keys stay as they are.
fn compact(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).ok()?;
    let mut compact = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut in_text, mut is_escaped) = (false, false);
    for &byte in text {
        if in_text {
            in_text = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_text = byte == b'"';
        }
        compact.push(byte);
    }
    Some(compact)
}

/// Whether the bytes are an encoding of that kind. Of a type's own encoding only the type knows.
pub(crate) fn decode(kind: PlaintextKind, bytes: PlaintextBytes) -> Result<Plain, PlaintextError> {
    let raw = |bytes: &PlaintextBytes| Plain::Bytes(Zeroizing::new(bytes.to_vec()));
    Ok(match kind {
        PlaintextKind::Text => {
            str::from_utf8(&bytes).map_err(|_| PlaintextError::new("text in UTF-8"))?;
            raw(&bytes)
        }
        PlaintextKind::JsonText => {
            serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
                .map_err(|_| PlaintextError::new("JSON"))?;
            raw(&bytes)
        }
        // Only numbers above the signed ones begin with a byte more.
        PlaintextKind::AnyInteger if bytes.len() == 17 => Plain::Large(u128::read(bytes)?),
        PlaintextKind::AnyInteger => Plain::Integer(i128::read(bytes)?),
        PlaintextKind::Boolean => Plain::Bool(bool::read(bytes)?),
        PlaintextKind::Float32 => Plain::Float32(f32::read(bytes)?),
        PlaintextKind::Float64 => Plain::Float64(f64::read(bytes)?),
        PlaintextKind::UuidBytes => Plain::Uuid(Uuid::read(bytes)?),
        PlaintextKind::Address => Plain::Address(IpAddr::read(bytes)?),
        PlaintextKind::Network => Plain::Network(IpNetwork::read(bytes)?),
        PlaintextKind::CalendarDate => Plain::Date(NaiveDate::read(bytes)?),
        PlaintextKind::TimeOfDay => Plain::Time(NaiveTime::read(bytes)?),
        PlaintextKind::DateAndTime => Plain::DateTime(NaiveDateTime::read(bytes)?),
        PlaintextKind::PointInTime => Plain::Instant(DateTime::<Utc>::read(bytes)?),
        PlaintextKind::PointInTimeWithOffset => {
            Plain::InstantWithOffset(DateTime::<FixedOffset>::read(bytes)?)
        }
        PlaintextKind::DecimalNumber => Plain::Decimal(BigDecimal::read(bytes)?),
        _ => raw(&bytes),
    })
}

/// A plaintext as a plaintext column of that class takes it.
pub(crate) fn write(plain: &Plain, class: Class, dialect: Dialect) -> Result<Cell, &'static str> {
    Ok(match (plain, class) {
        (Plain::Bytes(bytes), Class::Bytes) => Cell::Bytes(bytes.to_vec()),
        (Plain::Bytes(bytes), _) => {
            Cell::Text(String::from_utf8(bytes.to_vec()).map_err(|_| "bytes that are no text")?)
        }
        (Plain::Uuid(uuid), Class::Bytes) => Cell::Bytes(uuid.as_bytes().to_vec()),
        (Plain::Integer(number), _) => {
            i64::try_from(*number).map_or_else(|_| Cell::Text(number.to_string()), Cell::Integer)
        }
        (Plain::Bool(value), _) => Cell::Integer((*value).into()),
        (Plain::Float32(number), _) if dialect == Dialect::Postgres => Cell::Text(number.to_string()),
        (Plain::Float32(number), _) => Cell::Float((*number).into()),
        (Plain::Float64(number), _) => Cell::Float(*number),
        (Plain::Large(number), _) => Cell::Text(number.to_string()),
        (Plain::Uuid(uuid), _) => Cell::Text(uuid.hyphenated().to_string()),
        (Plain::Address(address), _) => Cell::Text(address.to_string()),
        (Plain::Network(network), _) => Cell::Text(network.to_string()),
        (Plain::Date(date), _) => Cell::Text(date.to_string()),
        (Plain::Time(time), _) => Cell::Text(time.to_string()),
        (Plain::DateTime(both), _) => Cell::Text(both.format("%Y-%m-%d %H:%M:%S%.f").to_string()),
        (Plain::Instant(at), _) if dialect == Dialect::MySql => {
            Cell::Text(at.naive_utc().format("%Y-%m-%d %H:%M:%S%.f").to_string())
        }
        (Plain::Instant(at), _) => Cell::Text(at.to_rfc3339_opts(SecondsFormat::AutoSi, false)),
        (Plain::InstantWithOffset(at), _) => Cell::Text(at.to_rfc3339()),
        (Plain::Decimal(number), _) => Cell::Text(number.to_plain_string()),
    })
}
