//! Which rows are to be changed, as conditions of SQL on the first bytes of values.

use envelope_core::{Encoding, ValueHeader};

use super::{
    cell::Cell,
    database::Session,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    schema::{LiveColumn, LiveTable},
    statement::Statement,
};

/// The column begins as only values do.
pub(crate) fn is_value(dialect: Dialect, column: &LiveColumn, encoding: Encoding) -> String {
    let name = column.at(dialect);
    match encoding {
        Encoding::Bytes => {
            format!("({name} >= {} AND {name} < {})", dialect.bytes(&[0xFD]), dialect.bytes(&[0xFF]))
        }
        Encoding::Text => format!("({})", dialect.begins_with(&name, "env:")),
    }
}

/// The column holds plaintext.
pub(crate) fn is_plaintext(dialect: Dialect, column: &LiveColumn, encoding: Encoding) -> String {
    let name = column.at(dialect);
    format!("({name} IS NOT NULL AND NOT {})", is_value(dialect, column, encoding))
}

/// The column has a value that begins with one of these: a range of the column itself, so that an index on it serves.
pub(crate) fn has_header(dialect: Dialect, column: &LiveColumn, headers: &[ValueHeader]) -> String {
    has_header_at(dialect, &column.at(dialect), headers)
}

pub(crate) fn has_header_at(dialect: Dialect, name: &str, headers: &[ValueHeader]) -> String {
    let ranges = headers.iter().map(|header| {
        let start = header.prefix();
        match header.encoding() {
            Encoding::Text => dialect.begins_with(name, &String::from_utf8_lossy(&start)),
            Encoding::Bytes => {
                let from = dialect.bytes(&start);
                // The last key id of all is followed by those of the next suite.
                let next =
                    start.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)).saturating_add(1);
                let [_, _, to @ ..] = next.to_be_bytes();
                format!("({name} >= {from} AND {name} < {})", dialect.bytes(&to))
            }
        }
    });
    let ranges: Vec<_> = ranges.collect();
    if ranges.is_empty() { "(1 = 0)".into() } else { format!("({})", ranges.join(" OR ")) }
}

/// What a column holds, by the first bytes of its values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Usage {
    /// How many values have which header.
    pub(crate) headers: Vec<(ValueHeader, u64)>,
    /// Rows that do not begin like a value.
    pub(crate) plaintext: u64,
    /// Rows that begin like one and are none.
    pub(crate) malformed: u64,
}

impl Usage {
    pub(crate) async fn count(
        dialect: Dialect,
        session: &mut Session,
        table: &LiveTable,
        column: &LiveColumn,
        encoding: Encoding,
    ) -> Result<Self, OpsError> {
        let name = column.at(dialect);
        let start = match (encoding, dialect) {
            (Encoding::Bytes, Dialect::Postgres) => format!("substring({name} FROM 1 FOR 6)"),
            (Encoding::Text, Dialect::Postgres) => format!("left({name}, 12)"),
            (Encoding::Bytes, Dialect::MySql) => format!("LEFT({name}, 6)"),
            (Encoding::Text, Dialect::MySql) => format!("CAST(LEFT({name}, 12) AS BINARY)"),
            (Encoding::Bytes, Dialect::Sqlite) => format!("substr({name}, 1, 6)"),
            (Encoding::Text, Dialect::Sqlite) => format!("substr({name}, 1, 12)"),
        };
        let is_value = is_value(dialect, column, encoding);
        let query = Statement::new(
            dialect,
            format!(
                "SELECT CASE WHEN {is_value} THEN {start} END, COUNT(*) FROM {} AS t WHERE {name} IS NOT NULL GROUP BY 1",
                dialect.quote_table(&table.name)
            ),
        );
        let mut usage = Self::default();
        for row in session.rows(query).await.doing("counting values by their keys")? {
            let [start, count] = &*row else { continue };
            let count = count.integer().and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
            match (start, start.bytes().and_then(ValueHeader::of)) {
                (Cell::Null, _) => usage.plaintext = usage.plaintext.saturating_add(count),
                (_, Some(header)) => usage.headers.push((header, count)),
                (_, None) => usage.malformed = usage.malformed.saturating_add(count),
            }
        }
        Ok(usage)
    }
}

/// How many rows there are of which the condition holds.
pub(crate) async fn count(
    dialect: Dialect,
    session: &mut Session,
    table: &LiveTable,
    condition: &str,
) -> Result<u64, OpsError> {
    let from = dialect.quote_table(&table.name);
    let query = Statement::new(dialect, format!("SELECT COUNT(*) FROM {from} AS t WHERE {condition}"));
    let rows = session.rows(query).await.doing("counting rows")?;
    let count = rows.first().and_then(|row| row.first()).and_then(Cell::integer);
    Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// The column holds a value in the encoding that it is not declared with. A column of text has no place for bytes, except SQLite's.
pub(crate) fn is_in_other_encoding(dialect: Dialect, column: &LiveColumn, declared: Encoding) -> String {
    let name = column.at(dialect);
    let bytes = |start: &[u8], end: &[u8]| {
        format!("({name} >= {} AND {name} < {})", dialect.bytes(start), dialect.bytes(end))
    };
    match (declared, dialect) {
        (Encoding::Bytes, Dialect::Sqlite) => {
            let text = dialect.begins_with(&name, "env:");
            format!("((typeof({name}) = 'text' AND {text}) OR {})", bytes(b"env:", b"env;"))
        }
        (Encoding::Bytes, _) => bytes(b"env:", b"env;"),
        (Encoding::Text, Dialect::Sqlite) => {
            format!("(typeof({name}) = 'blob' AND {})", bytes(&[0xFE], &[0xFF]))
        }
        (Encoding::Text, _) => "(1 = 0)".into(),
    }
}
