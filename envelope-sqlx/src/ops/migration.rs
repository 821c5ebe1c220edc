//! The statements that make a column ready to be encrypted, and those for afterwards.

use core::fmt::Write as _;

use envelope_core::{Encoding, Field, Mode};

use super::{
    cell::Cell,
    database::Session,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    operations::Operations,
    plan::Plan,
    schema::{Class, LiveColumn, LiveTable},
    statement::Statement,
};

impl Operations {
    /// The statements, for the database as it is now, that [`encrypt_table`](Self::encrypt_table) needs first, and in comments those for when it is
    /// done. They are to be read, and to become a migration of the application.
    ///
    /// # Errors
    ///
    /// When the table or a column is not there.
    pub async fn migration(&self, table: &str, plan: &Plan) -> Result<String, OpsError> {
        let mut session = self.database.session().await?;
        let live = LiveTable::read(&self.database, &mut session, table).await?;
        let dialect = self.database.dialect();
        let mut sql = String::new();
        for column in self.declared_in(table).filter(|column| plan.has(column.field().name().column())) {
            let name = column.field().name().column();
            let is_searched = column.field().mode() == Mode::Deterministic;
            let encoding = column.field().stored_as();
            match plan.plaintext.get(name) {
                Some(plaintext) => {
                    let source = live.column(plaintext)?;
                    let ty = new_type(dialect, encoding, is_searched, source);
                    let exists = live.column(name).is_ok();
                    beside(&mut sql, dialect, &live, name, source, &ty, exists);
                }
                None => {
                    let column = live.column(name)?;
                    let rest = Rest::read(dialect, &mut session, table, name).await?;
                    in_place(&mut sql, dialect, &live, column, encoding, is_searched, rest);
                }
            }
        }
        self.add_indexes(&mut sql, &mut session, &live, plan).await?;
        Ok(sql)
    }

    /// The columns and tables of terms that are not there yet.
    async fn add_indexes(
        &self,
        sql: &mut String,
        session: &mut Session,
        live: &LiveTable,
        plan: &Plan,
    ) -> Result<(), OpsError> {
        let dialect = self.database.dialect();
        let mut added = Vec::new();
        for column in self.declared_in(&live.name).filter(|column| plan.has(column.field().name().column())) {
            let field = column.field();
            for index in field.indexes().iter().chain(field.compound_indexes()) {
                let name = index.name().column();
                if live.column(name).is_ok() || added.contains(&name) {
                    continue;
                }
                added.push(name);
                let (from, own) = (dialect.quote_table(&live.name), dialect.quote(name));
                let index_name = dialect.quote(&format!("{}_{name}", live.name.replace('.', "_")));
                let ty = term_type(dialect, index);
                let _ = writeln!(
                    sql,
                    "ALTER TABLE {from} ADD COLUMN {own} {ty};\nCREATE INDEX {index_name} ON {from} ({own});\n"
                );
            }
            for index in field.term_indexes() {
                let Some(terms) = index.index().and_then(|index| index.term_table()) else { continue };
                match LiveTable::columns(&self.database, session, index.name().table()).await {
                    Err(OpsError::NoTable(_)) => {}
                    Ok(_) => continue,
                    Err(error) => return Err(error),
                }
                let (table, row) = (dialect.quote_table(index.name().table()), dialect.quote(terms.row));
                let (term, ty) = (dialect.quote(index.name().column()), term_type(dialect, index));
                let key = &live.column(terms.key)?.ty;
                let _ = writeln!(
                    sql,
                    "CREATE TABLE {table} ({row} {key} NOT NULL, {term} {ty} NOT NULL, PRIMARY KEY ({term}, {row}));\n\
                     CREATE INDEX {} ON {table} ({row});\n",
                    dialect.quote(&format!("{}_{}", index.name().table().replace('.', "_"), terms.row))
                );
            }
        }
        Ok(())
    }
}

/// What holds a term: a header of 6 bytes, and up to 256 bits.
fn term_type(dialect: Dialect, index: &Field) -> String {
    let bits = index.index().map_or(256, |index| usize::from(index.term_bits()));
    let bytes = bits.div_ceil(8).saturating_add(6);
    match (dialect, index.stored_as()) {
        (Dialect::Postgres, Encoding::Bytes) => "BYTEA".into(),
        (Dialect::Sqlite, Encoding::Bytes) => "BLOB".into(),
        (Dialect::MySql, Encoding::Bytes) => format!("VARBINARY({bytes})"),
        (Dialect::Postgres | Dialect::Sqlite, Encoding::Text) => "TEXT".into(),
        (Dialect::MySql, Encoding::Text) => {
            let digits = bytes.saturating_mul(4).div_ceil(3).saturating_add(4);
            format!("VARCHAR({digits}) CHARACTER SET ascii COLLATE ascii_bin")
        }
    }
}

/// What a column has beside its type.
#[derive(Clone, Copy)]
struct Rest {
    is_not_null: bool,
    has_default: bool,
}

impl Rest {
    async fn read(
        dialect: Dialect,
        session: &mut Session,
        table: &str,
        column: &str,
    ) -> Result<Self, OpsError> {
        let mut query = match dialect {
            Dialect::Sqlite => {
                let mut query = Statement::new(
                    dialect,
                    "SELECT \"notnull\", dflt_value IS NOT NULL FROM pragma_table_info(",
                );
                query.bind(Cell::Text(table.to_owned())).push(") WHERE name = ");
                query
            }
            Dialect::Postgres => {
                let mut query = Statement::new(
                    dialect,
                    "SELECT attnotnull::int::bigint, atthasdef::int::bigint FROM pg_attribute WHERE attrelid = to_regclass(",
                );
                query.bind(Cell::Text(dialect.quote_table(table))).push(") AND attname = ");
                query
            }
            Dialect::MySql => {
                let (schema, name) = table.split_once('.').unzip();
                // MariaDB tells a missing default as the word NULL.
                let mut query = Statement::new(
                    dialect,
                    "SELECT is_nullable = 'NO', COALESCE(column_default, 'NULL') <> 'NULL' FROM information_schema.columns
                     WHERE table_schema = COALESCE(",
                );
                let cell = |text: &str| Cell::Text(text.to_owned());
                query.bind(schema.map_or(Cell::Null, cell)).push(", DATABASE()) AND table_name = ");
                query.bind(cell(name.unwrap_or(table))).push(" AND column_name = ");
                query
            }
        };
        query.bind(Cell::Text(column.to_owned()));
        let rows = session.rows(query).await.doing("reading the column's default")?;
        let is = |index: usize| {
            let cell = rows.first().and_then(|row| row.get(index));
            cell.and_then(Cell::integer).is_some_and(|number| number != 0)
        };
        Ok(Self { is_not_null: is(0), has_default: is(1) })
    }
}

/// Of a searched column one that can be indexed. Where longer values would be cut, one of which the first bytes can.
fn new_type(dialect: Dialect, encoding: Encoding, is_searched: bool, plain: &LiveColumn) -> String {
    let longest = plain.limit.unwrap_or(0).saturating_mul(4);
    match (dialect, encoding) {
        (Dialect::Postgres, Encoding::Bytes) => "BYTEA".into(),
        (Dialect::Sqlite, Encoding::Bytes) => "BLOB".into(),
        (Dialect::MySql, Encoding::Bytes) if is_searched => {
            let bytes = if plain.class == Class::Text { longest.max(64) } else { 64 }.saturating_add(22);
            if bytes > 3072 { "LONGBLOB".into() } else { format!("VARBINARY({bytes})") }
        }
        (Dialect::MySql, Encoding::Bytes) => "LONGBLOB".into(),
        (_, Encoding::Text) => "TEXT".into(),
    }
}

/// Otherwise a value that does not fit the new type is cut without a word.
const STRICT: &str = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES');";

fn in_place(
    sql: &mut String,
    dialect: Dialect,
    table: &LiveTable,
    column: &LiveColumn,
    encoding: Encoding,
    is_searched: bool,
    rest: Rest,
) {
    let (from, name) = (dialect.quote_table(&table.name), dialect.quote(&column.name));
    let ty = new_type(dialect, encoding, is_searched, column);
    let null = if rest.is_not_null { " NOT NULL" } else { "" };
    if rest.has_default {
        let _ = writeln!(sql, "-- {from}.{name} had a default, which would be written in plaintext.");
        let _ = match dialect {
            Dialect::Postgres => writeln!(sql, "ALTER TABLE {from} ALTER COLUMN {name} DROP DEFAULT;"),
            Dialect::MySql => writeln!(sql, "ALTER TABLE {from} ALTER {name} DROP DEFAULT;"),
            Dialect::Sqlite => {
                writeln!(sql, "-- SQLite drops it only with the column: make the table anew without it.")
            }
        };
    }
    let _ = match (dialect, encoding, column.class) {
        (Dialect::Sqlite, ..) => {
            writeln!(sql, "-- {from}.{name}: SQLite keeps bytes in a column of any type.")
        }
        (_, Encoding::Bytes, Class::Bytes) => writeln!(sql, "-- {from}.{name} is a column of bytes already."),
        (Dialect::Postgres, Encoding::Bytes, _) => writeln!(
            sql,
            "-- Rewrites the table under a lock. Without one: another column, or `encoding = \"text\"`.\n\
             ALTER TABLE {from} ALTER COLUMN {name} TYPE BYTEA USING convert_to({name}::text, 'UTF8');"
        ),
        (Dialect::MySql, Encoding::Bytes, _) => writeln!(
            sql,
            "-- Copies the table under a lock. Without one: another column, or `encoding = \"text\"`.\n\
             {STRICT}\n\
             ALTER TABLE {from} MODIFY {name} LONGTEXT CHARACTER SET utf8mb4{null};\n\
             ALTER TABLE {from} MODIFY {name} {ty}{null};"
        ),
        (Dialect::Postgres, Encoding::Text, _) => {
            writeln!(sql, "-- Needs no rewrite.\nALTER TABLE {from} ALTER COLUMN {name} TYPE TEXT;")
        }
        (Dialect::MySql, Encoding::Text, _) => {
            writeln!(
                sql,
                "{STRICT}\nALTER TABLE {from} MODIFY {name} LONGTEXT CHARACTER SET ascii COLLATE ascii_bin{null};"
            )
        }
    };
    let _ = writeln!(sql);
}

/// Whether an update changes the plaintext at all, be it in a way that the column's own comparison does not see, such as in its case.
fn differs(dialect: Dialect, source: &LiveColumn) -> String {
    let name = dialect.quote(&source.name);
    let is_float = matches!(source.class, Class::Float32 | Class::Float64);
    match dialect {
        // As text, a float would be rounded if the session wants it so.
        Dialect::Postgres if is_float => format!("NEW.{name} IS DISTINCT FROM OLD.{name}"),
        // JSON has no comparison of its own.
        Dialect::Postgres => {
            format!("NEW.{name}::text COLLATE \"C\" IS DISTINCT FROM OLD.{name}::text COLLATE \"C\"")
        }
        // As bytes, a float would be its first six digits.
        Dialect::MySql if is_float => format!("NOT ((NEW.{name} + 0E0) <=> (OLD.{name} + 0E0))"),
        Dialect::MySql => format!("NOT (BINARY NEW.{name} <=> BINARY OLD.{name})"),
        Dialect::Sqlite => format!("(NEW.{name} COLLATE BINARY IS NOT OLD.{name} COLLATE BINARY)"),
    }
}

/// The name of the trigger of a second column.
pub(super) fn stale_trigger(table: &str, sealed: &str) -> String {
    format!("{}_{sealed}_stale", table.replace('.', "_"))
}

/// A second column, and a trigger that has a row encrypted again whose plaintext someone changes who does not know of it.
fn beside(
    sql: &mut String,
    dialect: Dialect,
    table: &LiveTable,
    name: &str,
    source: &LiveColumn,
    ty: &str,
    exists: bool,
) {
    let (from, sealed, plain) =
        (dialect.quote_table(&table.name), dialect.quote(name), dialect.quote(&source.name));
    let trigger = dialect.quote(&stale_trigger(&table.name, name));
    if !exists {
        let _ = writeln!(sql, "ALTER TABLE {from} ADD COLUMN {sealed} {ty};");
    }
    let is_changed = differs(dialect, source);
    let _ = match dialect {
        Dialect::Postgres => writeln!(
            sql,
            "CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$\n\
             BEGIN\n    \
                 IF {is_changed} AND NEW.{sealed} IS NOT DISTINCT FROM OLD.{sealed} THEN\n        \
                     NEW.{sealed} := NULL;\n    \
                 END IF;\n    \
                 RETURN NEW;\n\
             END $$;\n\
             CREATE TRIGGER {trigger} BEFORE UPDATE ON {from} FOR EACH ROW EXECUTE FUNCTION {trigger}();"
        ),
        Dialect::MySql => writeln!(
            sql,
            "CREATE TRIGGER {trigger} BEFORE UPDATE ON {from} FOR EACH ROW\n    \
             SET NEW.{sealed} = IF({is_changed} AND NEW.{sealed} <=> OLD.{sealed}, NULL, NEW.{sealed});"
        ),
        Dialect::Sqlite => {
            let key: Vec<_> = table
                .key
                .iter()
                .map(|column| dialect.quote(&column.name))
                .map(|column| format!("{column} = NEW.{column}"))
                .collect();
            writeln!(
                sql,
                "CREATE TRIGGER {trigger} AFTER UPDATE ON {from}\n    \
                 WHEN {is_changed} AND NEW.{sealed} IS OLD.{sealed} AND NEW.{sealed} IS NOT NULL\n\
                 BEGIN\n    UPDATE {from} SET {sealed} = NULL WHERE {};\nEND;",
                key.join(" AND ")
            )
        }
    };
    let _ = match dialect {
        Dialect::Postgres => writeln!(
            sql,
            "-- When every process reads {sealed}, and `envelope verify` is green:\n\
             -- DROP TRIGGER {trigger} ON {from}; DROP FUNCTION {trigger}(); ALTER TABLE {from} DROP COLUMN {plain};\n"
        ),
        Dialect::MySql | Dialect::Sqlite => writeln!(
            sql,
            "-- When every process reads {sealed}, and `envelope verify` is green:\n\
             -- DROP TRIGGER {trigger}; ALTER TABLE {from} DROP COLUMN {plain};\n"
        ),
    };
}
