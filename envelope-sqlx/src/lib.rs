//! Encrypted columns for SQLx: annotate a struct, and read, write and search it as before.
//!
//! `#[derive(Encrypted)]` on a struct gives it a `FromRow` that opens its encrypted fields, and each of them a marker that seals
//! what is written and finds what was: `User::EMAIL`. It works with every database of SQLx, and takes plaintext types
//! as they are.
//!
//! ```
//! use envelope_sqlx::{Encrypted, Keyring, LocalKey, MemoryStore, QueryBuilderExt as _};
//! use sqlx::{QueryBuilder, Sqlite, SqlitePool};
//!
//! #[derive(Encrypted, Debug, PartialEq)]
//! #[encrypt(table = "users")]
//! struct User {
//!     id: i64,
//!     #[encrypt(deterministic)] // can be searched; the database learns which rows are equal
//!     email: String,
//!     #[encrypt] // cannot be searched
//!     note: Option<String>,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Once, when the application starts; `LocalKey::open("app.key")?` and `FileStore::new("keys.json")` keep keys in files.
//! Keyring::builder(LocalKey::ephemeral()?, MemoryStore::new()).application("shop").open().await?.install()?;
//!
//! let pool = SqlitePool::connect("sqlite::memory:").await?;
//! sqlx::query("CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB NOT NULL, note BLOB)").execute(&pool).await?;
//!
//! sqlx::query("INSERT INTO users (email, note) VALUES (?, ?)")
//!     .bind(User::EMAIL.bind("ada@example.com"))
//!     .bind(User::NOTE.bind(Some("likes tea")))
//!     .execute(&pool)
//!     .await?;
//!
//! let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM users WHERE ");
//! query.push_lookup(User::EMAIL, User::EMAIL.lookup("ada@example.com")?);
//! let user: User = query.build_query_as().fetch_one(&pool).await?;
//! assert_eq!(user.note.as_deref(), Some("likes tea"));
//! # Ok(())
//! # }
//! ```
//!
//! # Columns
//!
//! | Database | Column type |
//! |---|---|
//! | PostgreSQL | `BYTEA` |
//! | SQLite | `BLOB` |
//! | MySQL | `BLOB`; to index a deterministic column, `VARBINARY(n)` |
//! | any, with `#[encrypt(encoding = "text")]` | `TEXT`, `VARCHAR(n)` |
//!
//! A value is 34 bytes longer than its plaintext, in a deterministic column 22. `NULL` is `NULL`, and the field an `Option`.
//!
//! # Reading
//!
//! - The derived `FromRow` reads whole structs, with `#[sqlx(rename, rename_all, default, skip, flatten, try_from, json)]` on plain fields as
//!   SQLx's own derive takes them. `#[encrypt(no_from_row)]` leaves it out; so do lifetimes, as a struct that borrows is for writing.
//! - [`Encrypted<UserEmail>`](struct@Encrypted) reads one value: in tuples, in `query_scalar`, as a field in SQLx's own `FromRow`, and in
//!   `query!` as `email AS "email: Encrypted<UserEmail>"`.
//! - [`Sealed<UserEmail>`](Sealed) reads the ciphertext and needs no keyring. `#[encrypt(sealed)]` emits `SealedUser`, a whole struct of
//!   them, with `User::seal`, `SealedUser::open` and `open_all`.
//!
//! [`keyring.on(&pool)`](KeyringExt::on) in the place of `&pool` fetches the keys of rows before these are opened, so that no codec waits.
//!
//! An [`OpenError`] is the source of [`sqlx::Error::ColumnDecode`]: `source.downcast_ref::<OpenError>()`.
//!
//! # Writing
//!
//! `.bind(User::EMAIL.bind(value))` takes every form of the plaintext, owned or borrowed, and `Option`s of them. SQLx keeps only the
//! text of an error in `.bind(…)`, and `QueryBuilder::push_bind` panics; `User::EMAIL.seal(value)?` is sealed before, with a typed error.
//! `keyring.seal(User::EMAIL, value)?` is bytes, by a keyring that is passed by hand.
//!
//! # Searching
//!
//! `User::EMAIL.lookup(value)?` is a [`Lookup`], in deterministic columns only. While the search key is rotated it has several candidates,
//! and nothing compares a column with less than all of them:
//!
//! ```
//! # use envelope_sqlx::Encrypted;
//! # #[derive(Encrypted)]
//! # #[encrypt(table = "users")]
//! # struct User { id: i64, #[encrypt(deterministic)] email: String, #[encrypt] note: Option<String> }
//! # envelope_core::testing::keyring().with(|| {
//! # let email = "ada@example.com";
//! // PostgreSQL, with the feature `postgres`: "… WHERE email = ANY($1)".
//! let any = User::EMAIL.lookup(email)?;
//! // Fixed SQL for one live key, "… WHERE email = ?": an error while there are two.
//! let one = User::EMAIL.lookup(email)?.one()?;
//! // Fixed SQL for up to two, "… WHERE email IN (?, ?)".
//! let [first, second] = User::EMAIL.lookup(email)?.array()?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! Any other database and number of keys: [`QueryBuilderExt::push_lookup`], as above. Do not search with `bind`: it is one ciphertext, that
//! under the active key.
//!
//! # Which keyring
//!
//! Values are sealed in `.bind(…)` and opened where rows are awaited, in the task that does it. The keyring is the innermost
//! [`Keyring::scope`], else the one that was [installed](Keyring::install), on every runtime that SQLx has: tokio, smol,
//! async-global-executor. An installed keyring is all that most applications need.
//! With one for each tenant, run each request in a scope:
//!
//! ```
//! # use envelope_sqlx::Keyring;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let keyring = envelope_core::testing::keyring();
//! # async fn handle() {}
//! # async fn send_mail() {}
//! let tenant = keyring.tenant("acme")?;
//! tenant.warm().await?; // so that no codec has to wait for keys
//! tenant
//!     .scope(async {
//!         handle().await;
//!         // A spawned task does not inherit the scope.
//!         let keyring = Keyring::current()?;
//!         tokio::spawn(keyring.scope(send_mail())).await?;
//!         Ok::<_, Box<dyn std::error::Error>>(())
//!     })
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! `postgres`: arrays of candidates and of encrypted values.
//!
//! `bigdecimal`, `chrono`, `ipnetwork`, `json`, `rust_decimal`, `secrecy`, `time`, `uuid`: plaintext types of these crates, and with `json`
//! `Json<T>` for all that `serde` can write. [`ToPlaintext`] lists the types, how long they are and which can be searched.
//!
//! `ops` and `cli`: work on whole tables (encrypt what exists, re-encrypt, verify, decrypt, shred), as the library `ops` and as the
//! command-line tool `envelope`, alone or in an application's own admin binary. `docs/operations.md` in the repository is its guide. Both bring
//! the drivers of PostgreSQL, MySQL and SQLite. `import`: values that other libraries encrypted.
//!
//! `aws-kms`, `age`, `config`: AWS KMS as the key provider, an offline key pair for escrow, a keyring from a configuration file.
//! `testing`: a key provider in memory, for tests.
//!
//! # Rows and tenants
//!
//! `#[encrypt(bind = id)]` on the struct binds values to their row, and `#[encrypt(tenant = org_id)]` seals and opens each row with the keys of the
//! tenant that it names. What these permit, and what to write instead of what they do not, is in the repository's `docs/sealed.md`.
//!
//! # What this does not do
//!
//! Randomized columns cannot be compared, sorted or grouped in SQL, and deterministic ones only compared for equality. A `UNIQUE`
//! index on a deterministic column holds under one search key, not across two. Parameters of `query!` on PostgreSQL need a cast, `value as _`.
//! What encryption does not protect is in the documentation of `envelope-core`.
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "ops")]
pub mod ops;

#[cfg(feature = "postgres")]
mod listen;
mod executor;
mod read;
mod bind;
mod indexed;
mod search;
mod query_builder;
mod lookup;
mod into_plain;
mod encrypted;
mod sealed;
mod stored;
mod current;
mod key_store;
#[cfg(feature = "sea-orm")]
mod sea_orm;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use bind::{Bind, BindValue, Nullable, NullableRef, Value};
pub use encrypted::Encrypted;
#[cfg(feature = "age")]
pub use envelope_core::AgeKey;
#[cfg(feature = "aws-kms")]
pub use envelope_core::AwsKms;
#[cfg(feature = "json")]
pub use envelope_core::Json;
#[cfg(feature = "testing")]
pub use envelope_core::testing;
pub use envelope_core::{
    AlreadyInstalled, BoundColumn, BoxError, BoxFuture, Buckets, Candidates, ChangeError, Column, ColumnMode,
    Commit, DataKey, DeclaredColumn, DeclaredColumns, Deterministic, DeterministicPlaintext, Encoding,
    EncryptionContext, Exact, ExactPlaintext, Field, FieldName, FileStore, Find, Found, FromPlaintext,
    GeneratedKey, Import, ImportError, Index, IndexKey, IndexedColumn, KeyChange, KeyError, KeyId,
    KeyIdError, KeyInfo, KeyProvider, KeyRecord, KeyRow, KeyState, KeyStore, Keyring, KeyringBuilder,
    ListItem, LocalKey, MalformedValue, MemoryStore, MissPolicy, Mode, NoKeyring, Normalizer, OpenError,
    OrderedPlaintext, PlaceError, Plaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextRows,
    PlaintextWriter, ProviderError, Purpose, RandomError, Randomized, RowKey, Scope, SealError, Search,
    SearchError, SearchableColumn, SearchableMode, StoreError, Take, Tenant, TenantId, TenantNameError,
    TermTable, Terms, TextPlaintext, ToPlaintext, UnboundColumn, ValueHeader, WrappedKey,
};
pub use envelope_core::{Analysis, Finding, analyze, analyze_index};
#[cfg(feature = "config")]
pub use envelope_core::{Config, ConfigError};
#[cfg(feature = "import")]
pub use envelope_core::{FernetImport, RailsImport, RawImport};
pub use envelope_derive::{EncryptedSqlx as Encrypted, PlaintextSqlx as Plaintext};
pub use executor::{KeyringExt, On};
pub use indexed::{BindIndexed, Indexed, PushIndexed, StoredColumn};
pub use key_store::SqlxKeyStore;
#[cfg(feature = "postgres")]
pub use listen::forget_shredded;
pub use lookup::{ArrayDatabase, Lookup, LookupError, LookupValue};
pub use query_builder::{ColumnName, QueryBuilderExt};
pub use read::EncryptedFieldType;
pub use sealed::Sealed;
pub use search::{SearchExt, TermsExt};
