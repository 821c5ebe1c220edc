//! What was done with keys, by whom and when: the table `envelope_audit`.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::{
    cell::Cell,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    operations::Operations,
    statement::Statement,
};

/// One line of the history of keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AuditRecord {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Who: the user of the operating system and the machine, as they say.
    pub actor: String,
    /// What was done.
    pub verb: String,
    /// To whose keys; empty for the default tenant.
    pub tenant: String,
    /// To which key, if it was one.
    pub key: Option<String>,
    /// What came of it.
    pub detail: String,
}

impl Operations {
    /// Writes a line into the history, whose table it makes if it is not there.
    pub(crate) async fn record(
        &self,
        verb: &str,
        tenant: &str,
        key: Option<String>,
        detail: &str,
    ) -> Result<AuditRecord, OpsError> {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let record = AuditRecord {
            at,
            actor: actor(),
            verb: verb.to_owned(),
            tenant: tenant.to_owned(),
            key,
            detail: detail.to_owned(),
        };
        let dialect = self.database.dialect();
        let mut session = self.database.session().await?;
        let bytes = match dialect {
            Dialect::Postgres => "BYTEA",
            Dialect::MySql => "VARBINARY(255)",
            Dialect::Sqlite => "BLOB",
        };
        // Who may write a line need not be one who may make tables.
        match super::schema::LiveTable::columns(&self.database, &mut session, "envelope_audit").await {
            Ok(_) => {}
            Err(OpsError::NoTable(_)) => session
                .run(&format!(
                    "CREATE TABLE IF NOT EXISTS envelope_audit (at BIGINT NOT NULL, actor VARCHAR(255) NOT NULL, \
                     verb VARCHAR(32) NOT NULL, tenant {bytes} NOT NULL, key_id VARCHAR(8), detail TEXT NOT NULL)"
                ))
                .await
                .doing("making the table envelope_audit")?,
            Err(error) => return Err(error),
        }
        let mut insert = Statement::new(dialect, "INSERT INTO envelope_audit VALUES (");
        let cells = [
            Cell::Integer(i64::try_from(at).unwrap_or(i64::MAX)),
            Cell::Text(record.actor.clone()),
            Cell::Text(record.verb.clone()),
            Cell::Bytes(tenant.as_bytes().to_vec()),
            record.key.clone().map_or(Cell::Null, Cell::Text),
            Cell::Text(record.detail.clone()),
        ];
        insert.list(", ", cells, |insert, cell| {
            insert.bind(cell);
        });
        insert.push(")");
        session.execute(insert).await.doing("writing the audit record")?;
        Ok(record)
    }

    /// What was done with keys through these operations, oldest first.
    ///
    /// # Errors
    ///
    /// When the table cannot be read. It is no error if nothing was ever written.
    pub async fn history(&self) -> Result<Vec<AuditRecord>, OpsError> {
        let mut session = self.database.session().await?;
        let dialect = self.database.dialect();
        match super::schema::LiveTable::columns(&self.database, &mut session, "envelope_audit").await {
            Ok(_) => {}
            Err(OpsError::NoTable(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
        let query = Statement::new(
            dialect,
            "SELECT at, actor, verb, tenant, key_id, detail FROM envelope_audit ORDER BY at",
        );
        let rows = session.rows(query).await.doing("reading the history")?;
        let records = rows.iter().filter_map(|row| {
            let [at, actor, verb, tenant, key, detail] = &**row else { return None };
            Some(AuditRecord {
                at: at.integer().and_then(|at| u64::try_from(at).ok())?,
                actor: actor.text()?,
                verb: verb.text()?,
                tenant: String::from_utf8(tenant.bytes()?.to_vec()).ok()?,
                key: key.text(),
                detail: detail.text()?,
            })
        });
        Ok(records.collect())
    }
}

fn actor() -> String {
    let variable = |names: [&str; 2]| names.iter().find_map(|name| std::env::var(name).ok());
    let user = variable(["USER", "LOGNAME"]).unwrap_or_else(|| "unknown".into());
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let machine = machine.or_else(|| variable(["HOSTNAME", "COMPUTERNAME"])).unwrap_or_default();
    format!("{user}@{}", machine.trim()).chars().take(255).collect()
}
