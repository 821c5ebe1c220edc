//! The commands on keys, and `lint`.

use core::time::Duration;

use envelope_core::{KeyInfo, KeyState};

use super::{
    args::{Keys, OfPurpose, Promote, PurposeName, Rotate, UniqueName, Verb},
    config::CliError,
    show::Show,
};
use crate::ops::{Operations, RotationStep, RunOptions, Severity, Stop, Uniqueness};

/// What shredding does not reach.
const NOT_REACHED: &str = concat!(
    "  Not reached: backups of the key table hold the wrapped keys. Let them expire, or disable\n",
    "  the tenant's own key at the key provider. Exported values carry their own wrapped key."
);

/// Whether all is well.
pub(super) async fn perform(
    operations: &Operations,
    verb: Verb,
    show: &Show,
    stop: &Stop,
) -> Result<bool, CliError> {
    if matches!(verb, Verb::Retire(_) | Verb::Destroy(_)) && operations.columns.is_empty() {
        return Err(CliError::NothingDeclared);
    }
    match verb {
        Verb::Keys(Keys::List(of)) => list(operations, of.tenant.as_deref(), show).await?,
        Verb::Keys(Keys::History) => {
            for record in operations.history().await? {
                show.json("history", &record);
                let key = record.key.map_or_else(String::new, |key| format!(" {key}"));
                let tenant =
                    if record.tenant.is_empty() { String::new() } else { format!(" of {}", record.tenant) };
                show.line(format_args!(
                    "{} {} {}{key}{tenant}: {}",
                    date(record.at),
                    record.actor,
                    record.verb,
                    record.detail
                ));
            }
        }
        Verb::Rotate(rotate) if rotate.rewrite => return rewrite(operations, &rotate, show, stop).await,
        Verb::Rotate(Rotate { of: OfPurpose { of, purpose }, .. }) => {
            if matches!(purpose, PurposeName::Search) {
                operations.check_rotation(of.tenant.as_deref()).await?;
            }
            let keyring = operations.keyring_of(of.tenant.as_deref())?;
            let key = keyring.rotate(purpose.into()).await?;
            changed(operations, show, "rotate", of.tenant.as_deref(), &key).await?;
            show.line("  `envelope promote` writes with it when every process knows it");
        }
        Verb::Promote(Promote { of: OfPurpose { of, purpose }, anyway }) => {
            if !anyway && matches!(purpose, PurposeName::Search) {
                operations.check_promotion(of.tenant.as_deref()).await?;
            }
            let keyring = operations.keyring_of(of.tenant.as_deref())?;
            let key = keyring.promote(purpose.into()).await?;
            changed(operations, show, "promote", of.tenant.as_deref(), &key).await?;
            show.line("  `envelope reencrypt` brings the rows under it");
        }
        Verb::Rewrap(rewrap) => {
            let tenants: Vec<Option<String>> = if rewrap.all_tenants {
                let known = operations.keyring.tenants().await?;
                known
                    .iter()
                    .map(|tenant| (!tenant.is_default()).then(|| tenant.as_str().to_owned()))
                    .collect()
            } else {
                vec![rewrap.of.tenant]
            };
            for tenant in tenants {
                let count = operations.keyring_of(tenant.as_deref())?.rewrap().await?;
                let name = tenant.as_deref().unwrap_or_default();
                operations.record("rewrap", name, None, &format!("{count} keys")).await?;
                show.json("rewrap", &serde_json::json!({"tenant": name, "keys": count}));
                show.line(format_args!("{count} keys of {} wrapped anew", whose(tenant.as_deref())));
            }
        }
        Verb::Retire(of) => {
            let key = operations.retire(of.of.tenant.as_deref(), of.key).await?;
            told(show, "retire", &key);
        }
        Verb::Reinstate(of) => {
            let keyring = operations.keyring_of(of.of.tenant.as_deref())?;
            let key = keyring.reinstate(of.key).await?;
            changed(operations, show, "reinstate", of.of.tenant.as_deref(), &key).await?;
        }
        Verb::Compromised(of) => {
            let keyring = operations.keyring_of(of.of.tenant.as_deref())?;
            let key = keyring.mark_compromised(of.key).await?;
            changed(operations, show, "compromised", of.of.tenant.as_deref(), &key).await?;
            show.line("  `envelope reencrypt` brings its rows under the active key");
        }
        Verb::Destroy(destroy) => {
            let key = operations.destroy(destroy.of.of.tenant.as_deref(), destroy.of.key).await?;
            told(show, "destroy", &key);
        }
        Verb::Shred(shred) => {
            let wait = Duration::from_secs(shred.cache_ttl_seconds);
            let (bar, _) = show.bar();
            let waiting = |left: Duration| bar.set_message(format!("{} s to wait", left.as_secs()));
            let report = operations.shred(&shred.tenant, wait, stop, waiting).await;
            bar.finish_and_clear();
            let report = report?;
            show.json("shred", &report);
            show.line(format_args!("{}: {} keys destroyed", report.tenant, report.keys.len()));
            show.line(format_args!("  waited {} s for keys in memory to end", report.waited_seconds));
            for found in &report.values {
                show.line(format_args!(
                    "  {} values of {}.{} stay and do not open",
                    found.values, found.table, found.column
                ));
            }
            show.line(format_args!("  {} values still open", report.still_open));
            show.line(NOT_REACHED);
            if report.is_stopped {
                show.line("  The wait was cut short: a process may have the keys in memory.");
            }
            return Ok(report.still_open == 0 && !report.is_stopped);
        }
        Verb::Lint(lint) => {
            let oldest = Duration::from_secs(lint.max_key_age_days.get().saturating_mul(86_400));
            let findings = operations.lint(oldest).await?;
            for finding in &findings {
                show.json("lint", finding);
                let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
                show.line(format_args!("{severity}[{}] {}: {}", finding.rule, finding.place, finding.advice));
            }
            if findings.is_empty() {
                show.line("nothing found");
            }
            return Ok(findings.is_empty());
        }
        _ => {}
    }
    Ok(true)
}

async fn list(operations: &Operations, tenant: Option<&str>, show: &Show) -> Result<(), CliError> {
    show.line("key      purpose state        made       values wrapped by");
    for key in operations.keyring_of(tenant)?.keys().await? {
        let uses =
            if key.state == KeyState::Destroyed { Vec::new() } else { operations.uses(key.id).await? };
        let values: u64 = uses.iter().map(|found| found.values).sum();
        show.json(
            "keys list",
            &serde_json::json!({
                "key": key.id.to_string(), "purpose": key.purpose.to_string(), "state": key.state.to_string(),
                "created_at": key.created_at, "changed_at": key.changed_at, "provider_key": key.provider_key,
                "values": values, "places": uses,
            }),
        );
        show.line(format_args!(
            "{} {:7} {:12} {} {values:>6} {}",
            key.id,
            key.purpose.to_string(),
            key.state.to_string(),
            date(key.created_at),
            key.provider_key.as_deref().unwrap_or("-")
        ));
    }
    Ok(())
}

/// A search key, replaced from the beginning to the end.
async fn rewrite(
    operations: &Operations,
    rotate: &Rotate,
    show: &Show,
    stop: &Stop,
) -> Result<bool, CliError> {
    if !matches!(rotate.of.purpose, PurposeName::Search) {
        return Err(CliError::Rewrite);
    }
    let unique = match rotate.unique {
        UniqueName::Shadow => Uniqueness::Shadow,
        UniqueName::WriteLock => Uniqueness::WriteLock,
    };
    let (bar, watch) = show.bar();
    let options =
        RunOptions::new().batch(rotate.batch).workers(rotate.workers).stop_by(stop).on_progress(watch);
    let told = |step: RotationStep<'_>| match step {
        RotationStep::Waits(left) => bar.set_message(format!("{} s to wait", left.as_secs())),
        RotationStep::Locked(columns) => bar.suspend(|| {
            show.line(format_args!("writes under the old key are refused in {}", columns.join(", ")));
        }),
        RotationStep::Unlocked => bar.suspend(|| show.line("writes are not refused any more")),
        RotationStep::Wrote(report) => bar.suspend(|| show.table("rotate", report)),
        RotationStep::Promoted(key) => bar.suspend(|| show.line(format_args!("search key {key} is active"))),
    };
    let report = operations.rotate_search(rotate.of.of.tenant.as_deref(), unique, &options, told).await;
    bar.finish_and_clear();
    let report = report?;
    show.json("rotate", &report);
    show.line(format_args!("all searched columns are under search key {}", report.key));
    show.line("  `envelope retire` sets the old one aside");
    Ok(true)
}

async fn changed(
    operations: &Operations,
    show: &Show,
    verb: &str,
    tenant: Option<&str>,
    key: &KeyInfo,
) -> Result<(), CliError> {
    let detail = format!("{} key, now {}", key.purpose, key.state);
    operations.record(verb, tenant.unwrap_or_default(), Some(key.id.to_string()), &detail).await?;
    told(show, verb, key);
    Ok(())
}

fn told(show: &Show, verb: &str, key: &KeyInfo) {
    let (id, purpose, state) = (key.id.to_string(), key.purpose.to_string(), key.state.to_string());
    show.json(verb, &serde_json::json!({"key": id, "purpose": purpose, "state": state}));
    show.line(format_args!("{purpose} key {id} is {state}"));
}

fn whose(tenant: Option<&str>) -> String {
    tenant.map_or_else(|| "the default tenant".into(), |name| format!("tenant `{name}`"))
}

fn date(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    chrono::DateTime::from_timestamp(seconds, 0)
        .map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string())
}
