//! What the types of the databases are to this crate.

use super::dialect::Dialect;

/// What a column holds, whatever the database calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Text,
    Bytes,
    Integer,
    /// MySQL's, whose numbers may be larger than the others'.
    Unsigned,
    Bool,
    Float32,
    Float64,
    Uuid,
    Address,
    Network,
    Date,
    Time,
    DateTime,
    Instant,
    Decimal,
    Json,
    Other,
}

impl Class {
    /// Of a type, without its length and with it, in lower case.
    pub(crate) fn of(dialect: Dialect, base: &str, whole: &str) -> Self {
        match dialect {
            Dialect::Postgres => postgres(base),
            Dialect::MySql => mysql(base, whole),
            Dialect::Sqlite => sqlite(base),
        }
    }

    /// Whether what a column holds has one encoding, so that it can name rows and tenants (FORMAT.md#associated-data).
    pub(crate) const fn names_rows(self, dialect: Dialect) -> bool {
        match self {
            Self::Text | Self::Bytes | Self::Integer | Self::Unsigned | Self::Uuid => true,
            // Elsewhere a number or text may stand for them, and be bound as that.
            Self::Bool | Self::Date | Self::Time | Self::DateTime => matches!(dialect, Dialect::Postgres),
            _ => false,
        }
    }

    /// Whether tenants are named by it.
    pub(crate) const fn names_tenants(self) -> bool {
        matches!(self, Self::Text | Self::Bytes | Self::Integer | Self::Unsigned | Self::Uuid)
    }
}

/// Whether a value of the type stays as it is, byte by byte, or is refused.
pub(crate) fn keeps_bytes(dialect: Dialect, base: &str) -> bool {
    match dialect {
        Dialect::Postgres => matches!(base, "text" | "varchar" | "bytea"),
        Dialect::MySql => {
            matches!(base, "varbinary" | "varchar") || base.ends_with("blob") || base.ends_with("text")
        }
        // It keeps bytes in a column of text as they are, and text in one of bytes.
        Dialect::Sqlite => true,
    }
}

fn postgres(base: &str) -> Class {
    match base {
        "text" | "varchar" | "bpchar" | "citext" | "name" | "enum" => Class::Text,
        "bytea" => Class::Bytes,
        "int2" | "int4" | "int8" => Class::Integer,
        "bool" => Class::Bool,
        "float4" => Class::Float32,
        "float8" => Class::Float64,
        "uuid" => Class::Uuid,
        "inet" => Class::Address,
        "cidr" => Class::Network,
        "date" => Class::Date,
        "time" => Class::Time,
        "timestamp" => Class::DateTime,
        "timestamptz" => Class::Instant,
        "numeric" => Class::Decimal,
        "json" | "jsonb" => Class::Json,
        _ => Class::Other,
    }
}

fn mysql(base: &str, whole: &str) -> Class {
    match base {
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set" => Class::Text,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Class::Bytes,
        "tinyint" if whole.starts_with("tinyint(1)") => Class::Bool,
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" if whole.contains("unsigned") => {
            Class::Unsigned
        }
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" => Class::Integer,
        "float" => Class::Float32,
        "double" => Class::Float64,
        "uuid" => Class::Uuid,
        "inet4" | "inet6" => Class::Address,
        "date" => Class::Date,
        "time" => Class::Time,
        "datetime" => Class::DateTime,
        "timestamp" => Class::Instant,
        "decimal" => Class::Decimal,
        "json" => Class::Json,
        _ => Class::Other,
    }
}

/// By the rules that SQLite itself goes by, and the names that people use.
fn sqlite(declared: &str) -> Class {
    let is = |name: &str| declared.contains(name);
    if is("bool") {
        Class::Bool
    } else if is("int") {
        Class::Integer
    } else if is("uuid") {
        Class::Uuid
    } else if is("json") {
        Class::Json
    } else if is("char") || is("clob") || is("text") {
        Class::Text
    } else if is("blob") || declared.is_empty() {
        Class::Bytes
    } else if is("real") || is("floa") || is("doub") {
        Class::Float64
    } else if is("datetime") || is("timestamp") {
        Class::DateTime
    } else if is("date") {
        Class::Date
    } else if is("time") {
        Class::Time
    } else if is("numeric") || is("decimal") {
        Class::Decimal
    } else {
        Class::Other
    }
}
