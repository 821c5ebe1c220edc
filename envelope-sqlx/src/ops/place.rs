//! The place of a row's values: the row that they are bound to, and the tenant whose they are.

use envelope_core::{Place, PlaintextKind, RowKey, Tenant, TenantId as _};
use uuid::Uuid;

use super::{
    cell::Cell,
    convert,
    schema::{Class, LiveColumn},
};

/// What the application's struct says of the place, read from the row's columns.
pub(crate) fn place(
    row: &[(&LiveColumn, &Cell)],
    tenant: Option<(&LiveColumn, &Cell)>,
) -> Result<Place, &'static str> {
    let mut place = Place::default();
    let mut key: Option<RowKey> = None;
    for (column, cell) in row {
        key = Some(part(key, column.class, cell)?);
    }
    if let Some(key) = key {
        place = place.in_row(key);
    }
    if let Some((column, cell)) = tenant {
        place = place.of_tenant(&tenant_of(column, cell)?);
    }
    Ok(place)
}

/// FORMAT.md#associated-data: a tenant is text as it stands, a number in decimal digits, a UUID in lower case with hyphens.
pub(crate) fn tenant_of(column: &LiveColumn, cell: &Cell) -> Result<Tenant, &'static str> {
    const NOT: &str = "the row names no tenant";
    match (cell, column.class) {
        (Cell::Bytes(bytes), _) => {
            let uuid = Uuid::from_slice(bytes).map_err(|_| "the row's tenant is bytes and no UUID")?;
            Ok(uuid.tenant().map_err(|_| NOT)?)
        }
        (Cell::Text(text), Class::Uuid) => {
            let uuid: Uuid = text.parse().map_err(|_| "the row's tenant is no UUID")?;
            Ok(uuid.tenant().map_err(|_| NOT)?)
        }
        _ => cell.text().ok_or(NOT)?.tenant().map_err(|_| NOT),
    }
}

fn part(key: Option<RowKey>, class: Class, cell: &Cell) -> Result<RowKey, &'static str> {
    macro_rules! with {
        ($id:expr) => {
            match key {
                None => RowKey::new($id),
                Some(key) => key.and($id),
            }
        };
    }
    const NOT: &str = "a column of the row's id has no value that names a row";
    Ok(match (cell, class) {
        (Cell::Integer(number), _) => with!(number),
        (Cell::Text(text), Class::Integer | Class::Unsigned) => {
            with!(&text.parse::<i128>().map_err(|_| NOT)?)
        }
        (Cell::Text(text), Class::Uuid) => with!(&text.parse::<Uuid>().map_err(|_| NOT)?),
        (Cell::Text(_), Class::Bool | Class::Date | Class::Time | Class::DateTime) => {
            let kind = match class {
                Class::Bool => PlaintextKind::Boolean,
                Class::Date => PlaintextKind::CalendarDate,
                Class::Time => PlaintextKind::TimeOfDay,
                _ => PlaintextKind::DateAndTime,
            };
            with!(&convert::read(kind, cell)?)
        }
        (Cell::Text(text), _) => with!(text),
        (Cell::Bytes(bytes), _) => with!(bytes),
        (Cell::Null | Cell::Float(_) | Cell::Unreadable, _) => return Err(NOT),
    })
}
