//! A process that dies in the middle of a key's life: at every call of the store and of the provider, before it and after it.
//!
//! The child is this test's own program, with a variable that says what to do and when to abort.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use envelope_core::{
    BoxFuture, Commit, DataKey, EncryptionContext, FileStore, GeneratedKey, KeyChange, KeyProvider,
    KeyRecord, KeyState, KeyStore, Keyring, LocalKey, ProviderError, Purpose, StoreError, Tenant, WrappedKey,
    testing::TestClock,
};
use envelope_tests::database::Kind;
use pollster::block_on;

use crate::{
    support::{Email, MINUTE, Note},
    tables::{Orm, migration},
};

const CHILD: &str = "ENVELOPE_TEST_CRASH_CHILD";

const TENANTS: [&str; 2] = ["", "acme"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    File,
    Table,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Create,
    Rotate,
    Promote,
    Rewrap,
}

const STEPS: [Step; 4] = [Step::Create, Step::Rotate, Step::Promote, Step::Rewrap];

/// Counts calls, and ends the process at one of them. Clones count together.
#[derive(Clone, Debug)]
struct Fuse {
    calls: Arc<AtomicU32>,
    /// Twice the call's number, and one more for the moment after it.
    at: u32,
}

impl Fuse {
    const NEVER: u32 = u32::MAX;

    fn new(at: u32) -> Self {
        Self { calls: Arc::default(), at }
    }

    async fn around<T>(&self, call: BoxFuture<'_, T>) -> T {
        let moment = self.calls.fetch_add(2, Ordering::SeqCst);
        if moment == self.at {
            process::abort();
        }
        let outcome = call.await;
        if moment + 1 == self.at {
            process::abort();
        }
        outcome
    }
}

#[derive(Debug)]
struct FusedStore(Arc<dyn KeyStore>, Fuse);

impl KeyStore for FusedStore {
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        Box::pin(self.1.around(self.0.load(tenant)))
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        Box::pin(self.1.around(self.0.tenants()))
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        Box::pin(self.1.around(self.0.commit(changes)))
    }
}

/// Wraps with its present key, and unwraps what either wrapped.
#[derive(Debug)]
struct Keys {
    present: LocalKey,
    former: LocalKey,
    fuse: Fuse,
}

impl Keys {
    fn owner(&self, wrapped: &WrappedKey) -> &LocalKey {
        if wrapped.provider_key() == self.former.name() { &self.former } else { &self.present }
    }
}

impl KeyProvider for Keys {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        Box::pin(self.fuse.around(self.present.generate_key(context)))
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(self.fuse.around(self.owner(wrapped).unwrap_key(wrapped, context)))
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(self.fuse.around(self.present.wrap_key(key, context)))
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        let rewrap = async move {
            let key = self.owner(wrapped).unwrap_key(wrapped, context).await?;
            self.present.wrap_key(&key, context).await
        };
        Box::pin(self.fuse.around(Box::pin(rewrap)))
    }

    fn knows(&self, provider_key: &str) -> bool {
        [&self.present, &self.former].iter().any(|key| key.name() == provider_key)
    }

    fn current_key(&self) -> Option<&str> {
        Some(self.present.name())
    }
}

/// A folder with key files, a key store and values.
struct Folder(PathBuf);

impl Folder {
    fn store(&self, place: Place) -> Arc<dyn KeyStore> {
        match place {
            Place::File => Arc::new(FileStore::new(self.0.join("keys.json"))),
            Place::Table => Orm::Sqlx.store_in(&self.0.join("app.sqlite")),
        }
    }

    fn open(&self, place: Place, step: Step, fuse: &Fuse) -> Keyring {
        let key = |name| LocalKey::open_or_create(self.0.join(name)).unwrap();
        let (former, latter) = (key("former.key"), key("latter.key"));
        let (present, former) = if step == Step::Rewrap { (latter, former) } else { (former, latter) };
        let keys = Keys { present, former, fuse: fuse.clone() };
        let clock = TestClock::new();
        if matches!(step, Step::Promote | Step::Rewrap) {
            clock.advance(20 * MINUTE);
        }
        let store = FusedStore(self.store(place), fuse.clone());
        Keyring::builder(keys, store).clock(&clock).open_blocking().unwrap()
    }

    /// Does a step for each tenant, and whatever was begun before and not finished.
    fn step(&self, place: Place, step: Step, fuse: &Fuse) {
        let keyring = self.open(place, step, fuse);
        for tenant in TENANTS {
            let keyring = of(&keyring, tenant);
            match step {
                Step::Create => {}
                Step::Rotate => {
                    for purpose in Purpose::ALL {
                        block_on(keyring.rotate(purpose)).unwrap();
                    }
                }
                Step::Promote => {
                    for purpose in Purpose::ALL {
                        // A repeated step finds nothing to promote where it had come so far.
                        let keys = block_on(keyring.keys()).unwrap();
                        let is_pending =
                            keys.iter().any(|key| key.purpose == purpose && key.state == KeyState::Pending);
                        if is_pending {
                            block_on(keyring.promote(purpose)).unwrap();
                        }
                    }
                }
                Step::Rewrap => drop(block_on(keyring.rewrap()).unwrap()),
            }
            // What was sealed counts from the moment at which it is on disk.
            let values = [keyring.seal(Note, "note").unwrap(), keyring.seal(Email, "email").unwrap()];
            for (n, value) in values.iter().enumerate() {
                fs::write(self.0.join(format!("{step:?}-{tenant}-{n}.value")), value).unwrap();
            }
        }
    }

    /// Nothing is lost, and each tenant has one key to write with for each purpose.
    fn check(&self, place: Place, step: Step, before: &[KeyRecord], at: &str) {
        let keyring = self.open(place, step, &Fuse::new(Fuse::NEVER));
        let records = self.records(place);
        for record in before {
            assert!(records.iter().any(|other| other.id == record.id), "{at}: {} is lost", record.id);
        }
        for tenant in TENANTS {
            let keyring = of(&keyring, tenant);
            block_on(keyring.warm()).unwrap();
            for purpose in Purpose::ALL {
                let of_purpose =
                    records.iter().filter(|r| r.tenant.as_str() == tenant && r.purpose == purpose);
                let count = |state| of_purpose.clone().filter(|record| record.state == state).count();
                let has_any = of_purpose.clone().next().is_some();
                assert_eq!(count(KeyState::Active), usize::from(has_any), "{at}: {tenant} {purpose}");
                assert!(count(KeyState::Pending) <= 1, "{at}: {tenant} {purpose}");
            }
            for entry in fs::read_dir(&self.0).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                if !name.contains(&format!("-{tenant}-")) || !name.ends_with(".value") {
                    continue;
                }
                let value = fs::read(&path).unwrap();
                let opened = match name.ends_with("0.value") {
                    true => keyring.open(Note, &value).map(|text| text == "note"),
                    false => keyring.open(Email, &value).map(|text| text == "email"),
                };
                assert!(opened.as_ref().is_ok_and(|is_equal| *is_equal), "{at}: {name}: {opened:?}");
            }
        }
    }

    fn records(&self, place: Place) -> Vec<KeyRecord> {
        let store = self.store(place);
        let load = async {
            let mut records = Vec::new();
            for tenant in TENANTS {
                records.extend(store.load(&Tenant::from_stored(tenant).unwrap()).await.unwrap());
            }
            records
        };
        crate::tables::runtime().block_on(load)
    }

    fn copy(&self) -> tempfile::TempDir {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(&self.0).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        copy
    }
}

fn of(keyring: &Keyring, tenant: &str) -> Keyring {
    if tenant.is_empty() { keyring.clone() } else { keyring.tenant(tenant).unwrap() }
}

/// Whether the child came to its end.
fn run_child(folder: &Path, place: Place, step: Step, at: u32) -> bool {
    let task = format!("{place:?} {step:?} {at} {}", folder.display());
    let output = Command::new(env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--test-threads=1"])
        .env(CHILD, task)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    // A child that fails exits; one that was to die is killed by its own signal.
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code().is_none_or(|code| code == 0), "{place:?} {step:?} {at}: {text}");
    output.status.success()
}

/// Does nothing but in a child of the other tests.
#[test]
fn child() {
    let Ok(task) = env::var(CHILD) else { return };
    let mut parts = task.splitn(4, ' ');
    let mut next = || parts.next().unwrap();
    let place = if next() == "File" { Place::File } else { Place::Table };
    let step = next();
    let step = STEPS.into_iter().find(|other| format!("{other:?}") == step).unwrap();
    let fuse = Fuse::new(next().parse().unwrap());
    Folder(next().into()).step(place, step, &fuse);
}

fn crash_everywhere(place: Place) {
    let first = tempfile::tempdir().unwrap();
    if place == Place::Table {
        let path = first.path().join("app.sqlite");
        let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        database.batch_execute(migration(Kind::Sqlite)).unwrap();
    }
    let mut start = first;
    for step in STEPS {
        let before = Folder(start.path().into());
        let records = before.records(place);
        let mut crashes = 0;
        for at in 0.. {
            let copy = before.copy();
            let folder = Folder(copy.path().into());
            let is_done = run_child(copy.path(), place, step, at);
            let name = format!("{place:?} {step:?}, moment {at}");
            folder.check(place, step, &records, &name);
            // Again, to its end.
            folder.step(place, step, &Fuse::new(Fuse::NEVER));
            folder.check(place, step, &records, &name);
            folder.check_done(place, step, &name);
            if is_done {
                start = copy;
                break;
            }
            crashes += 1;
            assert!(crashes < 500, "{name}: the child never comes to its end");
        }
        assert!(crashes >= 16, "{place:?} {step:?}: only {crashes} moments to crash at");
    }
}

impl Folder {
    /// The step is complete: so many keys in each state, all of them wrapped by the present key.
    fn check_done(&self, place: Place, step: Step, at: &str) {
        let records = self.records(place);
        let count = |state| records.iter().filter(|record| record.state == state).count();
        let states = [KeyState::Active, KeyState::Pending, KeyState::DecryptOnly].map(count);
        let expected = match step {
            Step::Create => [4, 0, 0],
            Step::Rotate => [4, 4, 0],
            Step::Promote | Step::Rewrap => [4, 0, 4],
        };
        assert_eq!(states, expected, "{at}");
        let name = if step == Step::Rewrap { "latter.key" } else { "former.key" };
        let key = LocalKey::open(self.0.join(name)).unwrap();
        for record in &records {
            assert_eq!(record.wrapped.as_ref().unwrap().provider_key(), key.name(), "{at}");
        }
    }
}

#[test]
fn with_a_key_file() {
    crash_everywhere(Place::File);
}

#[test]
fn with_a_key_table() {
    crash_everywhere(Place::Table);
}
