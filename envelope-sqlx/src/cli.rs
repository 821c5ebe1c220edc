//! Feature `cli`: the command-line tool `envelope`, alone or within an application's own admin binary.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! use envelope_sqlx::{
//!     Encrypted, cli,
//!     ops::{Database, Operations},
//! };
//!
//! #[derive(Encrypted)]
//! #[encrypt(table = "users")]
//! struct User {
//!     id: i64,
//!     #[encrypt(deterministic)]
//!     email: String,
//! }
//!
//! # async fn keyring() -> Result<envelope_sqlx::Keyring, Box<dyn std::error::Error>> { Ok(envelope_core::testing::keyring()) }
//! #[tokio::main]
//! async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
//!     let database = Database::connect(&std::env::var("DATABASE_URL")?, 8).await?;
//!     let operations = Operations::new(database, &keyring().await?).declare::<User>();
//!     Ok(cli::run(operations).await)
//! }
//! ```
//!
//! The tool by itself reads the same from a file, `envelope.toml`:
//!
//! ```toml
//! [database]
//! url_env = "DATABASE_URL"          # or url = "postgres://…"
//!
//! [keyring]                         # as `Config` has it
//! application = "shop"
//! provider = { kind = "local-key", path = "/etc/shop/app.key" }
//! # store = { kind = "file", path = "/var/lib/shop/keys.json" }    # else the table `envelope_keys` of the database
//!
//! [[table]]
//! name = "users"
//! # bind = ["id"]                   # as on the struct
//! # tenant = "org_id"
//!
//! [[table.column]]
//! name = "email"
//! mode = "deterministic"            # else randomized
//! plaintext = "read"                # else plaintext rows are refused
//! # context = "users.email"
//! # encoding = "text"               # else bytes
//! # kind = "text"                   # bytes, integer, bool, float32, float64, uuid, address, network, date, time, date-time, instant,
//! #                                 # instant-with-offset, decimal, json
//! # normalize = "casefold,trim"     # of a deterministic column, as on the field
//! # index = [{ column = "email_index", normalize = "email" }]    # as `index(…)` on the field
//! # former_context = "people.mail"  # values that open as this are sealed anew by `reencrypt`
//! # import = { format = "fernet", key_file = "old.key" }    # aes-256-gcm, chacha20-poly1305 (key files of 64 hexadecimal digits;
//! #                                 # base64 = true), rails (salt_file; sha1 = true)
//! ```
//!
//! # Exit codes
//!
//! 0: done, and nothing failed. 1: something failed, or is left to do, or was found. 2: the arguments or the configuration are wrong. 3: it could
//! not be done: the database, the key provider or the key store failed.

mod args;
mod config;
mod fields;
mod import;
mod keys;
mod show;
mod tables;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser as _;

use self::{
    args::{Mounted, Standalone, Verb},
    show::Show,
};
use crate::ops::{Operations, Stop};

/// Runs the command that the program's arguments name, for an application that has its keyring and declares its columns.
pub async fn run(operations: Operations) -> ExitCode {
    run_from(operations, std::env::args_os()).await
}

/// As [`run`], with other arguments: the first is the program's name.
pub async fn run_from(operations: Operations, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match Mounted::try_parse_from(arguments) {
        Ok(arguments) => perform(&operations, arguments.verb, &Show::new(arguments.json)).await,
        Err(error) => refused(&error),
    }
}

/// Runs the stand-alone tool, which reads `envelope.toml`.
pub async fn main() -> ExitCode {
    let arguments = match Standalone::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refused(&error),
    };
    let show = Show::new(arguments.json);
    let identity = match &arguments.verb {
        Verb::Verify(verify) => verify.identity.as_deref(),
        _ => None,
    };
    match config::open(&arguments.config, identity).await {
        Ok(operations) => perform(&operations, arguments.verb, &show).await,
        Err(error) => {
            show.error(&error);
            ExitCode::from(error.code())
        }
    }
}

fn refused(error: &clap::Error) -> ExitCode {
    // The help goes to standard output, and mistakes to standard error.
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}

async fn perform(operations: &Operations, verb: Verb, show: &Show) -> ExitCode {
    let stop = Stop::new();
    let interrupts = tokio::spawn(interrupted(stop.clone()));
    let outcome = match verb {
        Verb::EncryptTable(_)
        | Verb::Reencrypt(_)
        | Verb::DecryptTable(_)
        | Verb::Verify(_)
        | Verb::Migration(_) => tables::perform(operations, verb, show, &stop).await,
        _ => keys::perform(operations, verb, show, &stop).await,
    };
    interrupts.abort();
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            show.error(&error);
            ExitCode::from(error.code())
        }
    }
}

/// The first Ctrl-C lets the batches that are under way end; the second ends the process.
async fn interrupted(stop: Stop) {
    while tokio::signal::ctrl_c().await.is_ok() {
        if stop.is_stopped() {
            std::process::exit(130);
        }
        stop.stop();
    }
}
