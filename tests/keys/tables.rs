//! The key table, through Diesel and through SQLx, on SQLite, PostgreSQL and MariaDB.

#[path = "tables/edits.rs"]
mod edits;
#[path = "tables/together.rs"]
mod together;
#[path = "tables/runtimes.rs"]
mod runtimes;

use std::{fs, path::Path, str::FromStr, sync::Arc};

use diesel::{MysqlConnection, PgConnection, SqliteConnection};
use envelope_core::{
    KeyError, KeyId, KeyInfo, KeyState, KeyStore, Keyring, KeyringBuilder, OpenError, Purpose, StoreError,
    Tenant,
    testing::{TestClock, TestKms},
};
use envelope_diesel::DieselKeyStore;
use envelope_sqlx::SqlxKeyStore;
use envelope_tests::database::{Database, Kind};
use pollster::block_on;
use sqlx::{
    MySql, Postgres, Sqlite, mysql::MySqlConnectOptions, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use crate::support::{Email, MINUTE, Note};

/// Makes each function a test on each kind of database.
macro_rules! on_each_database {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite { $(#[test] fn $test() { super::$test(envelope_tests::database::Kind::Sqlite); })* }
        mod on_postgres { $(#[test] fn $test() { super::$test(envelope_tests::database::Kind::Postgres); })* }
        mod on_mysql { $(#[test] fn $test() { super::$test(envelope_tests::database::Kind::Mysql); })* }
    };
}
use on_each_database;

on_each_database! {
    a_missing_table_names_the_migration,
    both_migrations_make_the_same_table,
    each_reads_what_the_other_wrote,
    a_life_goes_through_either_store,
}

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

    /// The key store of this ORM in a database.
    pub(crate) fn store(self, kind: Kind, url: &str) -> Arc<dyn KeyStore> {
        match (self, kind) {
            (Self::Diesel, Kind::Sqlite) => Arc::new(DieselKeyStore::<SqliteConnection>::new(url)),
            (Self::Diesel, Kind::Postgres) => Arc::new(DieselKeyStore::<PgConnection>::new(url)),
            (Self::Diesel, Kind::Mysql) => Arc::new(DieselKeyStore::<MysqlConnection>::new(url)),
            (Self::Sqlx, Kind::Sqlite) => {
                Arc::new(SqlxKeyStore::<Sqlite>::new(SqliteConnectOptions::new().filename(url)))
            }
            (Self::Sqlx, Kind::Postgres) => {
                Arc::new(SqlxKeyStore::<Postgres>::new(PgConnectOptions::from_str(url).unwrap()))
            }
            (Self::Sqlx, Kind::Mysql) => {
                Arc::new(SqlxKeyStore::<MySql>::new(MySqlConnectOptions::from_str(url).unwrap()))
            }
        }
    }

    /// The key store in a file of SQLite.
    pub(crate) fn store_in(self, path: &Path) -> Arc<dyn KeyStore> {
        self.store(Kind::Sqlite, path.to_str().unwrap())
    }
}

/// Runs the migration, which is the same for both.
pub(crate) fn migration(kind: Kind) -> &'static str {
    macro_rules! migration {
        ($name:literal) => {
            include_str!(concat!(
                "../../envelope-diesel/migrations/",
                $name,
                "/20260101000000_envelope_keys/up.sql"
            ))
        };
    }
    match kind {
        Kind::Sqlite => migration!("sqlite"),
        Kind::Postgres => migration!("postgres"),
        Kind::Mysql => migration!("mysql"),
    }
}

pub(crate) const fn folder(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgres",
        Kind::Mysql => "mysql",
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The application's database and its key service.
pub(crate) struct Application {
    pub(crate) kms: TestKms,
    pub(crate) clock: TestClock,
    pub(crate) database: Database,
}

impl Application {
    /// With an empty key table.
    pub(crate) fn new(kind: Kind) -> Self {
        let database = Database::new(kind);
        database.sql(migration(kind));
        Self { kms: TestKms::new(), clock: TestClock::new(), database }
    }

    pub(crate) fn store(&self, orm: Orm) -> Arc<dyn KeyStore> {
        orm.store(self.database.kind(), self.database.url())
    }

    pub(crate) fn builder(&self, orm: Orm) -> KeyringBuilder {
        Keyring::builder(self.kms.clone(), self.store(orm)).clock(&self.clock)
    }

    pub(crate) fn process(&self, orm: Orm) -> Keyring {
        self.builder(orm).open_blocking().unwrap()
    }
}

fn a_missing_table_names_the_migration(kind: Kind) {
    let name = folder(kind);
    for (orm, migration) in [
        (Orm::Diesel, format!("`migrations/{name}/20260101000000_envelope_keys` of envelope-diesel")),
        (Orm::Sqlx, format!("`migrations/{name}/20260101000000_envelope_keys.sql` of envelope-sqlx")),
    ] {
        let application = Application::new(kind);
        application.database.sql("DROP TABLE envelope_keys");
        let error = application.builder(orm).open_blocking().unwrap_err();
        assert!(
            matches!(&error, KeyError::Store(store) if matches!(**store, StoreError::NoTable { .. })),
            "{error:?}"
        );
        assert!(error.to_string().contains(&migration), "{error}");
        let error = runtime().block_on(application.store(orm).tenants()).unwrap_err();
        assert!(matches!(error, StoreError::NoTable { .. }), "{error:?}");
    }
}

fn both_migrations_make_the_same_table(kind: Kind) {
    let columns = |database: &Database| {
        database.texts(match kind {
            Kind::Sqlite => "SELECT sql AS text FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name",
            Kind::Postgres => {
                "SELECT concat(column_name, ' ', data_type, ' ', is_nullable) AS text
                 FROM information_schema.columns WHERE table_name = 'envelope_keys' ORDER BY 1"
            }
            Kind::Mysql => {
                "SELECT concat(column_name, ' ', column_type, ' ', is_nullable) AS text
                 FROM information_schema.columns WHERE table_schema = database() ORDER BY 1"
            }
        })
    };
    let diesel = Application::new(kind).database;
    let sqlx = Database::new(kind);
    let url = sqlx.url();
    runtime()
        .block_on(async {
            match kind {
                Kind::Sqlite => {
                    let options = SqliteConnectOptions::new().filename(url).create_if_missing(true);
                    SqlxKeyStore::<Sqlite>::new(options).create_table().await
                }
                Kind::Postgres => SqlxKeyStore::<Postgres>::new(url.parse()?).create_table().await,
                Kind::Mysql => SqlxKeyStore::<MySql>::new(url.parse()?).create_table().await,
            }
        })
        .unwrap();
    assert!(columns(&diesel).len() >= 2);
    assert_eq!(columns(&diesel), columns(&sqlx));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: String| fs::read_to_string(root.join(path)).unwrap();
    let name = format!("migrations/{}/20260101000000_envelope_keys", folder(kind));
    assert_eq!(read(format!("envelope-sqlx/{name}.sql")), read(format!("envelope-diesel/{name}/up.sql")));
    diesel.sql(&read(format!("envelope-diesel/{name}/down.sql")));
    diesel.sql(migration(kind));
}

fn each_reads_what_the_other_wrote(kind: Kind) {
    for orm in ORMS {
        let application = Application::new(kind);
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
        let stores = ORMS.map(|orm| application.store(orm));
        let tenants = stores.each_ref().map(|store| {
            let mut tenants = runtime().block_on(store.tenants()).unwrap();
            tenants.sort();
            tenants
        });
        assert_eq!(tenants[0].len(), 7);
        assert_eq!(tenants[0], tenants[1]);
        for tenant in &tenants[0] {
            let [one, other] = stores.each_ref().map(|store| {
                let mut records = runtime().block_on(store.load(tenant)).unwrap();
                records.sort_by_key(|record| record.id);
                records
            });
            assert_eq!(one.len(), if tenant.is_default() { 2 } else { 1 }, "{tenant}");
            assert!(one.iter().all(|record| record.tenant == *tenant && record.further_wraps.len() == 1));
            assert_eq!(one, other);
        }
        assert!(runtime().block_on(stores[0].load(&Tenant::new("nobody").unwrap())).unwrap().is_empty());
    }
}

fn state_of(keys: &[KeyInfo], id: KeyId) -> KeyState {
    keys.iter().find(|key| key.id == id).unwrap().state
}

/// A key's whole life, each step by one store and seen by the other.
fn a_life_goes_through_either_store(kind: Kind) {
    for orm in ORMS {
        for tenant in ["", "acme"] {
            let application = Application::new(kind);
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
            application.clock.advance(17 * MINUTE);
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
            let moved = Keyring::builder(successor.clone(), application.store(orm));
            let moved = of(&moved.clock(&application.clock).open_blocking().unwrap());
            assert_eq!(block_on(moved.rewrap()).unwrap(), 2);
            assert_eq!(block_on(moved.rewrap()).unwrap(), 0);
            let reader = Keyring::builder(successor, application.store(orm.other()));
            let reader = of(&reader.clock(&application.clock).open_blocking().unwrap());
            assert_eq!(reader.open(Note, &new).unwrap(), "new");
            if !tenant.is_empty() {
                assert_eq!(block_on(reader.shred()).unwrap().len(), 2);
                let keys = block_on(moved.keys()).unwrap();
                assert!(
                    keys.len() == 3 && keys.iter().all(|key| key.state == KeyState::Destroyed),
                    "{keys:?}"
                );
                assert!(moved.open(Note, &new).is_err());
            }
        }
    }
}
