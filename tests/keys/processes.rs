//! Three processes of the operating system: two write, a third rotates and promotes, fifty times over.
//!
//! Time runs as it does, and keys are in memory for a fifth of a second, so that every process learns of new keys all the time.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use envelope_core::{ChangeError, KeyState, Keyring, LocalKey, Purpose};
use envelope_tests::database::{Database, Kind};
use pollster::block_on;

use crate::{
    support::{Email, Note, key_of},
    tables::{Orm, migration},
};

const CHILD: &str = "ENVELOPE_TEST_ROTATION_CHILD";
const TENANTS: [&str; 5] = ["acme", "globex", "initech", "umbrella", "hooli"];
const ROTATIONS_EACH: usize = 10;
const WRITERS: [(&str, Orm); 2] = [("one", Orm::Diesel), ("other", Orm::Sqlx)];
const STOP: &str = "stop";

#[test]
fn every_value_opens_in_every_process_while_keys_rotate() {
    let database = Database::new(Kind::Postgres);
    database.sql(migration(Kind::Postgres));
    let folder = database.folder();
    LocalKey::create(folder.join("app.key")).unwrap();
    let start = |role: &str| {
        let mut test = Command::new(env::current_exe().unwrap());
        test.args(["--exact", "processes::child", "--nocapture"]);
        test.env(CHILD, format!("{role} {} {}", database.url(), folder.display()));
        Running(test.stdout(Stdio::null()).spawn().unwrap())
    };
    let mut children = [start(WRITERS[0].0), start(WRITERS[1].0), start("rotator")];
    for child in &mut children {
        assert!(child.0.wait().unwrap().success(), "a process failed");
    }
    for (writer, _) in WRITERS {
        let mut keys = BTreeMap::<_, BTreeSet<_>>::new();
        for written in Reader::new(folder, writer).next() {
            keys.entry((written.tenant, written.is_email)).or_default().insert(key_of(&written.value));
        }
        assert_eq!(keys.len(), 2 * TENANTS.len());
        for ((tenant, _), keys) in keys {
            // Otherwise this writer was not there, and nothing was shown.
            assert!(keys.len() >= ROTATIONS_EACH, "{writer} wrote with {} keys of {tenant}", keys.len());
        }
    }
}

/// Does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn child() {
    let Ok(task) = env::var(CHILD) else { return };
    let [role, url, folder] = task.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap();
    let folder = Path::new(folder);
    let writer = WRITERS.into_iter().find(|(name, _)| *name == role);
    let orm = writer.map_or(Orm::Diesel, |(_, orm)| orm);
    let keyring =
        Keyring::builder(LocalKey::open(folder.join("app.key")).unwrap(), orm.store(Kind::Postgres, url))
            .cache_ttl(Duration::from_millis(200))
            .open_blocking()
            .unwrap();
    let mut readers = WRITERS.map(|(name, _)| Reader::new(folder, name));
    if writer.is_some() {
        write(&keyring, role, folder, &mut readers);
    } else {
        thread::scope(|scope| {
            for tenant in TENANTS {
                let keyring = keyring.tenant(tenant).unwrap();
                scope.spawn(move || rotate(&keyring));
            }
        });
        fs::write(folder.join(STOP), "").unwrap();
    }
    // Whatever anyone wrote, once the writers have ended.
    let ended = || WRITERS.iter().all(|(name, _)| folder.join(format!("{name}.ended")).exists());
    while !ended() {
        thread::sleep(Duration::from_millis(10));
    }
    for mut reader in WRITERS.map(|(name, _)| Reader::new(folder, name)) {
        let values = reader.next();
        assert!(values.len() > 1000, "only {} values were written", values.len());
        values.iter().for_each(|written| written.open(&keyring));
    }
}

/// Seals for each tenant in turn, and opens what either process has written meanwhile.
fn write(keyring: &Keyring, name: &str, folder: &Path, readers: &mut [Reader]) {
    let mut file = fs::File::create(folder.join(name)).unwrap();
    let mut count = 0;
    while !folder.join(STOP).exists() {
        for tenant in TENANTS {
            let keyring = keyring.tenant(tenant).unwrap();
            let text = format!("{name}-{count}");
            let (note, email) = (keyring.seal(Note, &text).unwrap(), keyring.seal(Email, &text).unwrap());
            let hex = |value: &[u8]| value.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            writeln!(file, "{tenant} note {} {text}\n{tenant} email {} {text}", hex(&note), hex(&email))
                .unwrap();
            count += 1;
        }
        for reader in readers.iter_mut() {
            reader.next().iter().for_each(|written| written.open(keyring));
        }
        thread::sleep(Duration::from_millis(5));
    }
    fs::write(folder.join(format!("{name}.ended")), "").unwrap();
}

fn rotate(keyring: &Keyring) {
    for _ in 0..ROTATIONS_EACH {
        for purpose in Purpose::ALL {
            block_on(keyring.rotate(purpose)).unwrap();
        }
        for purpose in Purpose::ALL {
            let is_pending = || {
                let keys = block_on(keyring.keys()).unwrap();
                keys.iter().any(|key| key.purpose == purpose && key.state == KeyState::Pending)
            };
            // A writer may promote a key as well.
            while is_pending() {
                match block_on(keyring.promote(purpose)) {
                    Err(ChangeError::TooEarly { .. }) => thread::sleep(Duration::from_millis(50)),
                    Err(error) if is_pending() => panic!("{error}"),
                    _ => {}
                }
            }
        }
    }
    // So that the last keys are written with.
    thread::sleep(Duration::from_secs(1));
}

struct Written {
    tenant: String,
    is_email: bool,
    value: Vec<u8>,
    text: String,
}

impl Written {
    /// It opens, and is found.
    fn open(&self, keyring: &Keyring) {
        let keyring = keyring.tenant(&self.tenant).unwrap();
        if self.is_email {
            // Before it is opened, which would make the key known.
            let candidates = keyring.lookup(Email, &self.text).unwrap();
            assert!(candidates.contains(&self.value), "{} is not found", self.text);
            assert_eq!(keyring.open(Email, &self.value).unwrap(), self.text);
        } else {
            assert_eq!(keyring.open(Note, &self.value).unwrap(), self.text);
        }
    }
}

/// What one writer has written, as far as it was not read yet.
struct Reader {
    path: PathBuf,
    read: u64,
}

impl Reader {
    fn new(folder: &Path, name: &str) -> Self {
        Self { path: folder.join(name), read: 0 }
    }

    fn next(&mut self) -> Vec<Written> {
        let Ok(mut file) = fs::File::open(&self.path) else { return Vec::new() };
        file.seek(SeekFrom::Start(self.read)).unwrap();
        let mut lines = String::new();
        file.read_to_string(&mut lines).unwrap();
        // The last line may not be whole.
        lines.truncate(lines.rfind('\n').map_or(0, |end| end + 1));
        self.read += lines.len() as u64;
        let parse = |line: &str| {
            let [tenant, column, value, text] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            let unhex = |at| u8::from_str_radix(&value[at..at + 2], 16).unwrap();
            Written {
                tenant: tenant.into(),
                is_email: column == "email",
                value: (0..value.len()).step_by(2).map(unhex).collect(),
                text: text.into(),
            }
        };
        lines.lines().map(parse).collect()
    }
}
