//! The key file: what is refused, what is left as it was, and what becomes of it when several processes write.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Barrier,
    thread,
};

use envelope_core::{
    Commit, FileStore, KeyChange, KeyError, KeyId, KeyRecord, KeyState, KeyStore, Keyring, LocalKey,
    MemoryStore, Purpose, StoreError, Tenant, WrappedKey,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::columns::{UserEmail, UserNote};

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.json");
    (directory, path)
}

fn open(directory: &Path) -> Result<Keyring, KeyError> {
    let key = LocalKey::open_or_create(directory.join("app.key")).unwrap();
    Keyring::builder(key, FileStore::new(directory.join("keys.json"))).open_blocking()
}

fn record(id: u32, tenant: &str, purpose: Purpose, state: KeyState) -> KeyRecord {
    KeyRecord {
        id: KeyId::new(id).unwrap(),
        application: "shop".into(),
        tenant: Tenant::from_stored(tenant).unwrap(),
        purpose,
        state,
        revision: 1,
        created_at: 1_764_000_000,
        changed_at: u64::MAX,
        wrapped: Some(WrappedKey::new("local:0123456789abcdef".into(), vec![0, 1, 0xFE, 0xFF])),
        further_wraps: Vec::new(),
        check: vec![0xA5; 32],
    }
}

fn load(store: &dyn KeyStore, tenant: &str) -> Result<Vec<KeyRecord>, StoreError> {
    pollster::block_on(store.load(&Tenant::from_stored(tenant).unwrap()))
}

fn commit(store: &dyn KeyStore, changes: &[KeyChange]) -> Commit {
    pollster::block_on(store.commit(changes)).unwrap()
}

#[test]
fn records_come_back_as_they_were() {
    let (_directory, path) = directory();
    let (file, memory) = (FileStore::new(&path), MemoryStore::new());
    let stores: [&dyn KeyStore; 2] = [&file, &memory];
    for store in stores {
        assert_eq!(load(store, "acme").unwrap(), []);
        let mut records = Vec::new();
        for (id, state) in (1..).zip(KeyState::ALL) {
            records.push(record(id, "acme", Purpose::Encrypt, state));
        }
        records.push(record(u32::MAX, "acme", Purpose::Search, KeyState::Active));
        // A destroyed key has lost what it was wrapped to.
        records[4].wrapped = None;
        records[4].check = Vec::new();
        let other = record(100, "größe \"\\\n😀", Purpose::Encrypt, KeyState::Active);
        let changes: Vec<_> =
            records.iter().chain([&other]).map(|record| KeyChange::Insert(record.clone())).collect();
        assert_eq!(commit(store, &changes), Commit::Done);
        assert_eq!(load(store, "acme").unwrap(), records);
        assert_eq!(load(store, other.tenant.as_str()).unwrap(), [other]);
        assert_eq!(load(store, "").unwrap(), []);
        assert_eq!(load(store, "Acme").unwrap(), []);
    }
}

/// At every moment the file is there and whole: a reader that found none would make new keys.
#[test]
fn a_reader_never_meets_a_file_that_is_being_written() {
    let (_directory, path) = directory();
    let store = FileStore::new(&path);
    let writes: u32 = 300;
    let key = |id| KeyChange::Insert(record(id, "acme", Purpose::Encrypt, KeyState::Pending));
    assert_eq!(commit(&store, &[key(1)]), Commit::Done);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for id in 2..=writes {
                assert_eq!(commit(&store, &[key(id)]), Commit::Done);
            }
        });
        let mut known = 1;
        while !writer.is_finished() {
            // Of the file itself, and through a store, which waits for nobody when it reads.
            assert!(!fs::read(&path).unwrap().is_empty());
            let records = load(&FileStore::new(&path), "acme").unwrap().len();
            assert!(records >= known, "{records} keys after {known}");
            known = records;
        }
    });
    assert_eq!(load(&store, "acme").unwrap().len(), writes as usize);
}

#[test]
fn a_conflict_changes_nothing() {
    let (directory, path) = directory();
    let (file, memory) = (FileStore::new(&path), MemoryStore::new());
    let stores: [&dyn KeyStore; 2] = [&file, &memory];
    for store in stores {
        let active = record(1, "acme", Purpose::Encrypt, KeyState::Active);
        let destroyed = record(2, "acme", Purpose::Encrypt, KeyState::Destroyed);
        let inserts = [KeyChange::Insert(active.clone()), KeyChange::Insert(destroyed.clone())];
        assert_eq!(commit(store, &inserts), Commit::Done);
        let (records, bytes) = (load(store, "acme").unwrap(), fs::read(&path).unwrap());
        let stale = KeyRecord { revision: 2, ..active.clone() };
        let free = KeyChange::Insert(record(9, "acme", Purpose::Search, KeyState::Active));
        let conflicts = [
            // An id that is taken: by any key, a destroyed one too, of any tenant.
            KeyChange::Insert(record(1, "acme", Purpose::Search, KeyState::Active)),
            KeyChange::Insert(record(2, "acme", Purpose::Search, KeyState::Pending)),
            KeyChange::Insert(record(2, "globex", Purpose::Encrypt, KeyState::Active)),
            // A second active key.
            KeyChange::Insert(record(3, "acme", Purpose::Encrypt, KeyState::Active)),
            // A record that is not as the caller believes, or not there, or to become another key.
            KeyChange::Replace { old: stale.clone(), new: active.clone() },
            KeyChange::Replace {
                old: record(7, "acme", Purpose::Encrypt, KeyState::Active),
                new: active.clone(),
            },
            KeyChange::Replace {
                old: active.clone(),
                new: record(7, "acme", Purpose::Encrypt, KeyState::Active),
            },
            KeyChange::Replace {
                old: destroyed.clone(),
                new: KeyRecord { state: KeyState::Active, ..destroyed.clone() },
            },
        ];
        for conflict in conflicts {
            for changes in
                [vec![conflict.clone()], vec![free.clone(), conflict.clone()], vec![conflict, free.clone()]]
            {
                assert_eq!(commit(store, &changes), Commit::Conflict, "{changes:?}");
                assert_eq!(load(store, "acme").unwrap(), records);
                assert_eq!(load(store, "globex").unwrap(), []);
                assert_eq!(fs::read(&path).unwrap(), bytes);
            }
        }
        // One commit may hand the part of the active key on.
        let old = KeyRecord { state: KeyState::DecryptOnly, revision: 2, ..active.clone() };
        let hand_over = [
            KeyChange::Replace { old: active, new: old.clone() },
            KeyChange::Insert(record(3, "acme", Purpose::Encrypt, KeyState::Active)),
        ];
        assert_eq!(commit(store, &hand_over), Commit::Done);
        assert_eq!(load(store, "acme").unwrap()[0], old);
    }
    // Beside the file there is its lock, and nothing else.
    let mut names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["keys.json", "keys.json.lock"]);
}

/// What the file holds may be all that is left of somebody's keys: it is never written over because it cannot be read.
fn is_refused_and_kept(directory: &Path, contents: &[u8]) {
    let path = directory.join("keys.json");
    fs::write(&path, contents).unwrap();
    let error = open(directory).unwrap_err();
    let KeyError::Store(store) = &error else { panic!("{error}: {}", String::from_utf8_lossy(contents)) };
    assert!(matches!(**store, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("keys.json"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), contents);
    let insert = KeyChange::Insert(record(1, "acme", Purpose::Encrypt, KeyState::Active));
    let result = pollster::block_on(FileStore::new(&path).commit(&[insert]));
    assert!(matches!(result, Err(StoreError::Damaged { .. })));
    assert_eq!(fs::read(&path).unwrap(), contents);
}

#[test]
fn a_truncated_file_is_refused_and_kept() {
    let (directory, path) = directory();
    open(directory.path()).unwrap();
    let whole = fs::read(&path).unwrap();
    let end = whole.iter().rposition(|byte| *byte == b'}').unwrap();
    for length in 0..=end {
        is_refused_and_kept(directory.path(), &whole[..length]);
    }
}

#[test]
fn a_damaged_file_is_refused_and_kept() {
    let (directory, path) = directory();
    open(directory.path()).unwrap();
    let whole = fs::read(&path).unwrap();
    for contents in
        [&b"null"[..], b"[]", b"{}", b"\0\0\0\0", b"\xff\xfe", b"envelope-local-key-1", b"\"text\""]
    {
        is_refused_and_kept(directory.path(), contents);
    }
    is_refused_and_kept(directory.path(), &[&whole[..], b"x"].concat());
    is_refused_and_kept(directory.path(), &[&whole[..], &whole[..]].concat());
    let store: Value = serde_json::from_slice(&whole).unwrap();
    let edit = |edit: &dyn Fn(&mut Value)| {
        let mut edited = store.clone();
        edit(&mut edited);
        is_refused_and_kept(directory.path(), edited.to_string().as_bytes());
    };
    edit(&|store| store["note"] = json!("x"));
    edit(&|store| store["format"] = json!("envelope-keys-2"));
    edit(&|store| store["keys"] = json!({}));
    edit(&|store| store["keys"][0]["note"] = json!("x"));
    edit(&|store| store["keys"][1]["state"] = json!("resting"));
    edit(&|store| store["keys"][1]["state"] = json!("Active"));
    edit(&|store| store["keys"][0]["purpose"] = json!("sign"));
    for id in ["", "0", "00000000", "0000001", "000000001", "+0000001", "0x000001", "zzzzzzzz"] {
        edit(&|store| store["keys"][0]["id"] = json!(id));
    }
    edit(&|store| store["keys"][0]["tenant"] = json!("x".repeat(256)));
    for number in [json!(-1), json!(1.5), json!("1"), json!(null), json!(18_446_744_073_709_551_616_f64)] {
        edit(&|store| store["keys"][0]["revision"] = number.clone());
    }
    for base64 in ["*", "AQ", "AQ=", "AQ==\n", "A Q=="] {
        edit(&|store| store["keys"][0]["wrapped"] = json!(base64));
        edit(&|store| store["keys"][0]["check"] = json!(base64));
    }
    edit(&|store| drop(store["keys"][0].as_object_mut().unwrap().remove("provider_key")));
    edit(&|store| drop(store["keys"][0].as_object_mut().unwrap().remove("wrapped")));
    for field in ["id", "application", "tenant", "purpose", "state", "revision", "created_at", "changed_at"] {
        edit(&|store| drop(store["keys"][0].as_object_mut().unwrap().remove(field)));
    }
    // A field twice, of which a lax reader would take one or the other.
    let twice =
        String::from_utf8(whole).unwrap().replacen("\"revision\"", "\"revision\": 7, \"revision\"", 1);
    is_refused_and_kept(directory.path(), twice.as_bytes());
}

/// The message says which record it is.
#[test]
fn a_damaged_record_is_named() {
    let (directory, path) = directory();
    open(directory.path()).unwrap();
    let mut store: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    store["keys"][1]["state"] = json!("resting");
    fs::write(&path, store.to_string()).unwrap();
    let message = open(directory.path()).unwrap_err().to_string();
    let id = store["keys"][1]["id"].as_str().unwrap();
    assert!([id, "keys[1]", "`state`"].iter().all(|part| message.contains(part)), "{message}");
}

#[test]
fn a_place_that_is_none_is_an_error_of_the_file_system() {
    let (directory, path) = directory();
    fs::create_dir(&path).unwrap();
    let error = open(directory.path()).unwrap_err();
    let KeyError::Store(store) = &error else { panic!("{error}") };
    assert!(matches!(**store, StoreError::Io { .. }) && error.to_string().contains("keys.json"), "{error}");
    let missing = FileStore::new(directory.path().join("missing/keys.json"));
    let error = Keyring::builder(LocalKey::ephemeral().unwrap(), missing).open_blocking().unwrap_err();
    assert!(matches!(error, KeyError::Store(_)), "{error}");
}

fn one_key_for_each_purpose(path: &Path) {
    let mut records = load(&FileStore::new(path), "").unwrap();
    records.sort_by_key(|record| record.purpose);
    let states: Vec<_> = records.iter().map(|record| (record.purpose, record.state)).collect();
    assert_eq!(states, [(Purpose::Encrypt, KeyState::Active), (Purpose::Search, KeyState::Active)]);
}

#[test]
fn threads_that_start_at_once_share_their_keys() {
    for _ in 0..10 {
        let (directory, path) = directory();
        LocalKey::create(directory.path().join("app.key")).unwrap();
        let start = Barrier::new(8);
        let keyrings: Vec<_> = thread::scope(|scope| {
            let open = || {
                start.wait();
                open(directory.path()).unwrap()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        one_key_for_each_purpose(&path);
        for one in &keyrings {
            let (note, email) = (one.seal(UserNote, "x").unwrap(), one.seal(UserEmail, "x").unwrap());
            for other in &keyrings {
                assert_eq!(other.open(UserNote, &note).unwrap(), "x");
                assert_eq!(other.lookup(UserEmail, "x").unwrap(), [&email[..]]);
            }
        }
    }
}

const CHILD: &str = "ENVELOPE_TEST_CHILD_DIRECTORY";

#[test]
fn processes_that_start_at_once_share_their_keys() {
    for _ in 0..3 {
        let (directory, path) = directory();
        let processes: Vec<_> = (0..6)
            .map(|_| {
                Command::new(env::current_exe().unwrap())
                    .args(["--exact", "file_store::as_a_process_of_its_own"])
                    .env(CHILD, directory.path())
                    .stdout(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        let names: Vec<_> = processes
            .into_iter()
            .map(|mut process| {
                assert!(process.wait().unwrap().success());
                process.id().to_string()
            })
            .collect();
        one_key_for_each_purpose(&path);
        let keyring = open(directory.path()).unwrap();
        for name in names {
            // It ran: the name of the test above is the name of a test.
            let value = fs::read(directory.path().join(name)).unwrap();
            assert_eq!(keyring.open(UserNote, &value).unwrap(), "x");
        }
    }
}

/// One of the processes of the test above; nothing when it is run by itself.
#[test]
fn as_a_process_of_its_own() {
    let Some(directory) = env::var_os(CHILD).map(PathBuf::from) else { return };
    let value = open(&directory).unwrap().seal(UserNote, "x").unwrap();
    fs::write(directory.join(std::process::id().to_string()), value).unwrap();
}
