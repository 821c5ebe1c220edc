//! Triggers that refuse the old key in UNIQUE columns.

use envelope_core::{KeyId, ValueHeader};

use super::{
    cell::Cell,
    database::Session,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    operations::Operations,
    predicate,
    statement::Statement,
    unique::Unique,
};

const MESSAGE: &str = "the search key of this column is being replaced, write again later (envelope)";

impl Operations {
    /// Has the database refuse what is written under these keys into these columns.
    pub(super) async fn lock(&self, keys: &[KeyId], columns: &[Unique]) -> Result<(), OpsError> {
        const LOCKING: &str = "making the triggers that refuse the old key";
        let mut session = self.database.session().await?;
        let mut triggers = Vec::new();
        for column in columns {
            for key in keys {
                let guard = Guard { dialect: self.database.dialect(), key: *key, column };
                triggers.extend(guard.creates()?.into_iter().map(|trigger| (&column.table, trigger)));
            }
        }
        for (table, (name, statements)) in triggers {
            // One that is there is not made anew: it would be gone for a moment.
            if has_trigger(self.database.dialect(), &mut session, table, &name).await? {
                continue;
            }
            for statement in statements {
                session.run(&statement).await.doing(LOCKING)?;
            }
        }
        Ok(())
    }

    /// Takes [`lock`](Self::lock) back, also one of a run that was killed, whatever it was about; says of how many triggers.
    pub(super) async fn unlock(&self, keys: &[KeyId]) -> Result<usize, OpsError> {
        const UNLOCKING: &str = "dropping the triggers that refuse the old key";
        let dialect = self.database.dialect();
        let mut session = self.database.session().await?;
        let sql = match dialect {
            Dialect::Postgres => {
                "SELECT tgname::text, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE 'envelope_guard_%'"
            }
            Dialect::MySql => {
                "SELECT CAST(trigger_name AS CHAR), CAST(trigger_schema AS CHAR) FROM information_schema.triggers
                 WHERE trigger_name LIKE 'envelope_guard_%'"
            }
            Dialect::Sqlite => {
                "SELECT name, '' FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'envelope_guard_%'"
            }
        };
        let rows = session.rows(Statement::new(dialect, sql)).await.doing(UNLOCKING)?;
        let mut dropped = 0_usize;
        for row in rows {
            let [Some(name), Some(place)] = [0, 1].map(|index| row.get(index).and_then(Cell::text)) else {
                continue;
            };
            let is_own = |key: &KeyId| name.starts_with(&format!("envelope_guard_{key}_"));
            if !keys.iter().any(is_own) {
                continue;
            }
            let own = dialect.quote(&name);
            let statements = match dialect {
                // `regclass` is quoted where it has to be.
                Dialect::Postgres => vec![
                    format!("DROP TRIGGER IF EXISTS {own} ON {place}"),
                    format!("DROP FUNCTION IF EXISTS {own}()"),
                ],
                Dialect::MySql => vec![format!("DROP TRIGGER IF EXISTS {}.{own}", dialect.quote(&place))],
                Dialect::Sqlite => vec![format!("DROP TRIGGER IF EXISTS {own}")],
            };
            for statement in statements {
                session.run(&statement).await.doing(UNLOCKING)?;
            }
            dropped = dropped.saturating_add(1);
        }
        Ok(dropped)
    }

    /// Until no transaction is open that has written to the table: what it wrote is seen from now on.
    pub(super) async fn await_writers(&self, table: &str) -> Result<(), OpsError> {
        const WAITING: &str = "waiting for open transactions";
        let dialect = self.database.dialect();
        let table = dialect.quote_table(table);
        let statements = match dialect {
            Dialect::Postgres => {
                ["BEGIN".into(), format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE"), "COMMIT".into()]
            }
            Dialect::MySql => {
                ["SELECT 1".into(), format!("LOCK TABLES {table} WRITE"), "UNLOCK TABLES".into()]
            }
            // One writes at a time.
            Dialect::Sqlite => return Ok(()),
        };
        let mut session = self.database.session().await?;
        for statement in statements {
            session.run(&statement).await.doing(WAITING)?;
        }
        Ok(())
    }
}

/// The triggers of one column.
struct Guard<'a> {
    dialect: Dialect,
    key: KeyId,
    column: &'a Unique,
}

impl Guard<'_> {
    /// Told apart by table and column, so that a run that goes on finds those of the run before.
    fn name(&self, suffix: &str) -> Result<String, OpsError> {
        let column = self.column.field.name().column();
        let table = self.column.table.replace('.', "_");
        let name = format!("envelope_guard_{}_{table}_{column}{suffix}", self.key);
        if name.len() > 63 {
            return Err(OpsError::Plan {
                table: self.column.table.clone(),
                column: column.to_owned(),
                reason: "the names of table and column are too long together for that of a trigger, so it cannot be locked; use a shadow".into(),
            });
        }
        Ok(name)
    }

    /// Names of triggers, each with the statements that make it.
    fn creates(&self) -> Result<Vec<(String, Vec<String>)>, OpsError> {
        let Self { dialect, column, .. } = *self;
        let field = &column.field;
        let (table, name) = (dialect.quote_table(&column.table), dialect.quote(field.name().column()));
        let header = ValueHeader::new(self.key, field.mode(), field.stored_as());
        let is_old = predicate::has_header_at(dialect, &format!("NEW.{name}"), &[header]);
        // A row also becomes the duplicate of another when a further column of the index changes.
        let columns =
            core::iter::once(name.clone()).chain(column.others.iter().map(|other| dialect.quote(other)));
        let same: Vec<_> = columns.map(|name| format!("NEW.{name}{}OLD.{name}", dialect.same())).collect();
        let is_same = format!("({})", same.join(" AND "));
        Ok(match dialect {
            Dialect::Postgres => {
                let own = self.name("")?;
                let quoted = dialect.quote(&own);
                let function = format!(
                    "CREATE OR REPLACE FUNCTION {quoted}() RETURNS trigger LANGUAGE plpgsql AS $envelope$ BEGIN \
                     IF TG_OP = 'UPDATE' THEN IF {is_same} THEN RETURN NEW; END IF; END IF; \
                     IF {is_old} THEN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'object_in_use'; END IF; \
                     RETURN NEW; END $envelope$"
                );
                let trigger = format!(
                    "CREATE TRIGGER {quoted} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {quoted}()"
                );
                vec![(own, vec![function, trigger])]
            }
            Dialect::MySql => {
                let signal = format!("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{MESSAGE}'");
                // A trigger is in its table's schema.
                let quoted = |name: &str| match column.table.split_once('.') {
                    Some((schema, _)) => format!("{}.{}", dialect.quote(schema), dialect.quote(name)),
                    None => dialect.quote(name),
                };
                let (insert, update) = (self.name("_i")?, self.name("_u")?);
                let on_insert = format!(
                    "CREATE TRIGGER {} BEFORE INSERT ON {table} FOR EACH ROW BEGIN IF {is_old} THEN {signal}; END IF; END",
                    quoted(&insert)
                );
                let on_update = format!(
                    "CREATE TRIGGER {} BEFORE UPDATE ON {table} FOR EACH ROW BEGIN \
                     IF {is_old} AND NOT {is_same} THEN {signal}; END IF; END",
                    quoted(&update)
                );
                vec![(insert, vec![on_insert]), (update, vec![on_update])]
            }
            Dialect::Sqlite => {
                let raise = format!("SELECT RAISE(ABORT, '{MESSAGE}')");
                let bare = dialect.quote(column.table.rsplit('.').next().unwrap_or_default());
                let (insert, update) = (self.name("_i")?, self.name("_u")?);
                let on_insert = format!(
                    "CREATE TRIGGER {} BEFORE INSERT ON {bare} WHEN {is_old} BEGIN {raise}; END",
                    dialect.quote(&insert)
                );
                let on_update = format!(
                    "CREATE TRIGGER {} BEFORE UPDATE ON {bare} WHEN {is_old} AND NOT {is_same} BEGIN {raise}; END",
                    dialect.quote(&update)
                );
                vec![(insert, vec![on_insert]), (update, vec![on_update])]
            }
        })
    }
}

/// Whether a table has a trigger of that name, which PostgreSQL cuts.
pub(super) async fn has_trigger(
    dialect: Dialect,
    session: &mut Session,
    table: &str,
    name: &str,
) -> Result<bool, OpsError> {
    let mut query = Statement::new(dialect, "");
    let name = Cell::Text(name.to_owned());
    match dialect {
        Dialect::Postgres => query
            .push("SELECT 1::bigint FROM pg_trigger WHERE tgrelid = to_regclass(")
            .bind(Cell::Text(dialect.quote_table(table)))
            .push(") AND tgname = ")
            .bind(name)
            .push("::text::name"),
        Dialect::MySql => {
            let schema =
                table.split_once('.').map_or(Cell::Null, |(schema, _)| Cell::Text(schema.to_owned()));
            query
                .push("SELECT 1 FROM information_schema.triggers WHERE trigger_schema = COALESCE(")
                .bind(schema)
                .push(", DATABASE()) AND trigger_name = ")
                .bind(name)
        }
        Dialect::Sqlite => {
            query.push("SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ").bind(name)
        }
    };
    Ok(!session.rows(query).await.doing("looking for a trigger")?.is_empty())
}
