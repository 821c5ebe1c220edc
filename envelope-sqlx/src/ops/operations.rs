//! The verbs that change rows: encrypt, re-encrypt, decrypt.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use envelope_core::{DeclaredColumn, Field, IndexKey, KeyState, Keyring, Tenant, ValueHeader};

use super::{
    batch::Job,
    database::{Database, Session},
    error::{Doing as _, OpsError},
    guard::has_trigger,
    keys::Keys,
    options::RunOptions,
    place,
    plan::Plan,
    predicate::{self, Usage},
    report::TableReport,
    run::run,
    schema::LiveTable,
    statement::Statement,
    target::{PlaceColumns, Target, Verb},
};

/// Work on the declared columns of a database, with a keyring.
///
/// # Example
///
/// ```
/// use envelope_sqlx::{
///     Encrypted,
///     ops::{Database, Operations, Plan, RunOptions},
/// };
///
/// #[derive(Encrypted)]
/// #[encrypt(table = "users")]
/// struct User {
///     id: i64,
///     #[encrypt(deterministic, plaintext = "read")]
///     email: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let keyring = envelope_core::testing::keyring();
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.sqlite");
/// # let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
/// # let pool = sqlx::SqlitePool::connect_with(options).await?;
/// # sqlx::query("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)").execute(&pool).await?;
/// # sqlx::query("INSERT INTO users (email) VALUES ('ada@example.com')").execute(&pool).await?;
/// let operations = Operations::new(Database::from(pool), &keyring).declare::<User>();
/// let report = operations.encrypt_table("users", &Plan::new(), &RunOptions::new()).await?;
/// assert_eq!((report.changed, report.remaining), (1, Some(0)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Operations {
    pub(crate) database: Database,
    pub(crate) keyring: Keyring,
    pub(crate) columns: Vec<DeclaredColumn>,
    /// How values of a column were sealed before, whatever the plan is, by table and column.
    former: BTreeMap<(String, String), Field>,
    /// Columns of terms, as `table.column`, of which it is not known how they are made.
    pub(crate) counted_only: BTreeSet<String>,
}

impl Operations {
    /// Nothing is declared yet.
    #[must_use]
    pub fn new(database: Database, keyring: &Keyring) -> Self {
        Self {
            database,
            keyring: keyring.clone(),
            columns: Vec::new(),
            former: BTreeMap::new(),
            counted_only: BTreeSet::new(),
        }
    }

    /// The encrypted columns of a struct.
    #[must_use]
    pub fn declare<T: envelope_core::DeclaredColumns>(self) -> Self {
        self.declare_columns(T::COLUMNS.iter().copied())
    }

    /// Columns that are described elsewhere than by a struct.
    #[must_use]
    pub fn declare_columns(mut self, columns: impl IntoIterator<Item = DeclaredColumn>) -> Self {
        for column in columns {
            if !self.columns.contains(&column) {
                self.columns.push(column);
            }
        }
        self
    }

    /// Values of a declared column that do not open as it is declared are opened as this, in every run: see [`Plan::formerly`].
    #[must_use]
    pub fn formerly(mut self, table: &str, column: &str, field: Field) -> Self {
        self.former.insert((table.into(), column.into()), field);
        self
    }

    /// The tables with declared columns, in the order in which they were declared.
    #[must_use]
    pub fn tables(&self) -> Vec<String> {
        let mut tables: Vec<String> = Vec::new();
        for table in self.columns.iter().map(|column| column.field().name().table()) {
            if !tables.iter().any(|known| known == table) {
                tables.push(table.to_owned());
            }
        }
        tables
    }

    /// Encrypts what stands in plaintext, row by row, while the application goes on.
    ///
    /// Then the terms of the columns' indexes are written. In place, the column's model has to say `#[encrypt(plaintext = "read")]` while this runs. Can be repeated, stopped, killed, and run by
    /// several processes at once.
    ///
    /// # Errors
    ///
    /// When the plan does not fit the database; when the database or the keys fail. What failed in single rows is in the report.
    pub async fn encrypt_table(
        &self,
        table: &str,
        plan: &Plan,
        options: &RunOptions,
    ) -> Result<TableReport, OpsError> {
        let (job, keys, _) = self.job(table, plan, Verb::Encrypt).await?;
        let dialect = self.database.dialect();
        let conditions = job.targets.iter().map(|target| {
            let (source, sink) = (target.source.at(dialect), target.sink.at(dialect));
            match (target.is_in_place(), &target.importer) {
                (true, None) => predicate::is_plaintext(dialect, &target.source, target.field.stored_as()),
                (true, Some(_)) => format!("({source} IS NOT NULL)"),
                (false, _) => format!("({source} IS NOT NULL AND {sink} IS NULL)"),
            }
        });
        let condition = any(conditions);
        let mut report = run(&self.database, &keys, Job { condition, ..job }, options).await?;
        // What a dry run leaves in plaintext has no terms yet.
        if !report.is_dry_run && !report.is_stopped {
            report.terms = self.write_terms(table, plan, options, |_| true).await?;
        }
        Ok(report)
    }

    /// Seals values as their columns are declared, under the active keys: those under older keys, of the other mode, in the other
    /// encoding, and what the plan says was sealed or encrypted otherwise. Then the terms of their indexes are written that are missing or
    /// under another key than they should be: the active one, or, of a shadow, the newest.
    ///
    /// # Errors
    ///
    /// As [`encrypt_table`](Self::encrypt_table).
    pub async fn reencrypt(
        &self,
        table: &str,
        plan: &Plan,
        options: &RunOptions,
    ) -> Result<TableReport, OpsError> {
        let mut report = self.reencrypt_values(table, plan, options).await?;
        if !report.is_stopped {
            report.terms = self.write_terms(table, plan, options, |_| true).await?;
        }
        Ok(report)
    }

    /// Writes the terms of those indexes.
    pub(super) async fn write_terms(
        &self,
        table: &str,
        plan: &Plan,
        options: &RunOptions,
        is_meant: impl Fn(&Field) -> bool,
    ) -> Result<Vec<TableReport>, OpsError> {
        let mut session = self.database.session().await?;
        let jobs = self.index_jobs(&mut session, table, plan, options.is_dry, is_meant).await?;
        drop(session);
        let mut reports = Vec::new();
        for job in jobs {
            reports.push(run(&self.database, &Arc::new(Keys::new(&self.keyring)), job, options).await?);
        }
        Ok(reports)
    }

    pub(super) async fn reencrypt_values(
        &self,
        table: &str,
        plan: &Plan,
        options: &RunOptions,
    ) -> Result<TableReport, OpsError> {
        let (job, keys, mut session) = self.job(table, plan, Verb::Reencrypt).await?;
        let dialect = self.database.dialect();
        let mut conditions = Vec::new();
        for target in &job.targets {
            let encoding = target.field.stored_as();
            if let Some(keys) = &plan.under {
                let header = |key: &_| ValueHeader::new(*key, target.field.mode(), encoding);
                let headers: Vec<_> = keys.iter().map(header).collect();
                conditions.push(predicate::has_header(dialect, &target.source, &headers));
                continue;
            }
            if target.importer.is_some() {
                conditions.push(format!("({} IS NOT NULL)", target.source.at(dialect)));
                continue;
            }
            conditions.push(predicate::is_in_other_encoding(dialect, &target.source, encoding));
            if target.former.is_some() {
                conditions.push(predicate::is_value(dialect, &target.source, encoding));
                continue;
            }
            let active = self.written_under(&mut session, &job, &target.field).await?;
            let usage = Usage::count(dialect, &mut session, &job.table, &target.source, encoding).await?;
            let is_stale =
                |header: &ValueHeader| !header.is_of(&target.field) || !active.contains(&header.key());
            let stale: Vec<_> = usage.headers.iter().map(|(header, _)| *header).filter(is_stale).collect();
            conditions.push(predicate::has_header(dialect, &target.source, &stale));
        }
        drop(session);
        run(&self.database, &keys, Job { condition: any(conditions), ..job }, options).await
    }

    /// Decrypts the columns for good, in place or into plaintext columns: for leaving.
    ///
    /// # Errors
    ///
    /// As [`encrypt_table`](Self::encrypt_table).
    pub async fn decrypt_table(
        &self,
        table: &str,
        plan: &Plan,
        options: &RunOptions,
    ) -> Result<TableReport, OpsError> {
        let (job, keys, _) = self.job(table, plan, Verb::Decrypt).await?;
        let dialect = self.database.dialect();
        let conditions = job.targets.iter().map(|target| {
            if target.is_in_place() {
                let encoding = target.field.stored_as();
                let (own, other) = (
                    predicate::is_value(dialect, &target.source, encoding),
                    predicate::is_in_other_encoding(dialect, &target.source, encoding),
                );
                return format!("({own} OR {other})");
            }
            // A plaintext that is there already may be stale.
            format!("({} IS NOT NULL OR {} IS NOT NULL)", target.source.at(dialect), target.sink.at(dialect))
        });
        let condition = any(conditions);
        run(&self.database, &keys, Job { condition, ..job }, options).await
    }

    /// The plan, against the table as it is.
    async fn job(&self, table: &str, plan: &Plan, verb: Verb) -> Result<(Job, Arc<Keys>, Session), OpsError> {
        let mut session = self.database.session().await?;
        let live = LiveTable::read(&self.database, &mut session, table).await?;
        let declared: Vec<_> = self.declared_in(table).collect();
        let Some(first) = declared.first() else { return Err(OpsError::NotDeclared(table.to_owned())) };
        for name in plan.names() {
            if !declared.iter().any(|column| column.field().name().column() == name) {
                return Err(OpsError::NotDeclared(format!("{table}.{name}")));
            }
        }
        let place = declared.iter().find(|column| !column.field().row_columns().is_empty()).unwrap_or(first);
        let place = PlaceColumns::of(&live, place.field())?;
        let mut targets = Vec::new();
        for column in declared.iter().filter(|column| plan.has(column.field().name().column())) {
            let mut target = Target::in_place(column, &live, verb)?;
            let name = column.field().name().column();
            if let Some(plaintext) = plan.plaintext.get(name) {
                let plaintext = live.column(plaintext)?.clone();
                match verb {
                    Verb::Encrypt => target.source = plaintext,
                    Verb::Reencrypt | Verb::Index => {
                        return Err(OpsError::Plan {
                            table: table.to_owned(),
                            column: name.to_owned(),
                            reason:
                                "it is re-encrypted in its own column; `encrypt-table` reads a second one"
                                    .into(),
                        });
                    }
                    Verb::Decrypt => {
                        let trigger = super::migration::stale_trigger(table, name);
                        if has_trigger(self.database.dialect(), &mut session, table, &trigger).await? {
                            return Err(OpsError::Plan {
                                table: table.to_owned(),
                                column: name.to_owned(),
                                reason: format!(
                                    "the migration's trigger `{trigger}` is there, which empties the encrypted column when the plaintext \
                                     changes; drop it first"
                                ),
                            });
                        }
                        target.sink = plaintext;
                    }
                }
            }
            if let Some(key) = plan.key {
                target.field = target.field.under(key);
            }
            let standing = self.former.get(&(table.to_owned(), name.to_owned())).copied();
            target.former = plan.former.get(name).copied().or(standing);
            let of_keyring = || self.keyring.importer(column.field().context()).cloned();
            target.importer = plan.importers.get(name).cloned().or_else(of_keyring);
            target.check(self.database.dialect(), table)?;
            target.check_sink(self.database.dialect(), table)?;
            targets.push(target);
        }
        let job = Job { table: live, targets, place, condition: String::new() };
        Ok((job, Arc::new(Keys::new(&self.keyring)), session))
    }

    pub(crate) fn declared_in<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a DeclaredColumn> {
        self.columns.iter().filter(move |column| column.field().name().table() == table)
    }

    /// Those of every tenant that the table names, or the default one.
    pub(super) async fn keyrings(&self, session: &mut Session, job: &Job) -> Result<Vec<Keyring>, OpsError> {
        let Some(column) = &job.place.tenant else { return Ok(vec![self.keyring.clone()]) };
        let dialect = self.database.dialect();
        let name = column.select(dialect);
        let from = dialect.quote_table(&job.table.name);
        let query = Statement::new(dialect, format!("SELECT DISTINCT {name} FROM {from} AS t"));
        let rows = session.rows(query).await.doing("reading the tenants")?;
        let tenant = |row: Vec<_>| place::tenant_of(column, row.first()?).ok();
        let keyring = |tenant: Tenant| self.keyring.tenant(tenant.as_str()).ok();
        Ok(rows.into_iter().filter_map(tenant).filter_map(keyring).collect())
    }

    /// The keys that a column of every tenant that the table names, or of the keyring's, is written under.
    pub(super) async fn written_under(
        &self,
        session: &mut Session,
        job: &Job,
        field: &Field,
    ) -> Result<BTreeSet<envelope_core::KeyId>, OpsError> {
        let purpose = super::keys::purpose(field.mode());
        let mut under = BTreeSet::new();
        for keyring in self.keyrings(session, job).await? {
            let keys = keyring.keys().await?;
            let key = |state| keys.iter().find(|key| key.purpose == purpose && key.state == state);
            let pending =
                (field.written_under() == IndexKey::Newest).then(|| key(KeyState::Pending)).flatten();
            under.extend(pending.or_else(|| key(KeyState::Active)).map(|key| key.id));
        }
        Ok(under)
    }
}

pub(super) fn any(conditions: impl IntoIterator<Item = String>) -> String {
    format!("({})", conditions.into_iter().collect::<Vec<_>>().join(" OR "))
}
