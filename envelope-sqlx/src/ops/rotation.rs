//! The search key replaced in all columns that are searched, so that a UNIQUE one stays so at every instant.

use core::time::Duration;
use std::sync::LazyLock;

use envelope_core::{DeclaredColumn, Field, IndexKey, KeyId, KeyInfo, KeyState, Keyring, Mode, Purpose};
use serde::Serialize;
use tokio::time::sleep;

use super::{
    error::OpsError,
    operations::Operations,
    options::{RunOptions, Stop},
    plan::Plan,
    report::TableReport,
    unique::{Unique, Uniques},
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
    /// as the rows take and then for up to `cache_ttl`. Columns that have a shadow are left to it.
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
    /// and brings all other searched columns under it. Readers find every row all the time, and no duplicate passes a UNIQUE index of columns.
    ///
    /// Can be repeated when it was stopped or failed, and goes on then; a write lock stays on until it has. What does not open is found
    /// before anything is locked.
    ///
    /// How long processes may write with a key that they have read is told by this keyring's own `cache_ttl`, which has to be that of the
    /// application: 17 minutes with the default. A transaction must not wait for more than a minute between sealing a value and writing it.
    ///
    /// # Errors
    ///
    /// [`OpsError::NotUnique`] for UNIQUE columns without a shadow, unless they are locked, and for those that are unique by a condition, an
    /// expression, a generated column or an exclusion; [`OpsError::NotRewritten`] when rows failed; when the database or the keys fail.
    pub async fn rotate_search(
        &self,
        tenant: Option<&str>,
        unique: Uniqueness,
        options: &RunOptions,
        mut told: impl FnMut(RotationStep<'_>),
    ) -> Result<RotationReport, OpsError> {
        if options.is_dry {
            return Err(OpsError::NoDryRun);
        }
        let keyring = self.keyring_of(tenant)?;
        let name = tenant.unwrap_or_default();
        let mut report = RotationReport::default();
        if !self.is_begun(&keyring, name).await? {
            let uniques = self.uniques().await?;
            refuse(&uniques, unique)?;
            until(&keyring, For::Settled, &options.stop, &mut told).await?;
            let pending = keyring.rotate(Purpose::Search).await?.id.to_string();
            self.record(BEGUN, name, Some(pending), "search key, to be written anew").await?;
            until(&keyring, For::Promotion, &options.stop, &mut told).await?;
            let old = former_keys(&keyring, true).await?;
            let next = Plan { key: Some(IndexKey::Newest), under: Some(old.clone()), ..Plan::new() };
            // What does not open is found before anyone is locked out.
            let dry = options.clone().dry_run();
            for table in self.tables() {
                self.rewrite(&table, &next, &dry, |_| true, &mut RotationReport::default(), &mut |_| {})
                    .await?;
            }
            report.locked = uniques.unshadowed.iter().map(Unique::place).collect();
            if !uniques.unshadowed.is_empty() {
                self.lock(&old, &uniques.unshadowed).await?;
                told(RotationStep::Locked(&report.locked));
            }
            for column in &uniques.unshadowed {
                let is_meant = |field: &Field| field.name() == column.field.name();
                self.rewrite(&column.table, &next, options, is_meant, &mut report, &mut told).await?;
            }
            for shadow in &uniques.shadows {
                self.await_writers(&shadow.table).await?;
                let is_meant = |field: &Field| field.name() == shadow.field.name();
                for written in self.write_terms(&shadow.table, shadow.plan(&next), options, is_meant).await? {
                    report.add(written, &mut told)?;
                }
            }
            let promoted = keyring.promote(Purpose::Search).await?;
            self.record("promote", name, Some(promoted.id.to_string()), "search key, now active").await?;
            told(RotationStep::Promoted(promoted.id));
        }
        until(&keyring, For::Settled, &options.stop, &mut told).await?;
        let old = former_keys(&keyring, false).await?;
        if self.unlock(&old).await? > 0 {
            told(RotationStep::Unlocked);
        }
        let plan = Plan { under: Some(old), ..Plan::new() };
        for table in self.tables() {
            self.rewrite(&table, &plan, options, |_| true, &mut report, &mut told).await?;
        }
        let keys = keyring.keys().await?;
        let is_active = |key: &&KeyInfo| key.purpose == Purpose::Search && key.state == KeyState::Active;
        report.key = keys.iter().find(is_active).map(|key| key.id.to_string()).unwrap_or_default();
        self.record(ENDED, name, Some(report.key.clone()), "all searched columns are under it").await?;
        Ok(report)
    }

    /// Whether the next search key can be made, and every UNIQUE column stays unique: all processes write with the active one.
    ///
    /// # Errors
    ///
    /// [`OpsError::NotUnique`] if not; when the database or the keys fail.
    pub async fn check_rotation(&self, tenant: Option<&str>) -> Result<(), OpsError> {
        let uniques = self.uniques().await?;
        if uniques.shadows.is_empty()
            || self.keyring_of(tenant)?.until_settled(Purpose::Search).await?.is_zero()
        {
            return Ok(());
        }
        Err(OpsError::NotUnique {
            places: uniques.shadows.iter().map(Unique::place).collect(),
            advice: "not every process can know yet which key is the active one; wait as long as after `rotate`",
        })
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
        refuse(&uniques, Uniqueness::Shadow)?;
        let next = Plan { under: Some(former_keys(&keyring, true).await?), ..Plan::new() };
        for shadow in &uniques.shadows {
            self.await_writers(&shadow.table).await?;
            let is_meant = |field: &Field| field.name() == shadow.field.name();
            let dry = RunOptions::new().dry_run();
            for written in self.write_terms(&shadow.table, shadow.plan(&next), &dry, is_meant).await? {
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

    /// Whether a rotation that did not end has promoted its key.
    async fn is_begun(&self, keyring: &Keyring, tenant: &str) -> Result<bool, OpsError> {
        let (history, keys) = (self.history().await?, keyring.keys().await?);
        let has = |verb, key: &str| {
            history
                .iter()
                .any(|line| line.verb == verb && line.tenant == tenant && line.key.as_deref() == Some(key))
        };
        let is_open = |info: &KeyInfo| {
            let key = info.id.to_string();
            info.state == KeyState::Active && has(BEGUN, &key) && !has(ENDED, &key)
        };
        Ok(keys.iter().any(is_open))
    }

    /// The rows of a table that the plan is about, in those searched columns.
    async fn rewrite(
        &self,
        table: &str,
        plan: &Plan,
        options: &RunOptions,
        is_meant: impl Fn(&Field) -> bool,
        report: &mut RotationReport,
        told: &mut impl FnMut(RotationStep<'_>),
    ) -> Result<(), OpsError> {
        let mut values = plan.clone();
        let searched = |column: &&DeclaredColumn| {
            column.field().mode() == Mode::Deterministic && is_meant(column.field())
        };
        for column in self.declared_in(table).filter(searched) {
            values = values.column(column.field().name().column());
        }
        if !values.columns.is_empty() {
            report.add(self.reencrypt_values(table, &values, options).await?, told)?;
        }
        for written in self.write_terms(table, plan, options, is_meant).await? {
            report.add(written, told)?;
        }
        Ok(())
    }
}

/// The history's lines between which a search key is being replaced.
const BEGUN: &str = "rewrite-begun";
const ENDED: &str = "rewrite-ended";

/// The search keys that are no longer to be written with; of a rotation that is not promoted yet, the active one, too.
async fn former_keys(keyring: &Keyring, with_active: bool) -> Result<Vec<KeyId>, OpsError> {
    let is_former = |state| match state {
        KeyState::DecryptOnly | KeyState::Compromised => true,
        KeyState::Active => with_active,
        _ => false,
    };
    let keys = keyring.keys().await?;
    let former = keys.iter().filter(|key| key.purpose == Purpose::Search && is_former(key.state));
    Ok(former.map(|key| key.id).collect())
}

impl RotationReport {
    fn add(&mut self, written: TableReport, told: &mut impl FnMut(RotationStep<'_>)) -> Result<(), OpsError> {
        told(RotationStep::Wrote(&written));
        let (is_complete, is_stopped) = (written.is_complete(), written.is_stopped);
        let (table, left) = (written.table.clone(), written.remaining.unwrap_or(written.found));
        self.tables.push(written);
        match (is_complete, is_stopped) {
            (true, _) => Ok(()),
            (false, true) => Err(OpsError::Stopped),
            (false, false) => Err(OpsError::NotRewritten { table, left }),
        }
    }
}

fn refuse(uniques: &Uniques, how: Uniqueness) -> Result<(), OpsError> {
    let refused = |columns: &[Unique], advice| {
        let places: Vec<_> = columns.iter().map(Unique::place).collect();
        if places.is_empty() { Ok(()) } else { Err(OpsError::NotUnique { places, advice }) }
    };
    refused(
        &uniques.unclear,
        "it is unique by a condition, an expression, a generated column or an exclusion, which this cannot keep; have an index of columns \
         do it, or `promote --anyway`",
    )?;
    match how {
        Uniqueness::WriteLock => Ok(()),
        Uniqueness::Shadow => refused(
            &uniques.unshadowed,
            "add a shadow (`index(…, shadow)`) that is UNIQUE in the same way, or replace the key with a write lock",
        ),
    }
}

impl Unique {
    /// Which rows of a shadow are to be brought under the next key: all. In a table of many tenants only those under this one's keys are known
    /// to be its own.
    fn plan<'p>(&self, of_tenant: &'p Plan) -> &'p Plan {
        static ALL: LazyLock<Plan> = LazyLock::new(Plan::new);
        if self.field.tenant_column().is_some() { of_tenant } else { &ALL }
    }
}

/// What is waited for, of the search key.
#[derive(Clone, Copy)]
enum For {
    /// That all processes write with the active one.
    Settled,
    /// That all know the pending one.
    Promotion,
}

/// Until there is nothing left to wait for, which is asked each second.
async fn until(
    keyring: &Keyring,
    what: For,
    stop: &Stop,
    told: &mut impl FnMut(RotationStep<'_>),
) -> Result<(), OpsError> {
    loop {
        let left = match what {
            For::Settled => keyring.until_settled(Purpose::Search).await?,
            For::Promotion => keyring.until_promotion(Purpose::Search).await?.unwrap_or_default(),
        };
        if left.is_zero() {
            return Ok(());
        }
        if stop.is_stopped() {
            return Err(OpsError::Stopped);
        }
        told(RotationStep::Waits(left));
        sleep(left.min(Duration::from_secs(1))).await;
    }
}
