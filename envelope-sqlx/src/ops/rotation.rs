//! The search key replaced in all columns that are searched, so that a UNIQUE one stays so at every instant.

use core::time::Duration;

use envelope_core::{IndexKey, KeyId, KeyState, Keyring, Mode, Purpose};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{
    error::OpsError,
    guard::{Unique, Uniques},
    operations::Operations,
    options::{RunOptions, Stop},
    plan::Plan,
    report::TableReport,
};

/// How a column with a UNIQUE index stays unique while its rows are under two search keys.
///
/// A value has other bytes under each, so the database by itself would take both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Uniqueness {
    /// By a shadow: a second column, UNIQUE too, that is written under the newest key. Writers go on. The price is the column and its index.
    #[default]
    Shadow,
    /// By triggers that refuse what is written under the old key, while the rows are brought under the next one and until every process knows
    /// that it is the active one. Readers go on, and writes that do not touch the column. The price is that others get an error, for as long
    /// as the rows take and then `lifetime`. Columns that have a shadow are left to it.
    WriteLock,
}

/// What [`rotate_search`](Operations::rotate_search) is doing.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum RotationStep<'a> {
    /// It waits for so long: until every process knows the next key, or that it is the active one.
    Waits(Duration),
    /// The triggers that refuse the old key in these columns are there.
    Locked(&'a [String]),
    /// They are gone.
    Unlocked,
    /// The rows of a table were brought under the next key, or the new one.
    Wrote(&'a TableReport),
    /// The key is the active one.
    Promoted(KeyId),
}

/// What came of it.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct RotationReport {
    /// The key that is the active one now.
    pub key: String,
    /// Columns in which the old key was refused meanwhile, as `table.column`.
    pub locked: Vec<String>,
    /// The runs that wrote the columns.
    pub tables: Vec<TableReport>,
}

impl Operations {
    /// Replaces the search key of a tenant, or of the default one: makes the next key if there is none, waits until every process can know it,
    /// brings shadows (or, with a write lock, the UNIQUE columns themselves) under it, promotes it, waits until every process writes with it,
    /// and brings all other searched columns under it. Readers find every row all the time. Lookups of values are never wrong in between, and no
    /// duplicate passes a UNIQUE index.
    ///
    /// Can be repeated when it was stopped or failed, and goes on then; while a write lock is on, it stays on until then.
    ///
    /// `lifetime` is how long a process may write with a key that it has read: `cache_ttl`, 15 minutes by default, and a minute.
    ///
    /// # Errors
    ///
    /// [`OpsError::NotUnique`] for UNIQUE columns without a shadow, unless they are locked; [`OpsError::NotRewritten`] when rows failed; when the
    /// database or the keys fail.
    pub async fn rotate_search(
        &self,
        tenant: Option<&str>,
        unique: Uniqueness,
        lifetime: Duration,
        options: &RunOptions,
        mut told: impl FnMut(RotationStep<'_>),
    ) -> Result<RotationReport, OpsError> {
        let keyring = self.keyring_of(tenant)?;
        let uniques = self.uniques().await?;
        if unique == Uniqueness::Shadow {
            refuse_unshadowed(&uniques)?;
        }
        let mut report = RotationReport::default();
        let locked: Vec<_> = uniques.unshadowed.clone();
        if !locked.is_empty() {
            self.refuse_others(&keyring).await?;
        }
        report.locked = locked.iter().map(Unique::place).collect();
        if !self.is_begun(&keyring).await? {
            let pending = keyring.rotate(Purpose::Search).await?;
            let name = tenant.unwrap_or_default();
            self.record("rotate", name, Some(pending.id.to_string()), "search key, to be written anew")
                .await?;
            while let Some(wait) =
                keyring.until_promotion(Purpose::Search).await?.filter(|wait| !wait.is_zero())
            {
                pause(wait, &options.stop, &mut told).await?;
            }
            if !locked.is_empty() {
                self.lock(&keyring, &locked).await?;
                told(RotationStep::Locked(&report.locked));
                for column in &locked {
                    self.bring_under_next(column, options, &mut report, &mut told).await?;
                }
            }
            for table in self.tables() {
                let is_shadow = |field: &envelope_core::Field| field.written_under() == IndexKey::Newest;
                for written in self.write_terms(&table, &Plan::new(), options, is_shadow).await? {
                    report.add(written, &mut told)?;
                }
            }
            let promoted = keyring.promote(Purpose::Search).await?;
            self.record("promote", name, Some(promoted.id.to_string()), "search key, its rows are unique")
                .await?;
            told(RotationStep::Promoted(promoted.id));
        }
        pause(lifetime, &options.stop, &mut told).await?;
        for table in self.tables() {
            let mut plan = Plan::new();
            let searched =
                |column: &&envelope_core::DeclaredColumn| column.field().mode() == Mode::Deterministic;
            for column in self.declared_in(&table).filter(searched) {
                plan = plan.column(column.field().name().column());
            }
            if !plan.columns.is_empty() {
                report.add(self.reencrypt_values(&table, &plan, options).await?, &mut told)?;
            }
            for written in self.write_terms(&table, &Plan::new(), options, |_| true).await? {
                report.add(written, &mut told)?;
            }
        }
        self.unlock(&keyring, &locked).await?;
        if !locked.is_empty() {
            told(RotationStep::Unlocked);
        }
        let keys = keyring.keys().await?;
        let is_active =
            |key: &&envelope_core::KeyInfo| key.purpose == Purpose::Search && key.state == KeyState::Active;
        report.key = keys.iter().find(is_active).map(|key| key.id.to_string()).unwrap_or_default();
        Ok(report)
    }

    /// Whether the pending search key can be promoted and every UNIQUE column stays unique: its shadow is under that key already.
    ///
    /// # Errors
    ///
    /// [`OpsError::NotUnique`] if not; when the database or the keys fail.
    pub async fn check_promotion(&self, tenant: Option<&str>) -> Result<(), OpsError> {
        let keyring = self.keyring_of(tenant)?;
        if keyring.until_promotion(Purpose::Search).await?.is_none() {
            return Ok(());
        }
        let uniques = self.uniques().await?;
        refuse_unshadowed(&uniques)?;
        for shadow in &uniques.shadows {
            let is_meant = |field: &envelope_core::Field| field.name() == shadow.field.name();
            let dry = RunOptions::new().dry_run();
            for written in self.write_terms(&shadow.table, &Plan::new(), &dry, is_meant).await? {
                if written.found > 0 {
                    return Err(OpsError::NotUnique {
                        places: vec![shadow.place()],
                        advice: "its shadow is not under the next key yet; `envelope reencrypt` brings it there",
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether a rotation was promoted, and rows are under the key before still.
    async fn is_begun(&self, keyring: &Keyring) -> Result<bool, OpsError> {
        let keys = keyring.keys().await?;
        let of = |state| keys.iter().filter(move |key| key.purpose == Purpose::Search && key.state == state);
        if of(KeyState::Pending).next().is_some() {
            return Ok(false);
        }
        for key in of(KeyState::DecryptOnly) {
            if !self.uses(key.id).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tables of several tenants are brought under the next key of each: only one may have one, since only its old key is refused.
    async fn refuse_others(&self, keyring: &Keyring) -> Result<(), OpsError> {
        let has_tenants = self.columns.iter().any(|column| column.field().tenant_column().is_some());
        for tenant in if has_tenants { self.keyring.tenants().await? } else { Vec::new() } {
            let name = (!tenant.is_default()).then_some(tenant.as_str());
            let is_own = &tenant == keyring.tenant_name();
            if !is_own && self.keyring_of(name)?.until_promotion(Purpose::Search).await?.is_some() {
                return Err(OpsError::NotUnique {
                    places: vec![tenant.to_string()],
                    advice: "the key of this tenant is being replaced, too; finish that first",
                });
            }
        }
        Ok(())
    }

    /// The rows of a UNIQUE column under the key that no process writes with yet.
    async fn bring_under_next(
        &self,
        column: &Unique,
        options: &RunOptions,
        report: &mut RotationReport,
        told: &mut impl FnMut(RotationStep<'_>),
    ) -> Result<(), OpsError> {
        let plan = Plan { key: Some(IndexKey::Newest), ..Plan::new() };
        if column.field.mode() == Mode::Index {
            let is_meant = |field: &envelope_core::Field| field.name() == column.field.name();
            for written in self.write_terms(&column.table, &plan, options, is_meant).await? {
                report.add(written, told)?;
            }
            return Ok(());
        }
        let plan = plan.column(column.field.name().column());
        report.add(self.reencrypt_values(&column.table, &plan, options).await?, told)
    }
}

impl RotationReport {
    fn add(&mut self, written: TableReport, told: &mut impl FnMut(RotationStep<'_>)) -> Result<(), OpsError> {
        told(RotationStep::Wrote(&written));
        let is_complete = written.is_complete();
        let (table, left) = (written.table.clone(), written.remaining.unwrap_or(written.found));
        self.tables.push(written);
        if is_complete { Ok(()) } else { Err(OpsError::NotRewritten { table, left }) }
    }
}

fn refuse_unshadowed(uniques: &Uniques) -> Result<(), OpsError> {
    if uniques.unshadowed.is_empty() {
        return Ok(());
    }
    Err(OpsError::NotUnique {
        places: uniques.unshadowed.iter().map(Unique::place).collect(),
        advice: "add a UNIQUE shadow (`index(…, shadow)`), or replace the key with a write lock",
    })
}

async fn pause(wait: Duration, stop: &Stop, told: &mut impl FnMut(RotationStep<'_>)) -> Result<(), OpsError> {
    let begun = Instant::now();
    while begun.elapsed() < wait {
        if stop.is_stopped() {
            return Err(OpsError::Stopped);
        }
        let left = wait.saturating_sub(begun.elapsed());
        told(RotationStep::Waits(left));
        sleep(left.min(Duration::from_millis(500))).await;
    }
    Ok(())
}
