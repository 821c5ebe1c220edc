//! UNIQUE columns that are searched, their shadows, and the triggers that refuse the old key in them.

use envelope_core::{Field, IndexKey, KeyId, KeyState, Keyring, Mode, Purpose, ValueHeader};

use super::{
    cell::Cell,
    database::Session,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    operations::Operations,
    predicate,
    schema::LiveTable,
    statement::Statement,
};

/// A searched column of which the database refuses duplicates.
#[derive(Clone, Debug)]
pub(super) struct Unique {
    pub(super) table: String,
    pub(super) field: Field,
}

/// Those of all declared tables.
#[derive(Debug, Default)]
pub(super) struct Uniques {
    pub(super) shadows: Vec<Unique>,
    /// Those without a shadow that is UNIQUE, too.
    pub(super) unshadowed: Vec<Unique>,
}

impl Unique {
    pub(super) fn place(&self) -> String {
        self.field.name().to_string()
    }
}

const MESSAGE: &str = "the search key of this column is being replaced, write again later (envelope)";

impl Operations {
    /// The UNIQUE columns among those that are searched.
    pub(super) async fn uniques(&self) -> Result<Uniques, OpsError> {
        let dialect = self.database.dialect();
        let mut session = self.database.session().await?;
        let mut uniques = Uniques::default();
        for table in self.tables() {
            let live = LiveTable::read(&self.database, &mut session, &table).await?;
            for column in self.declared_in(&table) {
                let field = column.field();
                let indexes = field.indexes().iter().chain(field.compound_indexes());
                let mut unique: Vec<Field> = Vec::new();
                for searched in indexes.chain((field.mode() == Mode::Deterministic).then_some(field)) {
                    let name = live.column(searched.name().column())?.name.clone();
                    if is_unique(dialect, &mut session, &live, &name).await? {
                        unique.push(*searched);
                    }
                }
                for searched in &unique {
                    let found = Unique { table: table.clone(), field: *searched };
                    let known = uniques.shadows.iter().chain(&uniques.unshadowed);
                    if known.into_iter().any(|known| known.field.name() == searched.name()) {
                        continue;
                    }
                    if searched.written_under() == IndexKey::Newest {
                        uniques.shadows.push(found);
                    } else if !unique.iter().any(|shadow| shadows(shadow, searched)) {
                        uniques.unshadowed.push(found);
                    }
                }
            }
        }
        Ok(uniques)
    }

    /// Has the database refuse what is written under the active search key into these columns.
    pub(super) async fn lock(&self, keyring: &Keyring, columns: &[Unique]) -> Result<(), OpsError> {
        const LOCKING: &str = "making the triggers that refuse the old key";
        let mut session = self.database.session().await?;
        for key in old_keys(keyring).await? {
            for (number, column) in columns.iter().enumerate() {
                let guard = Guard { dialect: self.database.dialect(), key, number, column };
                // One that is there is not made anew: it would be gone for a moment. Of two, the second is made last.
                if !guard.is_there(&mut session).await? {
                    for statement in guard.drops().into_iter().chain(guard.creates()) {
                        session.run(&statement).await.doing(LOCKING)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes [`lock`](Self::lock) back, also one of a run that was killed.
    pub(super) async fn unlock(&self, keyring: &Keyring, columns: &[Unique]) -> Result<(), OpsError> {
        let mut session = self.database.session().await?;
        for key in old_keys(keyring).await? {
            for (number, column) in columns.iter().enumerate() {
                let guard = Guard { dialect: self.database.dialect(), key, number, column };
                for statement in guard.drops() {
                    session.run(&statement).await.doing("dropping the triggers that refuse the old key")?;
                }
            }
        }
        Ok(())
    }
}

/// The search keys that are written with, or were.
async fn old_keys(keyring: &Keyring) -> Result<Vec<KeyId>, OpsError> {
    let keys = keyring.keys().await?;
    let has_pending = keys.iter().any(|key| key.purpose == Purpose::Search && key.state == KeyState::Pending);
    let is_old = |state| if has_pending { state == KeyState::Active } else { state == KeyState::DecryptOnly };
    Ok(keys
        .iter()
        .filter(|key| key.purpose == Purpose::Search && is_old(key.state))
        .map(|key| key.id)
        .collect())
}

/// Whether the one is a shadow of the other: of the same values, made alike in the same way.
fn shadows(shadow: &Field, of: &Field) -> bool {
    let Some(index) = shadow.index().filter(|index| index.key() == IndexKey::Newest) else { return false };
    let is_alike = match of.index() {
        Some(other) => {
            index.parts() == other.parts() && index.columns() == other.columns() && other.is_exact()
        }
        None => index.parts() == [of.normalizers()] && index.columns().is_empty(),
    };
    is_alike && index.is_exact()
}

/// The triggers of one column.
struct Guard<'a> {
    dialect: Dialect,
    key: KeyId,
    number: usize,
    column: &'a Unique,
}

impl Guard<'_> {
    fn name(&self, suffix: &str) -> String {
        // A trigger of MySQL is in its table's schema.
        let schema = self.column.table.rsplit_once('.').filter(|_| self.dialect != Dialect::Postgres);
        let name = format!("envelope_guard_{}_{}{suffix}", self.key, self.number);
        let name = schema.map_or_else(|| name.clone(), |(schema, _)| format!("{schema}.{name}"));
        self.dialect.quote_table(&name)
    }

    async fn is_there(&self, session: &mut Session) -> Result<bool, OpsError> {
        let last = if self.dialect == Dialect::Postgres { "" } else { "_u" };
        let name = format!("envelope_guard_{}_{}{last}", self.key, self.number);
        has_trigger(self.dialect, session, name).await
    }

    fn drops(&self) -> Vec<String> {
        match self.dialect {
            Dialect::Postgres => {
                let (name, table) = (self.name(""), self.dialect.quote_table(&self.column.table));
                vec![
                    format!("DROP TRIGGER IF EXISTS {name} ON {table}"),
                    format!("DROP FUNCTION IF EXISTS {name}()"),
                ]
            }
            Dialect::MySql | Dialect::Sqlite => {
                ["_i", "_u"].map(|suffix| format!("DROP TRIGGER IF EXISTS {}", self.name(suffix))).into()
            }
        }
    }

    fn creates(&self) -> Vec<String> {
        let Self { dialect, column, .. } = *self;
        let field = &column.field;
        let (table, name) = (dialect.quote_table(&column.table), dialect.quote(field.name().column()));
        let header = ValueHeader::new(self.key, field.mode(), field.stored_as());
        let is_old = predicate::has_header_at(dialect, &format!("NEW.{name}"), &[header]);
        match dialect {
            Dialect::Postgres => {
                let own = self.name("");
                vec![
                    format!(
                        "CREATE OR REPLACE FUNCTION {own}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                         IF TG_OP = 'UPDATE' THEN IF NEW.{name} IS NOT DISTINCT FROM OLD.{name} THEN RETURN NEW; END IF; END IF; \
                         IF {is_old} THEN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'object_in_use'; END IF; \
                         RETURN NEW; END $$"
                    ),
                    format!(
                        "CREATE TRIGGER {own} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {own}()"
                    ),
                ]
            }
            Dialect::MySql => {
                let signal = format!("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{MESSAGE}'");
                vec![
                    format!(
                        "CREATE TRIGGER {} BEFORE INSERT ON {table} FOR EACH ROW BEGIN IF {is_old} THEN {signal}; END IF; END",
                        self.name("_i")
                    ),
                    format!(
                        "CREATE TRIGGER {} BEFORE UPDATE ON {table} FOR EACH ROW BEGIN \
                         IF {is_old} AND NOT (NEW.{name} <=> OLD.{name}) THEN {signal}; END IF; END",
                        self.name("_u")
                    ),
                ]
            }
            Dialect::Sqlite => {
                let raise = format!("SELECT RAISE(ABORT, '{MESSAGE}')");
                let bare = table.rsplit('.').next().unwrap_or(&table);
                vec![
                    format!(
                        "CREATE TRIGGER {} BEFORE INSERT ON {bare} WHEN {is_old} BEGIN {raise}; END",
                        self.name("_i")
                    ),
                    format!(
                        "CREATE TRIGGER {} BEFORE UPDATE OF {name} ON {bare} WHEN {is_old} AND NEW.{name} IS NOT OLD.{name} \
                         BEGIN {raise}; END",
                        self.name("_u")
                    ),
                ]
            }
        }
    }
}

pub(super) async fn has_trigger(
    dialect: Dialect,
    session: &mut Session,
    name: String,
) -> Result<bool, OpsError> {
    let sql = match dialect {
        Dialect::Postgres => "SELECT 1::bigint FROM pg_trigger WHERE tgname = ",
        Dialect::MySql => {
            "SELECT 1 FROM information_schema.triggers WHERE trigger_schema = DATABASE() AND trigger_name = "
        }
        Dialect::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ",
    };
    let mut query = Statement::new(dialect, sql);
    query.bind(Cell::Text(name));
    Ok(!session.rows(query).await.doing("looking for a trigger")?.is_empty())
}

/// Whether a UNIQUE index, or a primary key, has the column.
async fn is_unique(
    dialect: Dialect,
    session: &mut Session,
    table: &LiveTable,
    column: &str,
) -> Result<bool, OpsError> {
    let column = Cell::Text(column.to_owned());
    let mut query = Statement::new(dialect, "");
    match dialect {
        Dialect::Postgres => query
            .push(
                "SELECT 1::bigint FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid
                 AND a.attnum = ANY ((string_to_array(i.indkey::text, ' ')::int2[])[1:i.indnkeyatts])
                 WHERE i.indisunique AND i.indrelid = to_regclass(",
            )
            .bind(Cell::Text(dialect.quote_table(&table.name)))
            .push(") AND a.attname = ")
            .bind(column),
        Dialect::MySql => {
            let (schema, name) = table.name.split_once('.').unzip();
            query
                .push("SELECT 1 FROM information_schema.statistics WHERE non_unique = 0 AND table_schema = COALESCE(")
                .bind(schema.map_or(Cell::Null, |schema| Cell::Text(schema.to_owned())))
                .push(", DATABASE()) AND table_name = ")
                .bind(Cell::Text(name.unwrap_or(&table.name).to_owned()))
                .push(" AND column_name = ")
                .bind(column)
        }
        Dialect::Sqlite => query
            .push("SELECT 1 FROM pragma_index_list(")
            .bind(Cell::Text(table.name.rsplit('.').next().unwrap_or_default().to_owned()))
            .push(") l, pragma_index_info(l.name) i WHERE l.\"unique\" = 1 AND i.name = ")
            .bind(column),
    };
    Ok(!session.rows(query).await.doing("reading the indexes")?.is_empty())
}
