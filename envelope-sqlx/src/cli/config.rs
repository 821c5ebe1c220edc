//! `envelope.toml`: the database, the keyring and the encrypted columns of an application.

mod declare;

use core::str::FromStr as _;
use std::{
    io,
    path::{Path, PathBuf},
};

use envelope_core::{Config, ConfigError, Keyring, KeyringBuilder, PlaintextKind};
use serde::Deserialize;
use sqlx::{MySql, Postgres, Sqlite};
use thiserror::Error;

use self::declare::{context, declare, described, indexes_of};
use super::{
    fields::{CompoundConfig, IndexConfig},
    import::{ImportConfig, ImportFailed},
};
use crate::{
    SqlxKeyStore,
    ops::{Database, Operations, OpsError},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    database: DatabaseConfig,
    keyring: Config,
    #[serde(default, rename = "table")]
    tables: Vec<Table>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DatabaseConfig {
    url: Option<String>,
    url_env: Option<String>,
    connections: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    name: String,
    #[serde(default)]
    bind: Vec<String>,
    tenant: Option<String>,
    #[serde(rename = "column")]
    columns: Vec<Column>,
    #[serde(default, rename = "index")]
    compound: Vec<CompoundConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    context: Option<String>,
    #[serde(default)]
    mode: ModeName,
    #[serde(default)]
    xaes: bool,
    #[serde(default)]
    encoding: EncodingName,
    plaintext: Option<PlaintextName>,
    #[serde(default)]
    kind: KindName,
    normalize: Option<String>,
    #[serde(default)]
    index: Vec<IndexConfig>,
    former_context: Option<String>,
    import: Option<ImportConfig>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ModeName {
    #[default]
    Randomized,
    Deterministic,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EncodingName {
    #[default]
    Bytes,
    Text,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PlaintextName {
    Read,
    Refuse,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KindName {
    #[default]
    Text,
    Bytes,
    Integer,
    Bool,
    Float32,
    Float64,
    Uuid,
    Address,
    Network,
    Date,
    Time,
    DateTime,
    Instant,
    InstantWithOffset,
    Decimal,
    Json,
    List,
}

impl From<KindName> for PlaintextKind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Text => Self::Text,
            KindName::Bytes => Self::Bytes,
            KindName::Integer => Self::AnyInteger,
            KindName::Bool => Self::Boolean,
            KindName::Float32 => Self::Float32,
            KindName::Float64 => Self::Float64,
            KindName::Uuid => Self::UuidBytes,
            KindName::Address => Self::Address,
            KindName::Network => Self::Network,
            KindName::Date => Self::CalendarDate,
            KindName::Time => Self::TimeOfDay,
            KindName::DateTime => Self::DateAndTime,
            KindName::Instant => Self::PointInTime,
            KindName::InstantWithOffset => Self::PointInTimeWithOffset,
            KindName::Decimal => Self::DecimalNumber,
            KindName::Json => Self::JsonText,
            KindName::List => Self::List,
        }
    }
}

/// Why the tool does nothing.
#[derive(Debug, Error)]
pub(super) enum CliError {
    #[error("cannot read {}: {source}; `--config` names another file", path.display())]
    Read { path: PathBuf, source: io::Error },
    // The parser's whole message quotes the line, which may hold a password.
    #[error("{}: {message}", path.display())]
    Parse { path: PathBuf, message: String },
    #[error("`[database]` needs either `url` or `url_env`")]
    NoUrl,
    #[error("the environment variable `{0}`, which `[database]` names, is not set")]
    NoVariable(String),
    #[error("`{table}.{column}`: {reason}")]
    Column { table: String, column: String, reason: &'static str },
    #[error(
        "no `[[table]]` is declared, so it is not known which values name the key; declare every encrypted column, and their indexes"
    )]
    NothingDeclared,
    #[error(
        "`--rewrite` is for `--purpose search`; of other keys `envelope reencrypt` writes the rows anew, at any time"
    )]
    Rewrite,
    #[error("`import` of `{table}.{column}`: {reason}")]
    Import { table: String, column: String, reason: ImportFailed },
    #[error("`keyring`: {0}")]
    Keyring(#[from] ConfigError),
    #[error("`--identity` is an option of the stand-alone tool")]
    #[cfg(not(feature = "age"))]
    NoIdentity,
    #[error(transparent)]
    Ops(#[from] OpsError),
}

impl From<envelope_core::KeyError> for CliError {
    fn from(error: envelope_core::KeyError) -> Self {
        Self::Ops(error.into())
    }
}

impl From<envelope_core::ChangeError> for CliError {
    fn from(error: envelope_core::ChangeError) -> Self {
        Self::Ops(error.into())
    }
}

impl CliError {
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Ops(
                OpsError::KeyInUse { .. }
                | OpsError::Change(_)
                | OpsError::NotUnique { .. }
                | OpsError::NotRewritten { .. }
                | OpsError::Stopped,
            ) => 1,
            Self::Ops(
                OpsError::NotDeclared(_)
                | OpsError::NoTable(_)
                | OpsError::NoColumn { .. }
                | OpsError::NoPrimaryKey(_)
                | OpsError::Plan { .. }
                | OpsError::ColumnType { .. }
                | OpsError::Url,
            ) => 2,
            Self::Ops(_) => 3,
            _ => 2,
        }
    }
}

/// All that the file says, connected; no key is made or asked for yet.
pub(super) async fn open(path: &Path, identity: Option<&Path>) -> Result<Operations, CliError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| CliError::Read { path: path.into(), source })?;
    let parse = |error: toml::de::Error| {
        let line =
            error.span().map_or(0, |span| text.get(..=span.start).map_or(1, |text| text.lines().count()));
        CliError::Parse {
            path: path.into(),
            message: format!("near line {line}: {}", unquoted(error.message())),
        }
    };
    let mut file: File = toml::from_str(&text).map_err(parse)?;
    if let Some(identity) = identity {
        let mut value: toml::Table = toml::from_str(&text).map_err(parse)?;
        with_identity(&mut value, identity)?;
        file = value.try_into().map_err(parse)?;
    }
    let url = match (&file.database.url, &file.database.url_env) {
        (Some(url), None) => url.clone(),
        (None, Some(name)) => std::env::var(name).map_err(|_| CliError::NoVariable(name.clone()))?,
        _ => return Err(CliError::NoUrl),
    };
    let database = Database::connect(&url, file.database.connections.unwrap_or(16)).await?;
    let keyring = keyring(&file, &url).await?;
    let mut operations = Operations::new(database, &keyring);
    for table in &file.tables {
        for (field, is_known) in indexes_of(table)? {
            if !is_known {
                operations.counted_only.insert(field.name().to_string());
            }
        }
        for column in &table.columns {
            let declared = declare(table, column)?;
            operations = operations.declare_columns([declared]);
            if let Some(context) = &column.former_context {
                let field = described(table, column, context)?;
                operations = operations.formerly(&table.name, &column.name, field);
            }
        }
    }
    Ok(operations)
}

/// What is expected is told, and what is there is not: `database = "postgres://user:password@host"` would be quoted.
fn unquoted(message: &str) -> String {
    let quoting = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    let Some(start) = quoting.iter().find(|start| message.starts_with(**start)) else {
        return message.to_owned();
    };
    message
        .rsplit_once("expected ")
        .map_or_else(|| (*start).to_owned(), |(_, rest)| format!("{start}, expected {rest}"))
}

/// The escrow key in the place of the provider: the drill for the day when the provider is lost.
fn with_identity(value: &mut toml::Table, identity: &Path) -> Result<(), CliError> {
    #[cfg(not(feature = "age"))]
    {
        let _ = (value, identity);
        Err(CliError::NoIdentity)
    }
    #[cfg(feature = "age")]
    {
        if let Some(keyring) = value.get_mut("keyring").and_then(toml::Value::as_table_mut) {
            let mut provider = toml::Table::new();
            provider.insert("kind".into(), "age-identity".into());
            provider.insert("path".into(), identity.display().to_string().into());
            keyring.insert("provider".into(), provider.into());
            keyring.remove("further_providers");
            keyring.remove("tenants");
        }
        Ok(())
    }
}

async fn keyring(file: &File, url: &str) -> Result<Keyring, CliError> {
    let mut builder = match file.keyring.builder_of_store().await? {
        Some(builder) => builder,
        None => in_database(&file.keyring, url).await?,
    };
    for table in &file.tables {
        for column in &table.columns {
            if let Some(import) = &column.import {
                builder = import.add(builder, context(table, column)).map_err(|reason| CliError::Import {
                    table: table.name.clone(),
                    column: column.name.clone(),
                    reason,
                })?;
            }
        }
    }
    Ok(builder.build()?)
}

/// A builder on the table `envelope_keys` of the application's database.
async fn in_database(config: &Config, url: &str) -> Result<KeyringBuilder, CliError> {
    let bad = |_| CliError::Ops(OpsError::Url);
    Ok(match url.split(':').next() {
        Some("postgres" | "postgresql") => {
            let options = sqlx::postgres::PgConnectOptions::from_str(url).map_err(bad)?;
            config.builder(SqlxKeyStore::<Postgres>::new(options)).await?
        }
        Some("sqlite") => {
            let options = sqlx::sqlite::SqliteConnectOptions::from_str(url).map_err(bad)?;
            config.builder(SqlxKeyStore::<Sqlite>::new(options)).await?
        }
        _ => {
            let options = sqlx::mysql::MySqlConnectOptions::from_str(url).map_err(bad)?;
            config.builder(SqlxKeyStore::<MySql>::new(options)).await?
        }
    })
}
