//! What is wrong, or soon will be, with encrypted columns, with columns that are not, and with keys.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use envelope_core::{Encoding, Field, KeyState, Mode, Purpose};
use serde::Serialize;

use super::{
    cell::Cell,
    database::Session,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    operations::Operations,
    schema::{Class, LiveColumn, LiveTable},
    statement::Statement,
    target::{Target, Verb},
};

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// `column-type`, `too-short`, `no-index`, `few-values`, `not-encrypted`, `overdue-key`, `unused-key`, `no-table`.
    pub rule: &'static str,
    /// `table.column`, or the key.
    pub place: String,
    /// What is the matter and what to do.
    pub advice: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Values are lost or refused, now or with the next long one.
    Error,
    /// It works, and should be looked at.
    Warning,
}

/// What people call columns with personal data, as parts of names that are separated by underscores.
const PERSONAL: [&str; 24] = [
    "email",
    "mail",
    "phone",
    "mobile",
    "fax",
    "ssn",
    "iban",
    "bic",
    "passport",
    "birth",
    "birthday",
    "birthdate",
    "dob",
    "address",
    "street",
    "postal",
    "zip",
    "ip",
    "salary",
    "tax",
    "card",
    "cvv",
    "surname",
    "lastname",
];

impl Operations {
    /// Compares the declared columns with the database as it is, looks at its other columns' names, and at the age of keys.
    ///
    /// # Errors
    ///
    /// When the database or the key store cannot be read.
    pub async fn lint(&self, oldest_key: Duration) -> Result<Vec<Finding>, OpsError> {
        let mut findings = Vec::new();
        let mut session = self.database.session().await?;
        for table in self.tables() {
            match LiveTable::read(&self.database, &mut session, &table).await {
                Ok(live) => self.lint_table(&mut session, &live, &mut findings).await?,
                Err(error @ (OpsError::NoTable(_) | OpsError::NoPrimaryKey(_))) => {
                    add(&mut findings, Severity::Error, "no-table", table, error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        self.lint_names(&mut session, &mut findings).await?;
        self.lint_keys(oldest_key, &mut findings).await?;
        findings.sort_by(|a, b| (a.severity, &a.place, a.rule).cmp(&(b.severity, &b.place, b.rule)));
        Ok(findings)
    }

    async fn lint_table(
        &self,
        session: &mut Session,
        table: &LiveTable,
        findings: &mut Vec<Finding>,
    ) -> Result<(), OpsError> {
        let dialect = self.database.dialect();
        for column in self.declared_in(&table.name) {
            let place = column.field().name().to_string();
            let target = match Target::in_place(column, table, Verb::Reencrypt) {
                Ok(target) => target,
                Err(error) => {
                    add(findings, Severity::Error, "no-table", place, error.to_string());
                    continue;
                }
            };
            if let Err(error) = target.check(dialect, &table.name) {
                add(findings, Severity::Error, "column-type", place.clone(), error.to_string());
                continue;
            }
            let is_searched = column.field().mode() == Mode::Deterministic;
            let longest = self.longest(session, table, &target).await?;
            if let Some(limit) = target.source.limit
                && longest > limit
            {
                let advice = format!(
                    "its values will have up to {longest} bytes and the column holds {limit}; widen it"
                );
                add(findings, Severity::Error, "too-short", place.clone(), advice);
            }
            if is_searched && !is_indexed(dialect, session, table, &target.source).await? {
                let advice = "it is searched and no index begins with it; every search reads the whole table";
                add(findings, Severity::Warning, "no-index", place.clone(), advice.into());
            }
            if is_searched {
                let (values, distinct) = counts(dialect, session, table, &target.source).await?;
                if values >= 100 && distinct.saturating_mul(20) <= values {
                    let advice = format!(
                        "its {values} values are only {distinct} different ones, so their frequencies tell which they are; \
                         `#[encrypt]` instead of `#[encrypt(deterministic)]`"
                    );
                    add(findings, Severity::Warning, "few-values", place, advice);
                }
            }
            for index in column.field().indexes().iter().chain(column.field().compound_indexes()) {
                self.lint_index(session, table, index, findings).await?;
            }
        }
        Ok(())
    }

    /// A column of terms, which is there to be searched.
    async fn lint_index(
        &self,
        session: &mut Session,
        table: &LiveTable,
        index: &Field,
        findings: &mut Vec<Finding>,
    ) -> Result<(), OpsError> {
        let place = index.name().to_string();
        let live = match table.column(index.name().column()) {
            Ok(live) => live,
            Err(error) => {
                add(findings, Severity::Error, "no-table", place, error.to_string());
                return Ok(());
            }
        };
        if !is_indexed(self.database.dialect(), session, table, live).await?
            && !findings.iter().any(|finding| finding.place == place)
        {
            let advice = "it is searched and no index begins with it; every search reads the whole table";
            add(findings, Severity::Warning, "no-index", place, advice.into());
        }
        Ok(())
    }

    /// The longest value of a column, when all of it is encrypted.
    async fn longest(
        &self,
        session: &mut Session,
        table: &LiveTable,
        target: &Target,
    ) -> Result<u64, OpsError> {
        let dialect = self.database.dialect();
        let name = target.source.at(dialect);
        let length = match (dialect, target.source.class) {
            (Dialect::Sqlite, _) => format!("length(CAST({name} AS BLOB))"),
            (_, Class::Text | Class::Bytes) => format!("octet_length({name})"),
            _ => return Ok(0),
        };
        let is_value = super::predicate::is_value(dialect, &target.source, target.field.stored_as());
        let from = dialect.quote_table(&table.name);
        let query = Statement::new(
            dialect,
            format!(
                "SELECT MAX(CASE WHEN {is_value} THEN {length} END), MAX(CASE WHEN {is_value} THEN 0 ELSE {length} END)
                 FROM {from} AS t"
            ),
        );
        let rows = session.rows(query).await.doing("measuring values")?;
        let of = |index: usize| {
            let cell = rows.first().and_then(|row| row.get(index)).and_then(Cell::integer);
            cell.and_then(|length| u64::try_from(length).ok()).unwrap_or(0)
        };
        let overhead: u64 = match target.field.mode() {
            Mode::Deterministic => 22,
            _ if target.field.is_xaes() => 46,
            _ => 34,
        };
        let sealed = of(1).saturating_add(overhead);
        let sealed = match target.field.stored_as() {
            Encoding::Bytes => sealed,
            Encoding::Text => sealed.saturating_mul(4).div_ceil(3).saturating_add(4),
        };
        Ok(of(0).max(sealed))
    }

    /// Columns of all tables whose names look personal, and that nobody declares.
    async fn lint_names(&self, session: &mut Session, findings: &mut Vec<Finding>) -> Result<(), OpsError> {
        let dialect = self.database.dialect();
        let query = match dialect {
            Dialect::Postgres => {
                "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns
                 WHERE table_schema = ANY (current_schemas(false))"
            }
            Dialect::MySql => {
                "SELECT CAST(table_name AS CHAR), CAST(column_name AS CHAR), CAST(data_type AS CHAR)
                 FROM information_schema.columns WHERE table_schema = DATABASE()"
            }
            Dialect::Sqlite => {
                "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c
                 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
            }
        };
        let rows =
            session.rows(Statement::new(dialect, query)).await.doing("reading the names of columns")?;
        for row in &rows {
            let [Some(table), Some(column), Some(ty)] = [0, 1, 2].map(|index| row.get(index)?.text()) else {
                continue;
            };
            let ty = ty.to_ascii_lowercase();
            let is_number =
                ["int", "bool", "real", "double", "numeric", "decimal"].iter().any(|name| ty.contains(name));
            let is_declared = self
                .columns
                .iter()
                .flat_map(|declared| fields(declared.field()))
                .any(|field| field.name().table() == table && field.name().column() == column);
            if !is_declared && !is_number && !table.starts_with("envelope_") && looks_personal(&column) {
                let advice = "its name looks personal and it is not encrypted";
                add(findings, Severity::Warning, "not-encrypted", format!("{table}.{column}"), advice.into());
            }
        }
        Ok(())
    }

    async fn lint_keys(&self, oldest: Duration, findings: &mut Vec<Finding>) -> Result<(), OpsError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        for tenant in self.keyring.tenants().await? {
            let name = (!tenant.is_default()).then_some(tenant.as_str());
            for key in self.keyring_of(name)?.keys().await? {
                let place = format!("key {} of {tenant}", key.id);
                let days = now.saturating_sub(key.created_at) / 86_400;
                let is_old = days > oldest.as_secs() / 86_400;
                if key.state == KeyState::Active && key.purpose == Purpose::Encrypt && is_old {
                    let advice = format!("it has been written with for {days} days; `envelope rotate`");
                    add(findings, Severity::Warning, "overdue-key", place.clone(), advice);
                }
                let is_former = matches!(key.state, KeyState::DecryptOnly | KeyState::Compromised);
                if is_former && self.uses(key.id).await?.is_empty() {
                    let advice =
                        format!("it is {} and no value names it; `envelope retire {}`", key.state, key.id);
                    add(findings, Severity::Warning, "unused-key", place, advice);
                }
            }
        }
        Ok(())
    }
}

/// A column and its indexes.
pub(super) fn fields(field: &Field) -> impl Iterator<Item = &Field> {
    let indexes = [field.indexes(), field.compound_indexes(), field.term_indexes()];
    core::iter::once(field).chain(indexes.into_iter().flatten())
}

fn add(findings: &mut Vec<Finding>, severity: Severity, rule: &'static str, place: String, advice: String) {
    findings.push(Finding { severity, rule, place, advice });
}

/// `BillingEmail` and `billing_email` are the same name.
fn looks_personal(column: &str) -> bool {
    let mut words = String::new();
    let mut was_lower = false;
    for letter in column.chars() {
        if letter.is_ascii_uppercase() && was_lower {
            words.push('_');
        }
        was_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
        words.extend(letter.to_lowercase());
    }
    let ends = ["first_name", "last_name", "full_name", "maiden_name"];
    words.split(['_', ' ', '-']).any(|word| PERSONAL.contains(&word))
        || ends.iter().any(|end| words.ends_with(end))
}

async fn counts(
    dialect: Dialect,
    session: &mut Session,
    table: &LiveTable,
    column: &LiveColumn,
) -> Result<(u64, u64), OpsError> {
    let (name, from) = (column.at(dialect), dialect.quote_table(&table.name));
    let query =
        Statement::new(dialect, format!("SELECT COUNT({name}), COUNT(DISTINCT {name}) FROM {from} AS t"));
    let rows = session.rows(query).await.doing("counting different values")?;
    let of = |index: usize| {
        let cell = rows.first().and_then(|row| row.get(index)).and_then(Cell::integer);
        cell.and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    };
    Ok((of(0), of(1)))
}

/// Whether an index begins with the column.
async fn is_indexed(
    dialect: Dialect,
    session: &mut Session,
    table: &LiveTable,
    column: &LiveColumn,
) -> Result<bool, OpsError> {
    let (name, column) = (table.name.clone(), Cell::Text(column.name.clone()));
    let mut query = Statement::new(dialect, "");
    match dialect {
        Dialect::Postgres => query
            .push(
                "SELECT 1::bigint FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
                 WHERE i.indrelid = to_regclass(",
            )
            .bind(Cell::Text(dialect.quote_table(&name)))
            .push(") AND a.attname = ")
            .bind(column),
        Dialect::MySql => query
            .push(
                "SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND seq_in_index = 1 AND table_name = ",
            )
            .bind(Cell::Text(name))
            .push(" AND column_name = ")
            .bind(column),
        Dialect::Sqlite => query
            .push("SELECT 1 FROM pragma_index_list(")
            .bind(Cell::Text(name))
            .push(") l, pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = ")
            .bind(column),
    };
    Ok(!session.rows(query).await.doing("reading the indexes")?.is_empty())
}
