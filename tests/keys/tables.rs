//! The key table, through Diesel and through SQLx, on SQLite files.

#[path = "tables/edits.rs"]
mod edits;
#[path = "tables/runtimes.rs"]
mod runtimes;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Barrier},
    thread,
};

use diesel::{
    Connection, RunQueryDsl, SqliteConnection, connection::SimpleConnection, sql_query, sql_types::Text,
};
use envelope_core::{
    Commit, KeyChange, KeyError, KeyId, KeyInfo, KeyRecord, KeyState, KeyStore, Keyring, KeyringBuilder,
    OpenError, Purpose, StoreError, Tenant, WrappedKey,
    testing::{TestClock, TestKms},
};
use envelope_diesel::DieselKeyStore;
use envelope_sqlx::SqlxKeyStore;
use pollster::block_on;
use sqlx::{Sqlite, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

use crate::support::{Email, MINUTE, Note};

const DIESEL_MIGRATION: &str =
    include_str!("../../envelope-diesel/migrations/sqlite/20260101000000_envelope_keys/up.sql");

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Orm {
    Diesel,
    Sqlx,
}

pub(crate) const ORMS: [Orm; 2] = [Orm::Diesel, Orm::Sqlx];

impl Orm {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Diesel => Self::Sqlx,
            Self::Sqlx => Self::Diesel,
        }
    }

    pub(crate) fn store(self, path: &Path) -> Arc<dyn KeyStore> {
        match self {
            Self::Diesel => Arc::new(DieselKeyStore::<SqliteConnection>::new(path.to_str().unwrap())),
            Self::Sqlx => Arc::new(SqlxKeyStore::<Sqlite>::new(SqliteConnectOptions::new().filename(path))),
        }
    }

    /// Runs this ORM's migration.
    pub(crate) fn migrate(self, path: &Path) {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        match self {
            Self::Diesel => connect(path).batch_execute(DIESEL_MIGRATION).unwrap(),
            // On a thread, for callers that are in a runtime already.
            Self::Sqlx => {
                thread::spawn(|| runtime().block_on(SqlxKeyStore::<Sqlite>::new(options).create_table()))
                    .join()
                    .unwrap()
                    .unwrap()
            }
        }
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub(crate) fn connect(path: &Path) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
    connection
}

/// The application's database and its key service.
pub(crate) struct Application {
    pub(crate) kms: TestKms,
    pub(crate) clock: TestClock,
    pub(crate) folder: TempDir,
}

impl Application {
    /// With an empty key table.
    pub(crate) fn new(orm: Orm) -> Self {
        let folder = tempfile::tempdir().unwrap();
        orm.migrate(&folder.path().join("app.sqlite"));
        Self { kms: TestKms::new(), clock: TestClock::new(), folder }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("app.sqlite")
    }

    pub(crate) fn builder(&self, orm: Orm) -> KeyringBuilder {
        Keyring::builder(self.kms.clone(), orm.store(&self.path())).clock(&self.clock)
    }

    pub(crate) fn process(&self, orm: Orm) -> Keyring {
        self.builder(orm).open_blocking().unwrap()
    }

    pub(crate) fn sql(&self, statements: &str) {
        connect(&self.path()).batch_execute(statements).unwrap();
    }

    /// What a query with one column of text returns.
    fn texts(&self, query: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let rows = sql_query(query).load::<Row>(&mut connect(&self.path())).unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }
}

#[test]
fn a_missing_table_names_the_migration() {
    for (orm, migration) in [
        (Orm::Diesel, "`migrations/sqlite/20260101000000_envelope_keys` of envelope-diesel"),
        (Orm::Sqlx, "`migrations/sqlite/20260101000000_envelope_keys.sql` of envelope-sqlx"),
    ] {
        let application = Application::new(orm);
        application.sql("DROP TABLE envelope_keys");
        let error = application.builder(orm).open_blocking().unwrap_err();
        assert!(
            matches!(&error, KeyError::Store(store) if matches!(**store, StoreError::NoTable { .. })),
            "{error:?}"
        );
        assert!(error.to_string().contains(migration), "{error}");
        let error = block_on(orm.store(&application.path()).tenants()).unwrap_err();
        assert!(matches!(error, StoreError::NoTable { .. }), "{error:?}");
    }
}

#[test]
fn both_migrations_make_the_same_table() {
    let schema = |orm| {
        Application::new(orm)
            .texts("SELECT sql AS text FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    };
    assert_eq!(schema(Orm::Diesel).len(), 2);
    assert_eq!(schema(Orm::Diesel), schema(Orm::Sqlx));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for database in ["sqlite", "postgres", "mysql"] {
        let read = |path: String| fs::read_to_string(root.join(path)).unwrap();
        let name = format!("migrations/{database}/20260101000000_envelope_keys");
        assert_eq!(read(format!("envelope-sqlx/{name}.sql")), read(format!("envelope-diesel/{name}/up.sql")));
        assert_eq!(read(format!("envelope-diesel/{name}/down.sql")), "DROP TABLE envelope_keys;\n");
    }
}

#[test]
fn each_reads_what_the_other_wrote() {
    for orm in ORMS {
        let application = Application::new(orm);
        let escrow = TestKms::new();
        let keyring = application
            .builder(orm)
            .also_wrapped_by(escrow.clone())
            .application("shop")
            .open_blocking()
            .unwrap();
        for tenant in ["Acme", "acme", "ü", "u\u{308}", "it's", &"x".repeat(255)] {
            keyring.tenant(tenant).unwrap().seal(Note, "x").unwrap();
        }
        let stores = ORMS.map(|orm| orm.store(&application.path()));
        let tenants = stores.each_ref().map(|store| {
            let mut tenants = block_on(store.tenants()).unwrap();
            tenants.sort();
            tenants
        });
        assert_eq!(tenants[0].len(), 7);
        assert_eq!(tenants[0], tenants[1]);
        for tenant in &tenants[0] {
            let [one, other] = stores.each_ref().map(|store| {
                let mut records = block_on(store.load(tenant)).unwrap();
                records.sort_by_key(|record| record.id);
                records
            });
            assert_eq!(one.len(), if tenant.is_default() { 2 } else { 1 }, "{tenant}");
            assert!(one.iter().all(|record| record.tenant == *tenant && record.further_wraps.len() == 1));
            assert_eq!(one, other);
        }
        assert!(block_on(stores[0].load(&Tenant::new("nobody").unwrap())).unwrap().is_empty());
    }
}

fn state_of(keys: &[KeyInfo], id: KeyId) -> KeyState {
    keys.iter().find(|key| key.id == id).unwrap().state
}

/// A key's whole life, each step by one store and seen by the other.
#[test]
fn a_life_goes_through_either_store() {
    for orm in ORMS {
        for tenant in ["", "acme"] {
            let application = Application::new(orm.other());
            let (one, other) = (application.process(orm), application.process(orm.other()));
            let of = |keyring: &Keyring| match tenant {
                "" => keyring.clone(),
                name => keyring.tenant(name).unwrap(),
            };
            let (one, other) = (of(&one), of(&other));
            let old = one.seal(Note, "old").unwrap();
            one.seal(Email, "a@example.com").unwrap();
            assert_eq!(other.open(Note, &old).unwrap(), "old");
            let old_id = crate::support::key_of(&old).parse().unwrap();
            let pending = block_on(one.rotate(Purpose::Encrypt)).unwrap();
            assert_eq!(block_on(other.rotate(Purpose::Encrypt)).unwrap(), pending);
            application.clock.advance(17 * MINUTE);
            block_on(other.promote(Purpose::Encrypt)).unwrap();
            let new = other.seal(Note, "new").unwrap();
            assert_eq!(crate::support::key_of(&new), pending.id.to_string());
            for keyring in [&one, &other, &of(&application.process(orm))] {
                assert_eq!(keyring.open(Note, &old).unwrap(), "old");
                assert_eq!(keyring.open(Note, &new).unwrap(), "new");
            }
            block_on(one.mark_compromised(old_id)).unwrap();
            block_on(other.retire(old_id)).unwrap();
            assert_eq!(state_of(&block_on(one.keys()).unwrap(), old_id), KeyState::Retired);
            block_on(one.reinstate(old_id)).unwrap();
            assert_eq!(state_of(&block_on(other.keys()).unwrap(), old_id), KeyState::DecryptOnly);
            block_on(one.retire(old_id)).unwrap();
            block_on(one.destroy(old_id)).unwrap();
            let keys = block_on(other.keys()).unwrap();
            assert_eq!((keys.len(), state_of(&keys, old_id)), (3, KeyState::Destroyed));
            let error = other.open(Note, &old).unwrap_err();
            assert!(matches!(error, OpenError::KeyRetired { state: KeyState::Destroyed, .. }), "{error:?}");

            let successor = application.kms.successor();
            let moved = Keyring::builder(successor.clone(), orm.store(&application.path()));
            let moved = of(&moved.clock(&application.clock).open_blocking().unwrap());
            assert_eq!(block_on(moved.rewrap()).unwrap(), 2);
            assert_eq!(block_on(moved.rewrap()).unwrap(), 0);
            let reader = Keyring::builder(successor, orm.other().store(&application.path()));
            let reader = of(&reader.clock(&application.clock).open_blocking().unwrap());
            assert_eq!(reader.open(Note, &new).unwrap(), "new");
        }
    }
}

/// A commit is made as a whole, on records that are as they were read, or not at all.
#[test]
fn a_commit_on_what_has_changed_is_a_conflict() {
    for orm in ORMS {
        let application = Application::new(orm);
        let keyring = application.process(orm);
        let rotated = block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
        let store = orm.store(&application.path());
        // SQLx wants a runtime, which the keyring's thread has.
        let runtime = runtime();
        let load = || runtime.block_on(store.load(&Tenant::default())).unwrap();
        let records = load();
        let find = |wanted| records.iter().find(|record| record.state == wanted).unwrap().clone();
        let (active, pending) = (find(KeyState::Active), find(KeyState::Pending));
        let with = |record: &KeyRecord, change: fn(&mut KeyRecord)| {
            let mut changed = record.clone();
            change(&mut changed);
            changed
        };
        let next = with(&pending, |record| (record.revision, record.check) = (2, vec![2; 32]));
        let good = KeyChange::Replace { old: pending.clone(), new: next.clone() };
        let another = with(&active, |record| record.id = KeyId::new(77).unwrap());
        let stale: [fn(&mut KeyRecord); 4] = [
            |record| record.revision += 1,
            |record| record.check[0] ^= 1,
            |record| record.wrapped = Some(WrappedKey::new("local:1".into(), vec![1])),
            |record| record.wrapped = None,
        ];
        let mut refused = vec![
            vec![KeyChange::Insert(active.clone())],
            vec![KeyChange::Insert(another.clone())],
            vec![good.clone(), KeyChange::Insert(another.clone())],
            vec![KeyChange::Replace { old: another.clone(), new: another }],
        ];
        for change in stale {
            let stale = KeyChange::Replace { old: with(&pending, change), new: next.clone() };
            refused.extend([
                vec![stale.clone()],
                vec![KeyChange::Insert(with(&pending, |r| r.id = KeyId::new(78).unwrap())), stale],
            ]);
        }
        for changes in refused {
            assert_eq!(
                runtime.block_on(store.commit(&changes)).unwrap(),
                Commit::Conflict,
                "{orm:?}: {changes:?}"
            );
            assert_eq!(load(), records, "{orm:?}: {changes:?}");
        }
        assert_eq!(runtime.block_on(store.commit(std::slice::from_ref(&good))).unwrap(), Commit::Done);
        let found = load().into_iter().find(|record| record.id == rotated.id).unwrap();
        assert_eq!(found, next);
    }
}

/// Eight processes that start on an empty table end with one active key for each purpose, and read each other.
#[test]
fn processes_that_start_together_agree() {
    for orms in [[Orm::Diesel, Orm::Diesel], [Orm::Sqlx, Orm::Sqlx], ORMS] {
        for _ in 0..3 {
            let application = Application::new(orms[0]);
            let start = Barrier::new(8);
            let values: Vec<_> = thread::scope(|scope| {
                let (application, start) = (&application, &start);
                let threads: Vec<_> = (0..8)
                    .map(|n| {
                        scope.spawn(move || {
                            start.wait();
                            let keyring = application.process(orms[n % 2]);
                            let acme = keyring.tenant("acme").unwrap();
                            (keyring.seal(Note, "x").unwrap(), acme.seal(Email, "a@example.com").unwrap())
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let rows = application.texts(
                "SELECT hex(tenant) || ' ' || purpose || ' ' || state AS text FROM envelope_keys ORDER BY 1",
            );
            assert_eq!(rows, [" encrypt active", " search active", "61636D65 search active"], "{orms:?}");
            let reader = application.process(orms[1]);
            for (note, email) in &values {
                assert_eq!(reader.open(Note, note).unwrap(), "x");
                assert_eq!(reader.tenant("acme").unwrap().open(Email, email).unwrap(), "a@example.com");
            }
        }
    }
}
