//! The commands that read or write whole tables.

use core::time::Duration;
use std::sync::Arc;

use super::{
    args::{Run, Selection, Verb, Verify},
    config::CliError,
    show::Show,
};
use crate::ops::{Database, Operations, Plan, RunOptions, Sample, Stop};

/// Whether all is well.
pub(super) async fn perform(
    operations: &Operations,
    verb: Verb,
    show: &Show,
    stop: &Stop,
) -> Result<bool, CliError> {
    let (name, run) = match verb {
        Verb::EncryptTable(run) => ("encrypt-table", run),
        Verb::Reencrypt(run) => ("reencrypt", run),
        Verb::DecryptTable(run) => ("decrypt-table", run),
        Verb::Migration(selection) => {
            let sql = operations.migration(&selection.table, &plan(&selection)).await?;
            show.json("migration", &serde_json::json!({"sql": sql}));
            show.line(sql.trim_end());
            return Ok(true);
        }
        Verb::Verify(verify) => return drill(operations, verify, show, stop).await,
        _ => return Ok(true),
    };
    let plan = plan(&run.selection);
    let table = &run.selection.table;
    let (bar, watch) = show.bar();
    let options = options(operations, &run, stop).await?.on_progress(watch);
    let report = match name {
        "encrypt-table" => operations.encrypt_table(table, &plan, &options).await,
        "reencrypt" => operations.reencrypt(table, &plan, &options).await,
        _ => operations.decrypt_table(table, &plan, &options).await,
    };
    bar.finish_and_clear();
    let report = report?;
    show.table(name, &report);
    Ok(report.is_complete())
}

async fn drill(operations: &Operations, verify: Verify, show: &Show, stop: &Stop) -> Result<bool, CliError> {
    let tables = if verify.tables.is_empty() { operations.tables() } else { verify.tables };
    let sample = verify.sample.map_or(Sample::All, Sample::OneIn);
    let mut is_green = true;
    for table in tables {
        let (bar, watch) = show.bar();
        let mut options = RunOptions::new().stop_by(stop).on_progress(watch);
        if let Some(rows) = verify.rows_per_second {
            options = options.rows_per_second(rows);
        }
        let report = operations.verify(&table, sample, &options).await;
        bar.finish_and_clear();
        let report = report?;
        show.verify(&report);
        is_green &= report.is_green();
    }
    Ok(is_green)
}

fn plan(selection: &Selection) -> Plan {
    let mut plan = Plan::new();
    for column in &selection.columns {
        plan = plan.column(column);
    }
    for (encrypted, plaintext) in &selection.plaintext {
        plan = plan.plaintext_in(encrypted, plaintext);
    }
    // Whoever names only where plaintexts are means these columns.
    if selection.columns.is_empty() {
        for (encrypted, _) in &selection.plaintext {
            plan = plan.column(encrypted);
        }
    }
    plan
}

async fn options(operations: &Operations, run: &Run, stop: &Stop) -> Result<RunOptions, CliError> {
    let mut options = RunOptions::new().batch(run.batch).workers(run.workers).stop_by(stop);
    if let Some(rows) = run.rows_per_second {
        options = options.rows_per_second(rows);
    }
    if run.dry_run {
        options = options.dry_run();
    }
    if let (Some(query), Some(most)) = (&run.lag_query, run.max_lag) {
        let database = match &run.lag_url {
            Some(url) => Database::connect(url, 1).await?,
            None => operations.database.clone(),
        };
        // A query that fails is found before anything is written.
        database.number(query).await?;
        let (database, query) = (Arc::new(database), Arc::<str>::from(query.as_str()));
        options = options.pause_while(move || {
            let (database, query) = (Arc::clone(&database), Arc::clone(&query));
            Box::pin(async move {
                // One that fails later is no reason to load a database that may be in trouble.
                let lag = database.number(&query).await.unwrap_or(f64::INFINITY);
                (lag > most).then_some(Duration::from_secs(1))
            })
        });
    }
    Ok(options)
}
