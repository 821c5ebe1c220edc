//! A table as it stands in the database.

use super::{
    cell::Cell,
    database::{Database, Session},
    dialect::Dialect,
    error::{Doing as _, OpsError},
    statement::Statement,
};

/// A table of the database.
#[derive(Clone, Debug)]
pub(crate) struct LiveTable {
    pub(crate) name: String,
    pub(crate) columns: Vec<LiveColumn>,
    /// The columns of the primary key.
    pub(crate) key: Vec<LiveColumn>,
}

/// A column of the database.
#[derive(Clone, Debug)]
pub(crate) struct LiveColumn {
    pub(crate) name: String,
    /// As the database writes it; in PostgreSQL what a value can be cast to.
    pub(crate) ty: String,
    pub(crate) class: Class,
    /// The most bytes, or characters of text, that the column holds, if it has a limit.
    pub(crate) limit: Option<u64>,
    /// Its place in the primary key, from 1; 0 if it is not in it.
    place: i64,
}

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

impl LiveTable {
    pub(crate) async fn read(
        database: &Database,
        session: &mut Session,
        name: &str,
    ) -> Result<Self, OpsError> {
        let dialect = database.dialect();
        let columns = Self::columns(database, session, name).await?;
        let mut key: Vec<_> = columns.iter().filter(|column| column.place > 0).cloned().collect();
        key.sort_by_key(|column| column.place);
        if key.is_empty() && dialect == Dialect::Sqlite {
            key.push(LiveColumn {
                name: "rowid".into(),
                ty: "INTEGER".into(),
                class: Class::Integer,
                limit: None,
                place: 1,
            });
        }
        if key.is_empty() {
            return Err(OpsError::NoPrimaryKey(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), columns, key })
    }

    /// The columns of a table, which may have no primary key.
    pub(crate) async fn columns(
        database: &Database,
        session: &mut Session,
        name: &str,
    ) -> Result<Vec<LiveColumn>, OpsError> {
        let dialect = database.dialect();
        let rows = session.rows(query(dialect, name)).await.doing("reading the table's columns")?;
        let columns: Vec<_> = rows.iter().filter_map(|row| column(dialect, row)).collect();
        if columns.is_empty() { Err(OpsError::NoTable(name.to_owned())) } else { Ok(columns) }
    }

    pub(crate) fn column(&self, name: &str) -> Result<&LiveColumn, OpsError> {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .ok_or_else(|| OpsError::NoColumn { table: self.name.clone(), column: name.to_owned() })
    }
}

/// Name, type, its base, limit, place in the primary key.
fn query(dialect: Dialect, table: &str) -> Statement {
    match dialect {
        Dialect::Postgres => {
            let mut query = Statement::new(
                dialect,
                "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod)::text,
                        CASE WHEN t.typtype = 'e' THEN 'text' ELSE COALESCE(b.typname, t.typname)::text END,
                        CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN (a.atttypmod - 4)::bigint END,
                        COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0)::bigint
                 FROM pg_attribute a
                 JOIN pg_type t ON t.oid = a.atttypid
                 LEFT JOIN pg_type b ON b.oid = t.typbasetype
                 LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
                 WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = to_regclass(",
            );
            query.bind(Cell::Text(dialect.quote_table(table))).push(") ORDER BY a.attnum");
            query
        }
        Dialect::MySql => {
            let mut query = Statement::new(
                dialect,
                "SELECT CAST(c.column_name AS CHAR), CAST(c.column_type AS CHAR), CAST(c.data_type AS CHAR),
                        CAST(CASE WHEN c.data_type IN ('char', 'varchar') THEN c.character_maximum_length
                                  ELSE c.character_octet_length END AS SIGNED),
                        CAST(COALESCE(s.seq_in_index, 0) AS SIGNED)
                 FROM information_schema.columns c
                 LEFT JOIN information_schema.statistics s
                        ON s.table_schema = c.table_schema AND s.table_name = c.table_name
                       AND s.column_name = c.column_name AND s.index_name = 'PRIMARY'
                 WHERE c.table_schema = COALESCE(",
            );
            let (schema, name) = match table.split_once('.') {
                Some((schema, name)) => (Cell::Text(schema.to_owned()), name),
                None => (Cell::Null, table),
            };
            query.bind(schema).push(", DATABASE()) AND c.table_name = ").bind(Cell::Text(name.to_owned()));
            query.push(" ORDER BY c.ordinal_position");
            query
        }
        Dialect::Sqlite => {
            let mut query =
                Statement::new(dialect, "SELECT name, type, type, NULL, pk FROM pragma_table_info(");
            query.bind(Cell::Text(table.to_owned())).push(")");
            query
        }
    }
}

fn column(dialect: Dialect, row: &[Cell]) -> Option<LiveColumn> {
    let [name, ty, base, limit, place] = row else { return None };
    let (name, ty, base) = (name.text()?, ty.text()?, base.text()?.to_ascii_lowercase());
    let class = match dialect {
        Dialect::Postgres => postgres(&base),
        Dialect::MySql => mysql(&base, &ty.to_ascii_lowercase()),
        Dialect::Sqlite => sqlite(&base),
    };
    let limit = match dialect {
        Dialect::Sqlite => None,
        _ => limit.integer().and_then(|limit| u64::try_from(limit).ok()),
    };
    Some(LiveColumn { name, ty, class, limit, place: place.integer().unwrap_or(0) })
}

fn postgres(base: &str) -> Class {
    match base {
        "text" | "varchar" | "bpchar" | "citext" | "name" => Class::Text,
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

impl LiveColumn {
    /// The column of the table that statements call `t`. Not its bare name: in `ORDER BY` that would be what is selected under it.
    pub(crate) fn at(&self, dialect: Dialect) -> String {
        format!("t.{}", dialect.quote(&self.name))
    }

    /// The column as text, a number or bytes, whatever its type.
    pub(crate) fn select(&self, dialect: Dialect) -> String {
        let name = self.at(dialect);
        match (dialect, self.class) {
            (Dialect::Postgres, Class::Bytes) | (Dialect::Sqlite, _) => name,
            (Dialect::Postgres, _) => format!("{name}::text"),
            (
                Dialect::MySql,
                Class::Bytes
                | Class::Text
                | Class::Integer
                | Class::Unsigned
                | Class::Bool
                | Class::Float32
                | Class::Float64,
            ) => name,
            (Dialect::MySql, _) => format!("CAST({name} AS CHAR)"),
        }
    }

    /// The column as it is compared with what was read: byte by byte, whatever the collation.
    pub(crate) fn exact(&self, dialect: Dialect) -> (String, &'static str, &'static str) {
        let select = self.select(dialect);
        match (dialect, self.class) {
            // A `NULL` has to be told its type.
            (Dialect::Postgres, Class::Bytes) => (select, "", "::bytea"),
            (_, Class::Bytes) => (select, "", ""),
            (Dialect::Postgres, _) => (format!("{select} COLLATE \"C\""), "", ""),
            (Dialect::MySql, Class::Text) => {
                (format!("CAST(CONVERT({select} USING utf8mb4) AS BINARY)"), "CAST(", " AS BINARY)")
            }
            (Dialect::MySql, _) => (select, "", ""),
            (Dialect::Sqlite, _) => (format!("{select} COLLATE BINARY"), "", ""),
        }
    }

    /// The type without its length: a cast to `varchar(5)` would cut, and an assignment refuses.
    fn unbounded(&self) -> &str {
        match &*self.ty {
            ty if ty.starts_with("character varying") => "text",
            ty if ty.starts_with("character") => "bpchar",
            ty if ty.starts_with("numeric") => "numeric",
            ty => ty,
        }
    }

    /// What makes a value of this column of what [`select`](Self::select) gave, written around it.
    pub(crate) fn cast(&self, dialect: Dialect) -> (&'static str, String) {
        match (dialect, self.class) {
            (Dialect::Postgres, Class::Bytes) => ("", "::bytea".into()),
            (Dialect::Postgres, _) => ("", format!("::{}", self.unbounded())),
            (Dialect::MySql, Class::Unsigned) => ("CAST(", " AS UNSIGNED)".into()),
            _ => ("", String::new()),
        }
    }
}
