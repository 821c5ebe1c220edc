//! Encrypted columns for Diesel: annotate a model, then read, write and query it as before.
//!
//! ```standalone_crate
//! use diesel::prelude::*;
//! use envelope_diesel::{Encrypted, Keyring, LocalKey, MemoryStore};
//!
//! mod schema {
//!     diesel::table! {
//!         users (id) {
//!             id -> Integer,
//!             email -> crate::UserEmail,             // emitted by the derive
//!             note -> Nullable<crate::UserNote>,
//!         }
//!     }
//! }
//! use schema::users;
//!
//! #[derive(Encrypted, Queryable, Selectable, Identifiable, Debug, PartialEq)]
//! #[diesel(table_name = users)]
//! pub struct User {
//!     pub id: i32,
//!     #[encrypt(deterministic)]
//!     pub email: String,                             // can be searched
//!     #[encrypt]
//!     pub note: Option<String>,                      // cannot
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Once, when the application starts. A key service, or `LocalKey::open("app.key")` with a `FileStore`.
//! Keyring::builder(LocalKey::ephemeral()?, MemoryStore::new()).open_blocking()?.install()?;
//!
//! let db = &mut SqliteConnection::establish(":memory:")?;
//! diesel::sql_query("CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB UNIQUE NOT NULL, note BLOB)").execute(db)?;
//!
//! let ada = User { id: 1, email: "ada@example.com".into(), note: Some("likes tea".into()) };
//! diesel::insert_into(users::table).values(&ada).execute(db)?;
//!
//! let found: User = users::table.filter(users::email.eq("ada@example.com")).first(db)?;
//! assert_eq!(found, ada);
//! # Ok(())
//! # }
//! ```
//!
//! # What the derive adds
//!
//! `#[derive(Encrypted)]` emits the columns' types and operators, `Insertable` and `AsChangeset`, both by value and by reference. All
//! else are Diesel's own derives: `Queryable`, `Selectable`, `Identifiable`, `Associations`. Diesel's `#[diesel(…)]` attributes mean what they
//! always mean. A struct that is only read, or whose other fields Diesel cannot write, says `#[encrypt(no_insert, no_update)]`.
//!
//! One struct of a table declares its columns; others use them, and may borrow:
//!
//! ```standalone_crate
//! # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail, note -> Nullable<crate::UserNote> } } }
//! # use schema::users;
//! # use diesel::prelude::*;
//! # use envelope_diesel::Encrypted;
//! # #[derive(Encrypted)]
//! # #[diesel(table_name = users)]
//! # pub struct User { pub id: i32, #[encrypt(deterministic)] pub email: String, #[encrypt] pub note: Option<String> }
//! #[derive(Encrypted)]
//! #[diesel(table_name = users)]
//! #[encrypt(columns = User)]                        // a path, beside which `UserEmail` is
//! pub struct NewUser<'a> {
//!     #[encrypt]
//!     pub email: &'a str,
//! }
//!
//! #[derive(Encrypted)]
//! #[diesel(table_name = users)]
//! #[encrypt(columns = User)]
//! pub struct Changes {
//!     #[encrypt]
//!     pub email: Option<String>,                    // `None`: no change
//!     #[encrypt]
//!     pub note: Option<Option<String>>,             // `Some(None)`: `NULL`
//! }
//! # fn main() {
//! # let _ = diesel::insert_into(users::table).values(&NewUser { email: "x" });
//! # let _ = diesel::update(users::table).set(&Changes { email: None, note: Some(None) });
//! # }
//! ```
//!
//! # Columns
//!
//! In the database a column is `BLOB` (SQLite), `BYTEA` (PostgreSQL), or `VARBINARY(n)` or `BLOB` (MySQL), with `n` 22 bytes more than the longest plaintext
//! if it is deterministic and 34 if it is not. Only a deterministic column may have an index or be `UNIQUE`.
//! With `#[encrypt(encoding = "text")]` it is `TEXT` or `VARCHAR(n)`.
//!
//! In `table!` its type is the marker that the derive emits, named after the struct and the field. In a `schema.rs` that the
//! Diesel CLI writes, name it in a patch (`patch_file` in `diesel.toml`): `email -> crate::models::UserEmail`. `table!` and the
//! struct that declares the columns have to be in one crate.
//!
//! What `table!` makes is `pub`, so the marker is too, and an encrypted field's own type has to be (E0446 otherwise): a
//! newtype is written `pub struct Iban(String)`, if need be in a module that is not.
//!
//! # Queries
//!
//! A deterministic column has `eq`, `ne`, `eq_any` and `ne_all`, which take plaintexts in any form (`&str`, `&String`, `String`, …), an `Option`
//! of one if the column may be `NULL`, and expressions of the same column; `is_not_distinct_from` and `is_distinct_from`, on every database; and `is_null`,
//! `is_not_null`. They work in `filter`, boxed queries,
//! joins, `update` and `delete`. While the search key is rotated a row may be under the old or the new one, and `=` becomes `IN`.
//!
//! Of a randomized column `eq` is an assignment, in `values` and `set`. As a condition it does not compile:
//!
//! ```compile_fail,E0277,standalone_crate
//! # mod schema { diesel::table! { users { id -> Integer, note -> crate::UserNote } } }
//! # use schema::users;
//! # use diesel::prelude::*;
//! # #[derive(envelope_diesel::Encrypted)]
//! # #[diesel(table_name = users)]
//! # pub struct User { pub id: i32, #[encrypt] pub note: String }
//! # fn main() {
//! users::table.filter(users::note.eq("likes tea"));
//! // error: the encrypted column `UserNote` is randomized and cannot be compared or searched
//! //  = note: mark the field `#[encrypt(deterministic)]` to search it; the database then learns which rows are equal
//! # }
//! ```
//!
//! | What does not work | Write instead |
//! |---|---|
//! | `alias.field(users::email).eq("…")`, `column.nullable().eq("…")`, and `eq` in generic code | `.matches("…")`, of [`EncryptedExpressionMethods`] |
//! | `users::email.eq(wrapper)` in a condition, with the wrapper [`Encrypted<UserEmail>`](struct@Encrypted) | `users::email.eq(&*wrapper)` |
//! | `users::number.eq(5)` with a number that is no `i32`; `users::photo.eq(vec![1, 2])` with bytes | `users::number.eq(5_i64)`; `users::photo.eq(vec![1_u8, 2])` |
//! | `users::token.eq("…")` with a `SecretString` | `users::token.eq(SecretString::from("…"))` |
//! | `gt`, `like`, `asc`, `max`, … | load the rows, then compare; the database sees ciphertext. `order_by(users::email)` does compile, but the order means nothing |
//! | `email = other` between columns of two types, `INSERT … SELECT` from one to the other | one context for both, and [`into_column`](EncryptedExpressionMethods::into_column); values of two contexts are never equal |
//! | `#[auto_type]`, `dsl::Eq<users::email, _>` in a signature | [`#[auto_type(dsl_path = "envelope_diesel::dsl")]`](dsl) and `matches`, [`dsl::Matches<users::email, _>`](dsl::Matches) |
//! | `derive(Insertable)` by Diesel on a field `String` | `derive(Encrypted)` with `columns = …`, or the wrapper as the field's type |
//! | `ON CONFLICT (email)` while the search key is rotated | finish the rotation first: until then one e-mail has two forms, and `UNIQUE`, `distinct` and `group_by` see two |
//!
//! `docs/diesel.md` in the repository has every operator with its SQL, column types and indexes for each database.
//!
//! # Sealed structs, rows and tenants
//!
//! `#[encrypt(sealed)]` on `User` emits `SealedUser`, which Diesel reads and writes without any keyring, with `User::seal`, `SealedUser::open` and `open_all`. `#[encrypt(bind = id)]`
//! binds values to their row, and `#[encrypt(tenant = org_id)]` seals and opens each row with the keys of the tenant that it names. A struct with either derives
//! `Selectable` and not `Queryable`. What these permit, and what to write instead of what they do not, is in the repository's `docs/sealed.md`.
//!
//! # Keyrings
//!
//! `FromSql` and `ToSql` receive no context. They take the keyring in force: the one that was [installed](Keyring::install), or that of the
//! scope, [`keyring.with(|| …)`](Keyring::with). Each tenant has one, [`keyring.tenant("acme")?`](Keyring::tenant).
//!
//! With diesel-async values are sealed when `execute` or `load` is called, and opened when its future is polled: a
//! [`keyring.scope(async { … })`](Keyring::scope) around both does for either. A connection of `#[derive(MultiConnection)]` needs
//! [`multi_connection!`].
//!
//! # Errors
//!
//! The typed error is the [`source()`](core::error::Error::source) of what Diesel's error holds: an [`OpenError`] in
//! `DeserializationError`, a [`SealError`] in `SerializationError`. From Diesel 2.3.14 on it is the `source()` of Diesel's error too. It names
//! table and column. No error, no `Debug` and no `debug_query` shows a plaintext, a key or a stored value.
//!
//! ```
//! use core::error::Error as _;
//! use envelope_diesel::OpenError;
//!
//! fn open_error(error: &diesel::result::Error) -> Option<&OpenError> {
//!     let diesel::result::Error::DeserializationError(error) = error else { return None };
//!     error.source()?.downcast_ref()
//! }
//! ```
//!
//! # Features
//!
//! `sqlite`, `postgres` and `mysql`: the backends, at least one of which is needed.
//!
//! `bigdecimal`, `chrono`, `ipnetwork`, `json`, `rust_decimal`, `secrecy`, `time`, `uuid`: plaintext types of these crates, and with `json`
//! `Json<T>` for all that `serde` can write. [`ToPlaintext`] lists the types, how long they are and which can be searched.
//!
//! `aws-kms`, `age`, `config`: AWS KMS as the key provider, an offline key pair for escrow, a keyring from a configuration file. `import`: values that other libraries encrypted.
//! `testing`: a key provider in memory, for tests.
#![forbid(unsafe_code)]

mod dispatch;
mod methods;
mod search;
pub mod dsl;
mod nullable_eq;
mod shared;
mod assign;
mod compare;
mod lookup;
mod encrypted;
mod sealed;
mod put;
mod kept;
mod value;
mod current;
mod sql_type;
mod backend;
mod macros;
mod key_store;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

pub use backend::EncryptedBackend;
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
    AlreadyInstalled, BoundColumn, BoxError, BoxFuture, Buckets, ChangeError, Column, ColumnMode, Commit,
    DataKey, DeclaredColumn, DeclaredColumns, Deterministic, DeterministicPlaintext, Encoding,
    EncryptionContext, Exact, ExactPlaintext, Field, FieldName, FileStore, Find, Found, FromPlaintext,
    GeneratedKey, Import, ImportError, Index, IndexKey, IndexedColumn, KeyChange, KeyError, KeyId,
    KeyIdError, KeyInfo, KeyProvider, KeyRecord, KeyRow, KeyState, KeyStore, Keyring, KeyringBuilder,
    ListItem, LocalKey, MalformedValue, MemoryStore, MissPolicy, Mode, NoKeyring, Normalizer, OpenError,
    OrderedPlaintext, PlaceError, Plaintext, PlaintextBytes, PlaintextError, PlaintextKind, PlaintextRows,
    PlaintextWriter, ProviderError, Purpose, RandomError, Randomized, RowKey, Scope, SealError, Search,
    SearchError, SearchableColumn, SearchableMode, StoreError, Take, Tenant, TenantId, TenantNameError,
    TermTable, Terms, TextPlaintext, ToPlaintext, UnboundColumn, WrappedKey,
};
pub use envelope_core::{Analysis, Finding, analyze, analyze_index};
#[cfg(feature = "config")]
pub use envelope_core::{Config, ConfigError};
#[cfg(feature = "import")]
pub use envelope_core::{FernetImport, RailsImport, RawImport};
pub use envelope_derive::{EncryptedDiesel as Encrypted, PlaintextDiesel as Plaintext};
pub use key_store::{DieselKeyStore, KeyTableBackend};
pub use methods::EncryptedExpressionMethods;
pub use sealed::{EncryptedFieldType, Sealed};
pub use search::{Candidates, IndexExpression, SearchDsl, TermsExt};
pub use sql_type::EncryptedSqlType;
pub use value::Value;
