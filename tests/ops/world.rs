//! A database with a table, and a keyring whose clock stands still.

use std::sync::Arc;

use envelope_core::{
    DeclaredColumn, Field, KeyState, Keyring, LocalKey, MemoryStore, Mode, PlaintextKind, Purpose,
    testing::TestClock,
};
use envelope_sqlx::ops::{Database, Operations, Plan, RunOptions, TableReport};
use envelope_tests::database::Database as TestDatabase;
pub(crate) use envelope_tests::database::Kind;

pub(crate) const KINDS: [Kind; 3] = [Kind::Sqlite, Kind::Postgres, Kind::Mysql];

pub(crate) struct World {
    pub(crate) kind: Kind,
    pub(crate) database: TestDatabase,
    pub(crate) operations: Operations,
    pub(crate) keyring: Keyring,
    clock: TestClock,
}

/// The URL as SQLx wants it.
pub(crate) fn url(database: &TestDatabase) -> String {
    match database.kind() {
        Kind::Sqlite => format!("sqlite:{}", database.url()),
        Kind::Postgres | Kind::Mysql => database.url().to_owned(),
    }
}

impl World {
    /// Statements have `TEXT`, `BYTES` and `BIG` for what each database calls them.
    pub(crate) async fn new(
        kind: Kind,
        statements: &str,
        columns: impl IntoIterator<Item = DeclaredColumn>,
    ) -> Self {
        let database = TestDatabase::new(kind);
        database.sql(&words(kind, statements));
        let clock = TestClock::new();
        let provider = LocalKey::ephemeral().unwrap();
        let store = Arc::new(MemoryStore::new());
        let keyring = Keyring::builder(provider, store).clock(&clock).open().await.unwrap();
        let connected = Database::connect(&url(&database), 8).await.unwrap();
        let operations = Operations::new(connected, &keyring).declare_columns(columns);
        Self { kind, database, operations, keyring, clock }
    }

    pub(crate) fn sql(&self, statements: &str) {
        self.database.sql(&words(self.kind, statements));
    }

    pub(crate) async fn encrypt(&self, table: &str, plan: &Plan) -> TableReport {
        self.operations.encrypt_table(table, plan, &RunOptions::new()).await.unwrap()
    }

    pub(crate) fn stored(&self, table: &str, column: &str, order: &str) -> Vec<Vec<u8>> {
        stored(&self.database, table, column, order)
    }

    /// Makes the next search key, and lets the time pass after which every process knows it.
    pub(crate) async fn announce(&self, keyring: &Keyring) {
        self.pass_time();
        keyring.rotate(Purpose::Search).await.unwrap();
        self.pass_time();
    }

    /// Until every process knows what stands in the key store.
    pub(crate) fn pass_time(&self) {
        self.clock.advance(std::time::Duration::from_secs(3600));
    }

    /// Makes a new key and writes with it, for so long that no process writes with the one before.
    pub(crate) async fn rotate(&self, keyring: &Keyring, purpose: Purpose) {
        keyring.rotate(purpose).await.unwrap();
        self.clock.advance(std::time::Duration::from_secs(3600));
        match keyring.promote(purpose).await {
            // A process that reads the records promotes an `encrypt` key that is due.
            Ok(_) | Err(envelope_core::ChangeError::NothingPending { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        self.clock.advance(std::time::Duration::from_secs(3600));
        let keys = keyring.keys().await.unwrap();
        let old = keys.iter().filter(|key| key.purpose == purpose && key.state == KeyState::DecryptOnly);
        assert!(old.count() > 0, "{keys:?}");
    }
}

/// What stands in a column, in the order of `order`; nothing for `NULL`.
pub(crate) fn stored(database: &TestDatabase, table: &str, column: &str, order: &str) -> Vec<Vec<u8>> {
    let hex = match database.kind() {
        Kind::Postgres => format!("encode({column}::text::bytea, 'hex')"),
        Kind::Sqlite | Kind::Mysql => format!("lower(hex({column}))"),
    };
    let query = format!("SELECT COALESCE({hex}, '-') AS text FROM {table} ORDER BY {order}");
    database.texts(&query).iter().map(|digits| bytes(digits)).collect()
}

fn words(kind: Kind, statements: &str) -> String {
    let [text, bytes, short] = match kind {
        Kind::Sqlite => ["TEXT", "BLOB", "BLOB"],
        Kind::Postgres => ["TEXT", "BYTEA", "BYTEA"],
        Kind::Mysql => ["TEXT CHARACTER SET utf8mb4", "BLOB", "VARBINARY(200)"],
    };
    statements.replace("<text>", text).replace("<bytes>", bytes).replace("<short>", short)
}

pub(crate) fn bytes(digits: &str) -> Vec<u8> {
    (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
}

pub(crate) const fn randomized(table: &'static str, column: &'static str, context: &'static str) -> Field {
    Field::new(table, column, context, Mode::Randomized)
}

pub(crate) const fn deterministic(table: &'static str, column: &'static str, context: &'static str) -> Field {
    Field::new(table, column, context, Mode::Deterministic)
}

pub(crate) const fn text(field: Field) -> DeclaredColumn {
    DeclaredColumn::new(field, PlaintextKind::Text)
}
