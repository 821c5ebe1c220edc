//! Envelope encryption of single values: what the ORM crates [`envelope-diesel`] and [`envelope-sqlx`] are made of.
//!
//! A *data key*, wrapped by a *key provider* and kept in a *key store*, gives each column of each tenant a key of its own. A
//! value is sealed for its column and carries the id of its key; it opens nowhere else. `FORMAT.md` in the repository
//! defines every byte.
//!
//! ```
//! use envelope_core::{Column, Deterministic, Field, Keyring, LocalKey, MemoryStore, Mode};
//!
//! // `#[derive(Encrypted)]` writes this for each field.
//! #[derive(Clone, Copy, Debug)]
//! struct UserEmail;
//! impl Column for UserEmail {
//!     type Plain = String;
//!     type Mode = Deterministic;
//!     const FIELD: Field = Field::new("users", "email", "users.email", Mode::Deterministic);
//! }
//!
//! let keyring = Keyring::builder(LocalKey::ephemeral()?, MemoryStore::new()).open_blocking()?;
//! let stored = keyring.seal(UserEmail, "alice@example.com")?;
//! assert_eq!(keyring.open(UserEmail, &stored)?, "alice@example.com");
//! assert_eq!(keyring.lookup(UserEmail, "alice@example.com")?, [stored]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What this does not protect
//!
//! Who runs code in the application, or holds the provider's permission to unwrap and a copy of the key store, reads
//! everything. Lengths of values are visible, and which values of a deterministic column are equal. A value can be put back to an
//! earlier one of the same column.
//!
//! # Map
//!
//! The modules, callers before callees; each uses only what stands below it:
//! `config` (a keyring from a file) → `install` (the keyring in force) → `batch` (rows that are opened together) → `seal` (seal, open, look up) → `keyring` (which key
//! writes, which may read) → `worker` (the thread that fetches keys) → `store` and `provider` (the only I/O) → `suite`
//! (ciphers) → `envelope` (stored bytes) → `import` (what others encrypted) and the vocabulary: `error`, `field`, `row`, `plaintext`, `key`, `random`.
//!
//! [`envelope-diesel`]: https://docs.rs/envelope-diesel
//! [`envelope-sqlx`]: https://docs.rs/envelope-sqlx
// One call is: `random::fork` has to be told of forks.
#![deny(unsafe_code)]

#[cfg(feature = "testing")]
pub mod testing;

#[cfg(feature = "config")]
mod config;
mod install;
mod portable;
mod batch;
mod seal;
mod analyze;
mod search;
mod terms;
mod normalize;
mod keyring;
mod cache;
mod telemetry;
mod worker;
mod clock;
mod store;
mod provider;
mod suite;
mod envelope;
mod error;
mod import;
mod field;
mod row;
mod plaintext;
mod key;
mod random;

pub use analyze::{Analysis, Finding, analyze, analyze_index};
pub use batch::{KeyBatch, SealedRow};
#[cfg(feature = "config")]
pub use config::{Config, ConfigError};
pub use envelope::ValueHeader;
pub use error::{
    BoxError, KeyError, MalformedValue, NoKeyring, OpenError, PlaceError, ProviderError, SealError,
    SearchError, StoreError,
};
pub use field::{
    BoundColumn, BoundMode, Buckets, Candidates, Column, ColumnMode, DeclaredColumn, DeclaredColumns,
    Deterministic, Encoding, Exact, Field, FieldName, Index, IndexKey, IndexMode, IndexedColumn, Mode,
    Normalizer, PlaintextRows, Randomized, RowBound, SearchableColumn, SearchableMode, Take, TermTable,
    Terms, UnboundColumn, UnboundMode,
};
#[cfg(feature = "import")]
pub use import::{FernetImport, RailsImport, RawImport};
pub use import::{Import, ImportError};
pub use install::{AlreadyInstalled, Scope};
pub use key::{
    DataKey, EncryptionContext, KeyId, KeyIdError, KeyRecord, KeyState, Purpose, Tenant, TenantNameError,
    WrappedKey,
};
pub use keyring::{ChangeError, KeyInfo, Keyring, KeyringBuilder, MissPolicy};
#[cfg(feature = "json")]
pub use plaintext::Json;
pub use plaintext::{
    DeterministicPlaintext, ExactPlaintext, FromPlaintext, ListItem, Ordered, OrderedPlaintext, Plaintext,
    PlaintextBytes, PlaintextError, PlaintextKind, PlaintextWriter, TextPlaintext, ToPlaintext,
};
#[doc(hidden)]
pub use plaintext::{Encoded, Part, index_parts, index_whole, wipe};
#[cfg(feature = "age")]
pub use provider::AgeKey;
#[cfg(feature = "aws-kms")]
pub use provider::AwsKms;
pub use provider::{BoxFuture, GeneratedKey, KeyProvider, LocalKey};
pub use random::RandomError;
pub use row::{Place, RowKey, TenantId};
pub use search::{Find, Found, Search};
pub use store::{Commit, FileStore, KeyChange, KeyRow, KeyStore, MemoryStore};
pub use suite::CipherBackend;
