//! Feature `ops`: work on whole tables, on PostgreSQL, MySQL, MariaDB and SQLite.
//!
//! [`Operations`] encrypts what exists, re-encrypts under new keys, opens every value to prove that it can be, and decrypts for those who leave. It
//! works on stored bytes and on the columns that `#[derive(Encrypted)]` declares, and never through the types of the application.
//! The command-line tool `envelope` (feature `cli`) is made of it.

mod lint;
mod migration;
mod keyring;
mod rotation;
mod guard;
mod unique;
mod audit;
mod verify;
mod operations;
mod run;
mod batch;
mod change;
mod target;
mod index;
mod terms;
mod plan;
mod keys;
mod place;
mod convert;
mod same;
mod predicate;
mod schema;
mod class;
mod options;
mod report;
mod database;
mod statement;
mod dialect;
mod cell;
mod error;

pub use audit::AuditRecord;
pub use database::Database;
pub use error::OpsError;
pub use keyring::{KeyUse, ShredReport};
pub use lint::{Finding, Severity};
pub use operations::Operations;
pub use options::{Progress, RunOptions, Stop};
pub use plan::Plan;
pub use report::{Failure, TableReport};
pub use rotation::{RotationReport, RotationStep, Uniqueness};
pub use verify::{ColumnReport, KeyCount, Sample, VerifyReport};
