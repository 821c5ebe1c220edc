//! The table `accounts`.

use envelope_sqlx::Encrypted;
use serde::Serialize;

/// Someone who has signed up.
#[derive(Encrypted, Serialize)]
#[encrypt(table = "accounts", no_from_row)] // the queries are `query!` and its like, which need no `FromRow`
pub(crate) struct Account {
    pub(crate) id: i64,
    #[encrypt(deterministic)]
    pub(crate) email: String,
    #[encrypt]
    pub(crate) name: String,
    #[encrypt]
    pub(crate) bio: Option<String>,
    /// A hash: whoever reads the database cannot begin to guess.
    #[encrypt]
    #[serde(skip_serializing)]
    pub(crate) password: String,
}
