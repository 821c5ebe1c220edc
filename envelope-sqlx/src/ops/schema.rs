//! A table as it stands in the database.

use super::{
    cell::Cell,
    class::keeps_bytes,
    database::{Database, Session},
    dialect::Dialect,
    error::{Doing as _, OpsError},
    statement::Statement,
};

pub(crate) use super::class::Class;

/// A table of the database.
#[derive(Clone, Debug)]
pub(crate) struct LiveTable {
    pub(crate) name: String,
    pub(crate) columns: Vec<LiveColumn>,
    /// The columns by which rows are told apart, none of which is `NULL`: of the primary key, or SQLite's rowid.
    pub(crate) key: Vec<LiveColumn>,
    /// The columns of the primary key, by which people name rows.
    pub(crate) names: Vec<LiveColumn>,
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
    /// The type below its domains, as PostgreSQL names it; elsewhere the type without its length.
    base: String,
    /// The type that a value is cast to, which never has a length: a cast to `varchar(5)` would cut, and an assignment refuses.
    unbounded: String,
    /// Whether a sealed value stays in it byte by byte, or is refused: it is neither padded nor cut, and compared as it is.
    pub(crate) keeps_bytes: bool,
    /// Whether what it holds has one encoding, so that it can name rows and tenants (FORMAT.md#associated-data).
    names_rows: bool,
    /// Whether it is read as what names them: with the blanks that the type pads text with.
    is_name: bool,
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
        let names = key.clone();
        if dialect == Dialect::Sqlite && Self::has_rowid(session, name).await? {
            key = rowid(&columns).into_iter().collect();
        }
        if key.is_empty() {
            return Err(OpsError::NoPrimaryKey(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), columns, key, names })
    }

    /// SQLite permits `NULL` in primary keys, and text that is no UTF-8; of the rows of tables that have one, only the rowid is a name.
    async fn has_rowid(session: &mut Session, name: &str) -> Result<bool, OpsError> {
        let (schema, table) =
            name.split_once('.').map_or((None, name), |(schema, table)| (Some(schema), table));
        let mut query = Statement::new(
            Dialect::Sqlite,
            "SELECT 1 FROM pragma_table_list WHERE type = 'table' AND wr = 0 AND lower(name) = lower(",
        );
        query.bind(Cell::Text(table.to_owned())).push(")");
        if let Some(schema) = schema {
            query.push(" AND schema = ").bind(Cell::Text(schema.to_owned()));
        }
        Ok(!session.rows(query).await.doing("reading the kind of the table")?.is_empty())
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

/// The rowid by whichever of its names no column has.
fn rowid(columns: &[LiveColumn]) -> Option<LiveColumn> {
    let is_free = |name: &&str| !columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let name = ["rowid", "_rowid_", "oid"].into_iter().find(is_free)?;
    Some(LiveColumn {
        name: name.into(),
        ty: "INTEGER".into(),
        class: Class::Integer,
        limit: None,
        place: 1,
        base: "integer".into(),
        unbounded: "INTEGER".into(),
        keeps_bytes: false,
        names_rows: true,
        is_name: false,
    })
}

/// Name, type, its base, limit, place in the primary key, the type to cast to, and whether text is compared by more than its bytes.
fn query(dialect: Dialect, table: &str) -> Statement {
    match dialect {
        Dialect::Postgres => {
            let mut query = Statement::new(
                dialect,
                "SELECT a.attname::text, format_type(a.atttypid, a.atttypmod)::text,
                        CASE WHEN b.typtype = 'e' THEN 'enum' ELSE b.typname::text END,
                        CASE WHEN t.typname IN ('varchar', 'bpchar') AND a.atttypmod > 4 THEN (a.atttypmod - 4)::bigint END,
                        COALESCE((SELECT p + 1 FROM generate_series(0, i.indnkeyatts - 1) p WHERE i.indkey[p] = a.attnum), 0)::bigint,
                        CASE WHEN t.typtype = 'd' THEN format_type(b.oid, NULL) ELSE format_type(a.atttypid, a.atttypmod) END::text,
                        (CASE WHEN t.typtype = 'd' AND b.typname NOT IN ('text', 'bytea') THEN 1
                              WHEN NOT COALESCE(c.collisdeterministic, true) THEN 1 ELSE 0 END)::bigint
                 FROM pg_attribute a
                 JOIN pg_type t ON t.oid = a.atttypid
                 JOIN LATERAL (
                     WITH RECURSIVE up(oid, base) AS (
                         SELECT t.oid, t.typbasetype UNION ALL SELECT n.oid, n.typbasetype FROM up JOIN pg_type n ON n.oid = up.base)
                     SELECT n.* FROM up JOIN pg_type n ON n.oid = up.oid WHERE up.base = 0) b ON true
                 LEFT JOIN pg_collation c ON c.oid = a.attcollation
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
                        CAST(COALESCE(s.seq_in_index, 0) AS SIGNED), CAST(c.column_type AS CHAR), 0
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
                Statement::new(dialect, "SELECT name, type, type, NULL, pk, type, 0 FROM pragma_table_info(");
            query.bind(Cell::Text(table.to_owned())).push(")");
            query
        }
    }
}

fn column(dialect: Dialect, row: &[Cell]) -> Option<LiveColumn> {
    let [name, ty, base, limit, place, unbounded, is_other] = row else { return None };
    let (name, ty, base) = (name.text()?, ty.text()?, base.text()?.to_ascii_lowercase());
    let class = Class::of(dialect, &base, &ty.to_ascii_lowercase());
    let limit = match dialect {
        Dialect::Sqlite => None,
        _ => limit.integer().and_then(|limit| u64::try_from(limit).ok()),
    };
    // A domain may cut what it is cast to, and a collation may find other bytes equal.
    let keeps_bytes = keeps_bytes(dialect, &base) && is_other.integer() == Some(0);
    let names_rows = class.names_rows(dialect);
    let (place, unbounded, is_name) = (place.integer().unwrap_or(0), unbounded.text()?, false);
    Some(LiveColumn { name, ty, class, limit, place, base, unbounded, keeps_bytes, names_rows, is_name })
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
            // A cast takes the blanks away with which an application reads it.
            (Dialect::Postgres, _) if self.is_name && self.base == "bpchar" => {
                format!("textin(bpcharout({name}))")
            }
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
            (
                Dialect::MySql,
                Class::Integer | Class::Unsigned | Class::Bool | Class::Float32 | Class::Float64,
            ) => (select, "", ""),
            (Dialect::MySql, _) => (format!("CAST({select} AS BINARY)"), "CAST(", " AS BINARY)"),
            (Dialect::Sqlite, _) => (format!("{select} COLLATE BINARY"), "", ""),
        }
    }

    /// Read as what names a row or a tenant; `None` if it is not known which of several encodings the application binds.
    pub(crate) fn as_name(&self) -> Option<Self> {
        self.names_rows.then(|| Self { is_name: true, ..self.clone() })
    }

    /// The type without its length: a cast to `varchar(5)` would cut, and an assignment refuses.
    fn unbounded(&self) -> &str {
        match &*self.unbounded {
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
