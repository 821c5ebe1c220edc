//! How the three databases write what they have in common.

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Postgres,
    /// MySQL and MariaDB.
    MySql,
    Sqlite,
}

impl Dialect {
    pub(crate) fn quote(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            Self::Postgres | Self::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A table's name, which may be one in a schema: `audit.events`.
    pub(crate) fn quote_table(self, name: &str) -> String {
        name.split('.').map(|part| self.quote(part)).collect::<Vec<_>>().join(".")
    }

    pub(crate) fn bytes(self, bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Postgres => format!("'\\x{digits}'::bytea"),
            Self::MySql | Self::Sqlite => format!("x'{digits}'"),
        }
    }

    /// `NULL` is equal to `NULL`.
    pub(crate) const fn same(self) -> &'static str {
        match self {
            Self::Postgres => " IS NOT DISTINCT FROM ",
            Self::MySql => " <=> ",
            Self::Sqlite => " IS ",
        }
    }

    /// Whether text begins with this, which has no character that is special to `LIKE` or `GLOB`; letter by letter.
    pub(crate) fn begins_with(self, column: &str, start: &str) -> String {
        match self {
            Self::Postgres => format!("{column} LIKE '{start}%'"),
            Self::MySql => format!("{column} LIKE BINARY '{start}%'"),
            Self::Sqlite => format!("{column} GLOB '{start}*'"),
        }
    }
}
