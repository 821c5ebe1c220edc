//! The arguments, as `--help` shows them.

use core::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use envelope_core::{KeyId, Purpose};

/// The commands within an application's own program.
#[derive(Debug, Parser)]
#[command(about = "Encrypted columns: encrypt what exists, rotate, verify, shred", max_term_width = 100)]
pub(super) struct Mounted {
    /// Print JSON, one object a line.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// The stand-alone tool.
#[derive(Debug, Parser)]
#[command(
    name = "envelope",
    version,
    about = "Encrypted columns: encrypt what exists, rotate, verify, shred",
    max_term_width = 100,
    after_help = "Example:\n  envelope --config envelope.toml verify"
)]
pub(super) struct Standalone {
    /// The file that names the database, the keyring and the encrypted columns.
    #[arg(
        long,
        global = true,
        env = "ENVELOPE_CONFIG",
        default_value = "envelope.toml",
        value_name = "FILE"
    )]
    pub(super) config: PathBuf,
    /// Print JSON, one object a line.
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Encrypt what stands in plaintext, while the application goes on.
    #[command(
        after_help = "Examples:\n  envelope encrypt-table users --dry-run\n  envelope encrypt-table users --column email --workers 4 --rows-per-second 5000\n  envelope encrypt-table users --plaintext-in email_enc=email"
    )]
    EncryptTable(Run),
    /// Seal values anew that are under old keys, or not as their columns are declared.
    #[command(
        after_help = "Examples:\n  envelope reencrypt users\n  envelope reencrypt users --max-lag 5 --lag-query \"SELECT EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp())\""
    )]
    Reencrypt(Run),
    /// Decrypt columns for good: for leaving.
    #[command(
        after_help = "Examples:\n  envelope decrypt-table users --plaintext-in email_enc=email\n  envelope decrypt-table users --column note"
    )]
    DecryptTable(Run),
    /// Open every value: the restore drill. Writes nothing.
    #[command(
        after_help = "Examples:\n  envelope verify\n  envelope verify users --sample 100\n  envelope --config restored.toml verify --identity escrow.txt --json"
    )]
    Verify(Verify),
    /// Print the SQL that `encrypt-table` needs first.
    #[command(after_help = "Example:\n  envelope migration users --plaintext-in email_enc=email")]
    Migration(Selection),
    /// Show keys.
    #[command(subcommand)]
    Keys(Keys),
    /// Make a new key, to be written with when every process knows it.
    #[command(
        after_help = "Examples:\n  envelope rotate\n  envelope rotate --purpose search --tenant acme\n  envelope rotate --purpose search --rewrite\n  envelope rotate --purpose search --rewrite --unique write-lock"
    )]
    Rotate(Rotate),
    /// Write with the new key from now on.
    #[command(after_help = "Example:\n  envelope promote --purpose search")]
    Promote(Promote),
    /// Wrap every key anew under the provider's present key. Rows are not touched.
    #[command(after_help = "Examples:\n  envelope rewrap\n  envelope rewrap --all-tenants")]
    Rewrap(Rewrap),
    /// Set a key aside that no value names any more.
    #[command(after_help = "Example:\n  envelope retire 3f9a12c4")]
    Retire(OfKey),
    /// Take `retire` back.
    #[command(after_help = "Example:\n  envelope reinstate 3f9a12c4")]
    Reinstate(OfKey),
    /// Say that a key is in wrong hands: it never writes again.
    #[command(after_help = "Example:\n  envelope compromised 3f9a12c4")]
    Compromised(OfKey),
    /// Forget a retired key for good. Refused while any value names it.
    #[command(after_help = "Example:\n  envelope destroy 3f9a12c4 --yes")]
    Destroy(Destroy),
    /// Destroy all keys of a tenant who leaves, and prove that nothing opens any more.
    #[command(after_help = "Example:\n  envelope shred --tenant acme --yes")]
    Shred(Shred),
    /// Compare the declared columns with the database, and look at the age of keys.
    #[command(after_help = "Example:\n  envelope lint --max-key-age-days 180")]
    Lint(Lint),
}

#[derive(Debug, Args)]
pub(super) struct Selection {
    /// The table.
    pub(super) table: String,
    /// Only this column; can be repeated. Else all that are declared.
    #[arg(long = "column", value_name = "COLUMN")]
    pub(super) columns: Vec<String>,
    /// The plaintext of an encrypted column is in a column of its own; can be repeated.
    #[arg(long = "plaintext-in", value_name = "ENCRYPTED=PLAINTEXT", value_parser = pair)]
    pub(super) plaintext: Vec<(String, String)>,
}

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Read and check everything, write nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// At most so many rows are locked and written together.
    #[arg(long, value_name = "ROWS", default_value = "500")]
    pub(super) batch: NonZeroU32,
    /// Workers that share the rows. Other machines may help, too.
    #[arg(long, value_name = "COUNT", default_value = "1")]
    pub(super) workers: NonZeroU32,
    /// No faster than this.
    #[arg(long, value_name = "ROWS")]
    pub(super) rows_per_second: Option<NonZeroU32>,
    /// A query for one number, asked every second: the lag of a replica.
    #[arg(long, value_name = "SQL", requires = "max_lag")]
    pub(super) lag_query: Option<String>,
    /// Wait while the lag is more than this.
    #[arg(long, value_name = "NUMBER", requires = "lag_query")]
    pub(super) max_lag: Option<f64>,
    /// Where the query is asked, if not in the database itself.
    #[arg(long, value_name = "URL", requires = "lag_query")]
    pub(super) lag_url: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Only these tables. Else all that are declared.
    pub(super) tables: Vec<String>,
    /// One row of so many, chosen at random. Else every row.
    #[arg(long, value_name = "ROWS")]
    pub(super) sample: Option<NonZeroU32>,
    /// No faster than this.
    #[arg(long, value_name = "ROWS")]
    pub(super) rows_per_second: Option<NonZeroU32>,
    /// Use the escrow key of this file (age) in the place of the key provider.
    #[arg(long, value_name = "FILE")]
    pub(super) identity: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Every key, its state and how many values name it.
    #[command(after_help = "Examples:\n  envelope keys list\n  envelope keys list --tenant acme")]
    List(OfTenant),
    /// What was done with keys, by whom and when.
    #[command(after_help = "Example:\n  envelope keys history --json")]
    History,
}

#[derive(Debug, Args)]
pub(super) struct OfTenant {
    /// Whose keys. Else those of the default tenant.
    #[arg(long)]
    pub(super) tenant: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct OfPurpose {
    #[command(flatten)]
    pub(super) of: OfTenant,
    /// For randomized columns, or for those that are searched.
    #[arg(long, value_enum, default_value = "encrypt")]
    pub(super) purpose: PurposeName,
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    pub(super) of: OfPurpose,
    /// Go through with it: wait, promote the search key, and write all searched columns anew. Can be stopped and started again.
    #[arg(long)]
    pub(super) rewrite: bool,
    /// What keeps UNIQUE columns so meanwhile.
    #[arg(long, value_enum, default_value = "shadow", requires = "rewrite")]
    pub(super) unique: UniqueName,
    /// Rows that are locked and written together, at most.
    #[arg(long, value_name = "ROWS", default_value = "500", requires = "rewrite")]
    pub(super) batch: NonZeroU32,
    /// Workers that share the rows.
    #[arg(long, value_name = "COUNT", default_value = "1", requires = "rewrite")]
    pub(super) workers: NonZeroU32,
}

#[derive(Debug, Args)]
pub(super) struct Promote {
    #[command(flatten)]
    pub(super) of: OfPurpose,
    /// Even if a UNIQUE column would admit duplicates.
    #[arg(long)]
    pub(super) anyway: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum UniqueName {
    /// A second column, written ahead: nobody waits.
    Shadow,
    /// Writes under the old key are refused until it is done. Columns with a shadow are not locked.
    WriteLock,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum PurposeName {
    /// Randomized columns.
    Encrypt,
    /// Deterministic columns and indexes.
    Search,
}

impl From<PurposeName> for Purpose {
    fn from(name: PurposeName) -> Self {
        match name {
            PurposeName::Encrypt => Self::Encrypt,
            PurposeName::Search => Self::Search,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Rewrap {
    #[command(flatten)]
    pub(super) of: OfTenant,
    /// Every tenant that has keys.
    #[arg(long, conflicts_with = "tenant")]
    pub(super) all_tenants: bool,
}

#[derive(Debug, Args)]
pub(super) struct OfKey {
    /// The key, as `keys list` shows it.
    pub(super) key: KeyId,
    #[command(flatten)]
    pub(super) of: OfTenant,
}

#[derive(Debug, Args)]
pub(super) struct Destroy {
    #[command(flatten)]
    pub(super) of: OfKey,
    /// It cannot be taken back.
    #[arg(long, required = true)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Shred {
    /// Who leaves.
    #[arg(long)]
    pub(super) tenant: String,
    /// It cannot be taken back.
    #[arg(long, required = true)]
    pub(super) yes: bool,
    /// How long any process may have keys in memory.
    #[arg(long, value_name = "SECONDS", default_value = "900")]
    pub(super) cache_ttl_seconds: u64,
}

#[derive(Debug, Args)]
pub(super) struct Lint {
    /// From what age on a key is overdue.
    #[arg(long, value_name = "DAYS", default_value = "365")]
    pub(super) max_key_age_days: NonZeroU64,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((encrypted, plaintext)) if !encrypted.is_empty() && !plaintext.is_empty() => {
            Ok((encrypted.to_owned(), plaintext.to_owned()))
        }
        _ => Err("expected ENCRYPTED=PLAINTEXT, the names of two columns".into()),
    }
}
