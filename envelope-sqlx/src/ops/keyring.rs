//! Verbs on keys that have to know which rows name them: retire, destroy, shred.

use core::time::Duration;

use envelope_core::{ChangeError, Encoding, Field, KeyId, KeyInfo, Keyring, Mode, OpenError, ValueHeader};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{
    batch::Job,
    convert::Encoded,
    dialect::Dialect,
    error::{Doing as _, OpsError},
    operations::Operations,
    options::Stop,
    predicate,
    schema::LiveTable,
    target::{PlaceColumns, Target, Verb},
};

/// How many values of a column name a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyUse {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// How many values.
    pub values: u64,
}

/// What came of shredding a tenant.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct ShredReport {
    /// The tenant.
    pub tenant: String,
    /// The keys that were destroyed, now or before.
    pub keys: Vec<String>,
    /// Values that are under these keys; they stay where they are.
    pub values: Vec<KeyUse>,
    /// Of these, how many still open: none, or something is wrong.
    pub still_open: u64,
    /// For how long was waited, in seconds, so that no process has the keys in memory any more.
    pub waited_seconds: u64,
    /// Whether the wait was cut short.
    pub is_stopped: bool,
}

impl Operations {
    /// The keyring of a tenant, or the default one.
    pub(crate) fn keyring_of(&self, tenant: Option<&str>) -> Result<Keyring, OpsError> {
        match tenant {
            None => Ok(self.keyring.clone()),
            Some(name) => Ok(self.keyring.tenant(name).map_err(envelope_core::KeyError::from)?),
        }
    }

    /// Where values name a key, over all declared columns, and their indexes.
    ///
    /// # Errors
    ///
    /// When the database fails, or a declared table is not there.
    pub async fn uses(&self, key: KeyId) -> Result<Vec<KeyUse>, OpsError> {
        let mut session = self.database.session().await?;
        let mut uses = Vec::new();
        let mut fields: Vec<&Field> = Vec::new();
        for column in &self.columns {
            for field in super::lint::fields(column.field()) {
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
        }
        for field in fields {
            let name = field.name();
            let table = LiveTable::read(&self.database, &mut session, name.table()).await?;
            let live = table.column(name.column())?;
            let condition = names_key(self.database.dialect(), live, &[key]);
            let values = predicate::count(self.database.dialect(), &mut session, &table, &condition).await?;
            if values > 0 {
                uses.push(KeyUse { table: name.table().into(), column: name.column().into(), values });
            }
        }
        Ok(uses)
    }

    async fn refuse_used(&self, key: KeyId) -> Result<(), OpsError> {
        let uses = self.uses(key).await?;
        if uses.is_empty() {
            return Ok(());
        }
        let places = uses.iter().map(|found| {
            let rows = if found.values == 1 { "row" } else { "rows" };
            format!("{} {rows} of {}.{}", found.values, found.table, found.column)
        });
        Err(OpsError::KeyInUse { key, places: places.collect() })
    }

    /// Retires a key that no value of a declared column names any more.
    ///
    /// # Errors
    ///
    /// [`OpsError::KeyInUse`] says where it is named; and as [`Keyring::retire`].
    pub async fn retire(&self, tenant: Option<&str>, key: KeyId) -> Result<KeyInfo, OpsError> {
        let keyring = self.keyring_of(tenant)?;
        // Asked before the rows are looked at: a process that writes with the key still could write one meanwhile.
        let wait = match keyring.keys().await?.into_iter().find(|info| info.id == key) {
            Some(info) => keyring.until_settled(info.purpose).await?,
            None => Duration::ZERO,
        };
        self.refuse_used(key).await?;
        if !wait.is_zero() {
            return Err(ChangeError::StillWritten { id: key, wait }.into());
        }
        let (tenant, name) = (tenant.unwrap_or_default(), Some(key.to_string()));
        self.record("retire-begun", tenant, name.clone(), "no value names it").await?;
        let info = keyring.retire(key).await?;
        self.record("retire", tenant, name, "no value names it").await?;
        Ok(info)
    }

    /// Destroys a retired key that no value of a declared column names any more. Backups of the rows may: they cannot be asked.
    ///
    /// # Errors
    ///
    /// [`OpsError::KeyInUse`] says where it is named; and as [`Keyring::destroy`].
    pub async fn destroy(&self, tenant: Option<&str>, key: KeyId) -> Result<KeyInfo, OpsError> {
        self.refuse_used(key).await?;
        let keyring = self.keyring_of(tenant)?;
        let (tenant, name) = (tenant.unwrap_or_default(), Some(key.to_string()));
        self.record("destroy-begun", tenant, name.clone(), "no value names it").await?;
        let info = keyring.destroy(key).await?;
        self.record("destroy", tenant, name, "no value names it").await?;
        Ok(info)
    }

    /// Destroys every key of a tenant who leaves, tells the processes that listen (PostgreSQL: [`forget_shredded`](crate::forget_shredded)), waits until no
    /// process has the keys in memory, and then tries to open every value that is under them.
    ///
    /// `wait` is the longest lifetime of keys in memory that any process of the application has: `cache_ttl`, 15 minutes by default.
    ///
    /// # What it does not reach
    ///
    /// A backup of the key table has the wrapped keys until it expires: with it, and with the provider's permission to unwrap, the values open.
    /// So do values that were exported with their own wrapped key.
    ///
    /// # Errors
    ///
    /// As [`Keyring::shred`]; [`OpsError::NotProved`]; when the database fails. Can be repeated.
    pub async fn shred(
        &self,
        tenant: &str,
        wait: Duration,
        stop: &Stop,
        mut waiting: impl FnMut(Duration),
    ) -> Result<ShredReport, OpsError> {
        let keyring = self.keyring_of(Some(tenant))?;
        // If the deed were first, a history that cannot be written would leave no trace of it.
        self.record("shred-begun", tenant, None, "all keys").await?;
        let shredded = keyring.shred().await?;
        let keys: Vec<KeyId> = keyring.keys().await?.iter().map(|key| key.id).collect();
        let detail = format!("{} keys destroyed", shredded.len());
        self.record("shred", tenant, None, &detail).await?;
        if self.database.dialect() == Dialect::Postgres {
            let mut notify = super::statement::Statement::new(Dialect::Postgres, "SELECT pg_notify(");
            notify
                .bind(super::cell::Cell::Text(crate::listen::CHANNEL.to_owned()))
                .push("::text, ")
                .bind(super::cell::Cell::Text(tenant.to_owned()))
                .push(")::text");
            self.database.session().await?.rows(notify).await.doing("telling the processes that listen")?;
        }
        let begun = Instant::now();
        while begun.elapsed() < wait && !stop.is_stopped() {
            let left = wait.saturating_sub(begun.elapsed());
            waiting(left);
            sleep(left.min(Duration::from_millis(500))).await;
        }
        let mut report = ShredReport {
            tenant: tenant.to_owned(),
            keys: keys.iter().map(ToString::to_string).collect(),
            waited_seconds: begun.elapsed().as_secs(),
            is_stopped: stop.is_stopped(),
            ..ShredReport::default()
        };
        for table in self.tables() {
            self.prove(&table, &keys, tenant, &mut report).await?;
        }
        let values: u64 = report.values.iter().map(|found| found.values).sum();
        let detail = format!("{values} values tried, {} opened", report.still_open);
        self.record("shred-proved", tenant, None, &detail).await?;
        Ok(report)
    }

    /// Tries to open every value of a table that is under one of the keys, as one of this tenant, whose the row says it is or not. Only a key
    /// that is gone proves that it does not open.
    async fn prove(
        &self,
        table: &str,
        shredded: &[KeyId],
        tenant: &str,
        report: &mut ShredReport,
    ) -> Result<(), OpsError> {
        let dialect = self.database.dialect();
        let mut session = self.database.session().await?;
        let live = LiveTable::read(&self.database, &mut session, table).await?;
        for column in self.declared_in(table) {
            let target = Target::in_place(column, &live, Verb::Reencrypt)?;
            let job = Job {
                place: PlaceColumns::of(&live, column.field())?,
                condition: names_key(dialect, &target.source, shredded),
                targets: vec![target],
                table: live.clone(),
            };
            let is_of_tenants = job.place.tenant.is_some();
            let own = self.keyring_of(Some(tenant))?;
            let keyring = if is_of_tenants { &self.keyring } else { &own };
            // A value of either mode and encoding may be left.
            let unproved = |reason: String| OpsError::NotProved {
                table: table.into(),
                column: column.field().name().column().into(),
                reason,
            };
            let mut found =
                KeyUse { table: table.into(), column: column.field().name().column().into(), values: 0 };
            let mut after: Option<Vec<super::cell::Cell>> = None;
            loop {
                let select = job.select(dialect, after.as_deref(), 200, None, "");
                let rows = session.rows(select).await.doing("reading rows")?;
                let Some(last) = rows.last() else { break };
                after = Some(last.iter().take(live.key.len()).cloned().collect());
                for row in rows.into_iter().map(|cells| job.row(cells)) {
                    found.values = found.values.saturating_add(1);
                    let place = job.place(&row).map(|(_, place)| place).unwrap_or_default();
                    let place = if is_of_tenants { place.of_tenant(tenant) } else { place };
                    let stored = row.values.first().and_then(|(value, _)| value.bytes());
                    let stored =
                        stored.ok_or_else(|| unproved("a value is neither text nor bytes".into()))?;
                    let Some(header) = ValueHeader::of(stored) else {
                        return Err(unproved("a value begins as one and is none".into()));
                    };
                    if let Some(key) = own.missing_key(stored) {
                        match own.fetch_key(key).await {
                            Err(error) if error.is_transient() => return Err(error.into()),
                            _ => {}
                        }
                    }
                    let field = column.field().as_found(header.mode(), header.encoding());
                    match keyring.open_at::<Encoded>(&field, &place, stored) {
                        Ok(_) => report.still_open = report.still_open.saturating_add(1),
                        Err(OpenError::KeyRetired { .. } | OpenError::UnknownKey { .. }) => {}
                        Err(error) => return Err(unproved(error.to_string())),
                    }
                }
            }
            if found.values > 0 {
                report.values.push(found);
            }
        }
        Ok(())
    }
}

/// A value of either mode and encoding names one of the keys.
fn names_key(dialect: Dialect, column: &super::schema::LiveColumn, keys: &[KeyId]) -> String {
    let encoding = if column.class == super::schema::Class::Text && dialect != Dialect::Sqlite {
        vec![Encoding::Text]
    } else if dialect == Dialect::Sqlite {
        vec![Encoding::Bytes, Encoding::Text]
    } else {
        vec![Encoding::Bytes]
    };
    let headers: Vec<_> = keys
        .iter()
        .flat_map(|key| {
            encoding.iter().flat_map(move |encoding| {
                [Mode::Randomized, Mode::Deterministic, Mode::Index]
                    .into_iter()
                    .flat_map(move |mode| ValueHeader::all(*key, mode, *encoding))
            })
        })
        .collect();
    predicate::has_header(dialect, column, &headers)
}
