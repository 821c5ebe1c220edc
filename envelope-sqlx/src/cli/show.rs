//! What the user sees: lines for people, or JSON for programs; a progress bar where there is a terminal.

use core::fmt;
use std::{
    io::{self, IsTerminal as _, Write as _},
    sync::Arc,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde::Serialize;

use crate::ops::{Failure, Progress, TableReport, VerifyReport};

/// How many failures people are shown; `--json` has up to a thousand.
const SHOWN_FAILURES: usize = 20;

#[derive(Clone, Copy, Debug)]
pub(super) struct Show {
    pub(super) is_json: bool,
}

impl Show {
    pub(super) const fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    /// A line on standard output. Nobody is left to be told when it is closed.
    pub(super) fn line(self, line: impl fmt::Display) {
        if !self.is_json {
            let _ = writeln!(io::stdout(), "{line}");
        }
    }

    pub(super) fn json(self, verb: &str, value: &impl Serialize) {
        if self.is_json
            && let Ok(mut value) = serde_json::to_value(value)
        {
            if let Some(object) = value.as_object_mut() {
                object.insert("verb".into(), verb.into());
            }
            let _ = writeln!(io::stdout(), "{value}");
        }
    }

    pub(super) fn error(self, error: &dyn fmt::Display) {
        if self.is_json {
            let _ = writeln!(io::stdout(), "{}", serde_json::json!({"error": error.to_string()}));
        }
        let _ = writeln!(io::stderr(), "envelope: {error}");
    }

    /// A bar for one table, and what moves it.
    pub(super) fn bar(self) -> (ProgressBar, impl Fn(&Progress) + Send + Sync + 'static) {
        let is_seen = !self.is_json && io::stderr().is_terminal();
        let target =
            if is_seen { ProgressDrawTarget::stderr_with_hz(5) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template(
            "{msg:12!} [{wide_bar}] {human_pos}/{human_len} {percent:>3}% {rate}/s ETA {eta}",
        );
        if let Ok(style) = style {
            let rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                let _ = write!(out, "{:.0}", state.per_sec());
            };
            bar.set_style(style.with_key("rate", rate).progress_chars("=> "));
        }
        let moved = Arc::new(bar.clone());
        (bar, move |progress: &Progress| {
            moved.set_length(progress.total.max(progress.done));
            moved.set_message(progress.table.clone());
            moved.set_position(progress.done);
        })
    }

    pub(super) fn table(self, verb: &str, report: &TableReport) {
        self.json(verb, report);
        let done = match (verb, report.is_dry_run) {
            ("decrypt-table", false) => "decrypted",
            ("decrypt-table", true) => "would be decrypted",
            ("rotate", _) => "written",
            (_, false) => "encrypted",
            (_, true) => "would be encrypted",
        };
        let seconds = report.seconds;
        self.line(format_args!("{}: {}", report.table, report.columns.join(", ")));
        self.line(format_args!(
            "  {} of {} rows {done} in {seconds:.1} s ({:.0} rows/s)",
            report.changed,
            report.found.max(report.changed),
            report.rows_per_second()
        ));
        if report.conflicts > 0 {
            self.line(format_args!("  {} changed meanwhile and were read again", report.conflicts));
        }
        self.failures(report.failed, &report.failures);
        if let Some(remaining) = report.remaining {
            let state = if verb == "decrypt-table" {
                "encrypted"
            } else if matches!(verb, "reencrypt" | "rotate") {
                "stale"
            } else {
                "plaintext"
            };
            self.line(format_args!("  {remaining} {state} rows left"));
        }
        for terms in &report.terms {
            let found = terms.found.max(terms.changed);
            let columns = terms.columns.join(", ");
            self.line(format_args!("  terms in {columns}: {} of {found} rows written", terms.changed));
            self.failures(terms.failed, &terms.failures);
            if let Some(left) = terms.remaining {
                self.line(format_args!("  {left} rows without their terms left"));
            }
        }
        if report.is_stopped || report.terms.iter().any(|terms| terms.is_stopped) {
            self.line("  stopped; start it again to go on");
        }
    }

    pub(super) fn verify(self, report: &VerifyReport) {
        self.json("verify", report);
        self.line(format_args!("{}: {} rows", report.table, report.rows));
        for column in &report.columns {
            let more =
                |count: u64, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
            let plaintext = more(column.plaintext, "in plaintext") + &more(column.imported, "imported");
            self.line(format_args!(
                "  {}: {} opened, {} failed, {} NULL{plaintext}",
                column.column, column.opened, column.failed, column.null
            ));
            for key in &column.keys {
                self.line(format_args!(
                    "    key {} (suite {:#04x}, {}): {}",
                    key.key, key.suite, key.state, key.values
                ));
            }
        }
        self.failures(report.failed, &report.failures);
        if report.missed > 0 {
            self.line(format_args!("  {} rows were not read: several have the same key", report.missed));
        }
        if report.is_stopped {
            self.line("  stopped before its end");
        }
    }

    fn failures(self, count: u64, failures: &[Failure]) {
        if count == 0 {
            return;
        }
        self.line(format_args!("  {count} values failed:"));
        for failure in failures.iter().take(SHOWN_FAILURES) {
            self.line(format_args!(
                "    {}.{} of {}: {}",
                failure.table, failure.column, failure.row, failure.cause
            ));
        }
        if count > SHOWN_FAILURES as u64 {
            self.line("    … `--json` shows up to a thousand");
        }
    }
}
