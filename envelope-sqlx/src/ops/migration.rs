//! The statements that make a column ready to be encrypted, and those for afterwards.

use core::fmt::Write as _;

use envelope_core::{Encoding, Mode};

use super::{
    dialect::Dialect,
    error::OpsError,
    operations::Operations,
    plan::Plan,
    schema::{Class, LiveColumn, LiveTable},
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
                None => in_place(&mut sql, dialect, &live, live.column(name)?, encoding, is_searched),
            }
        }
        Ok(sql)
    }
}

/// Of a searched column one that can be indexed.
fn new_type(dialect: Dialect, encoding: Encoding, is_searched: bool, plain: &LiveColumn) -> String {
    let longest = plain.limit.unwrap_or(0).saturating_mul(4);
    match (dialect, encoding) {
        (Dialect::Postgres, Encoding::Bytes) => "BYTEA".into(),
        (Dialect::Sqlite, Encoding::Bytes) => "BLOB".into(),
        (Dialect::MySql, Encoding::Bytes) if is_searched => {
            let bytes = if plain.class == Class::Text { longest.max(64) } else { 64 };
            format!("VARBINARY({})", bytes.saturating_add(22).min(3072))
        }
        (Dialect::MySql, Encoding::Bytes) => "LONGBLOB".into(),
        (_, Encoding::Text) => "TEXT".into(),
    }
}

fn in_place(
    sql: &mut String,
    dialect: Dialect,
    table: &LiveTable,
    column: &LiveColumn,
    encoding: Encoding,
    is_searched: bool,
) {
    let (from, name) = (dialect.quote_table(&table.name), dialect.quote(&column.name));
    let ty = new_type(dialect, encoding, is_searched, column);
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
             ALTER TABLE {from} MODIFY {name} LONGTEXT CHARACTER SET utf8mb4;\n\
             ALTER TABLE {from} MODIFY {name} {ty};"
        ),
        (Dialect::Postgres, Encoding::Text, _) => {
            writeln!(sql, "-- Needs no rewrite.\nALTER TABLE {from} ALTER COLUMN {name} TYPE TEXT;")
        }
        (Dialect::MySql, Encoding::Text, _) => {
            writeln!(sql, "ALTER TABLE {from} MODIFY {name} LONGTEXT CHARACTER SET ascii COLLATE ascii_bin;")
        }
    };
    let _ = writeln!(sql);
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
    let trigger = dialect.quote(&format!("{}_{name}_stale", table.name.replace('.', "_")));
    if !exists {
        let _ = writeln!(sql, "ALTER TABLE {from} ADD COLUMN {sealed} {ty};");
    }
    let _ = match dialect {
        Dialect::Postgres => writeln!(
            sql,
            "CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$\n\
             BEGIN\n    \
                 IF NEW.{plain} IS DISTINCT FROM OLD.{plain} AND NEW.{sealed} IS NOT DISTINCT FROM OLD.{sealed} THEN\n        \
                     NEW.{sealed} := NULL;\n    \
                 END IF;\n    \
                 RETURN NEW;\n\
             END $$;\n\
             CREATE TRIGGER {trigger} BEFORE UPDATE ON {from} FOR EACH ROW EXECUTE FUNCTION {trigger}();"
        ),
        Dialect::MySql => writeln!(
            sql,
            "CREATE TRIGGER {trigger} BEFORE UPDATE ON {from} FOR EACH ROW\n    \
             SET NEW.{sealed} = IF(NOT (BINARY NEW.{plain} <=> BINARY OLD.{plain}) AND NEW.{sealed} <=> OLD.{sealed}, NULL, NEW.{sealed});"
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
                 WHEN NEW.{plain} IS NOT OLD.{plain} AND NEW.{sealed} IS OLD.{sealed} AND NEW.{sealed} IS NOT NULL\n\
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
