//! Who can write the key store cannot swap, relabel or edit its records: each is refused, and named.

use std::{fs, path::PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};
use envelope_core::{FileStore, KeyError, Keyring, LocalKey, OpenError, SealError};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::columns::{UserEmail, UserNote};

/// A key file with the keys of the default tenant, `acme` and `globex`, and a value of each.
struct Application {
    directory: TempDir,
    values: Vec<(&'static str, Vec<u8>, Vec<u8>)>,
    original: Value,
}

impl Application {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut new = Self { directory, values: Vec::new(), original: Value::Null };
        LocalKey::create(new.path("app.key")).unwrap();
        let keyring = new.open().unwrap();
        for tenant in ["", "acme", "globex"] {
            let keyring = of_tenant(&keyring, tenant);
            let (note, email) = (keyring.seal(UserNote, "x").unwrap(), keyring.seal(UserEmail, "x").unwrap());
            new.values.push((tenant, note, email));
        }
        new.original = serde_json::from_slice(&fs::read(new.path("keys.json")).unwrap()).unwrap();
        assert_eq!(new.original["keys"].as_array().unwrap().len(), 6);
        new
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn open(&self) -> Result<Keyring, KeyError> {
        let key = LocalKey::open(self.path("app.key")).unwrap();
        Keyring::builder(key, FileStore::new(self.path("keys.json"))).open_blocking()
    }

    /// Where a tenant's record stands in the file.
    fn find(&self, tenant: &str, purpose: &str) -> usize {
        let keys = self.original["keys"].as_array().unwrap();
        keys.iter().position(|key| key["tenant"] == tenant && key["purpose"] == purpose).unwrap()
    }

    fn id(&self, index: usize) -> String {
        self.original["keys"][index]["id"].as_str().unwrap().to_owned()
    }

    /// Puts the file back, with an edit.
    fn edit(&self, edit: impl FnOnce(&mut Vec<Value>)) {
        let mut store = self.original.clone();
        edit(store["keys"].as_array_mut().unwrap());
        fs::write(self.path("keys.json"), store.to_string()).unwrap();
    }

    fn values(&self, tenant: &str) -> (&[u8], &[u8]) {
        let (_, note, email) = self.values.iter().find(|(name, ..)| *name == tenant).unwrap();
        (note, email)
    }
}

fn of_tenant(keyring: &Keyring, tenant: &str) -> Keyring {
    if tenant.is_empty() { keyring.clone() } else { keyring.tenant(tenant).unwrap() }
}

fn note_error(keyring: &Keyring, value: &[u8]) -> KeyError {
    match keyring.open(UserNote, value) {
        Err(OpenError::Key { source, .. }) => source,
        other => panic!("{other:?}"),
    }
}

fn flipped(base64: &Value, byte: usize) -> Value {
    let mut bytes = BASE64_STANDARD.decode(base64.as_str().unwrap()).unwrap();
    bytes[byte] ^= 1;
    BASE64_STANDARD.encode(bytes).into()
}

#[test]
fn an_untouched_file_opens() {
    let app = Application::new();
    let keyring = app.open().unwrap();
    for (tenant, note, email) in &app.values {
        let keyring = of_tenant(&keyring, tenant);
        assert_eq!(keyring.open(UserNote, note).unwrap(), "x");
        assert_eq!(keyring.lookup(UserEmail, "x").unwrap(), [&email[..]]);
    }
}

#[test]
fn an_edited_field_is_refused_when_the_application_starts() {
    let app = Application::new();
    for purpose in ["encrypt", "search"] {
        let index = app.find("", purpose);
        let later = json!(app.original["keys"][index]["created_at"].as_u64().unwrap() + 1);
        for (field, value) in [
            ("revision", json!(2)),
            ("revision", json!(u64::MAX)),
            ("created_at", json!(0)),
            ("created_at", later.clone()),
            ("changed_at", json!(0)),
            ("changed_at", later),
            ("check", json!("")),
            ("check", json!(BASE64_STANDARD.encode([0; 32]))),
        ] {
            app.edit(|keys| keys[index][field] = value.clone());
            let error = app.open().unwrap_err();
            assert!(matches!(error, KeyError::RecordChanged { .. }), "{field}: {error}");
            assert!(error.to_string().contains(&app.id(index)), "{field}: {error}");
            assert!(!error.is_transient());
        }
        app.edit(|keys| drop(keys[index].as_object_mut().unwrap().remove("check")));
        assert!(matches!(app.open(), Err(KeyError::RecordChanged { .. })));
        app.edit(|keys| {
            for field in ["wrapped", "provider_key", "check"] {
                keys[index].as_object_mut().unwrap().remove(field);
            }
        });
        assert!(matches!(app.open(), Err(KeyError::RecordChanged { .. })));
    }
}

#[test]
fn every_byte_of_wrapped_key_and_check_counts() {
    let app = Application::new();
    let index = app.find("", "encrypt");
    for (field, length) in [("wrapped", 61), ("check", 32)] {
        for byte in 0..length {
            app.edit(|keys| keys[index][field] = flipped(&keys[index][field], byte));
            let error = app.open().unwrap_err();
            let is_due = match field {
                "wrapped" => matches!(error, KeyError::NotUnwrapped { .. }),
                _ => matches!(error, KeyError::RecordChanged { .. }),
            };
            assert!(is_due && error.to_string().contains(&app.id(index)), "{field} {byte}: {error}");
        }
    }
    for wrapped in ["", "AQ==", "////"] {
        app.edit(|keys| keys[index]["wrapped"] = wrapped.into());
        assert!(matches!(app.open(), Err(KeyError::NotUnwrapped { .. })));
    }
}

#[test]
fn a_record_under_another_id_is_refused() {
    let app = Application::new();
    let (encrypt, search) = (app.find("", "encrypt"), app.find("", "search"));
    app.edit(|keys| keys[encrypt]["id"] = "00000001".into());
    let error = app.open().unwrap_err();
    assert!(
        matches!(error, KeyError::NotUnwrapped { .. }) && error.to_string().contains("00000001"),
        "{error}"
    );
    // Both ids exist, and each has the other's key.
    app.edit(|keys| {
        keys[encrypt]["id"] = app.id(search).into();
        keys[search]["id"] = app.id(encrypt).into();
    });
    assert!(matches!(app.open(), Err(KeyError::NotUnwrapped { .. })));
}

#[test]
fn records_that_swap_their_parts_are_refused() {
    let app = Application::new();
    let pairs = [
        (app.find("", "encrypt"), app.find("", "search")),
        (app.find("", "encrypt"), app.find("acme", "encrypt")),
        (app.find("", "search"), app.find("globex", "search")),
    ];
    for (one, other) in pairs {
        for fields in
            [&["wrapped"][..], &["check"], &["wrapped", "check"], &["purpose"], &["tenant"], &["id"]]
        {
            app.edit(|keys| {
                for field in fields {
                    let first = keys[one][field].take();
                    let second = keys[other][field].take();
                    keys[one][field] = second;
                    keys[other][field] = first;
                }
            });
            let original = app.original["keys"].as_array().unwrap();
            if fields.iter().all(|field| original[one][field] == original[other][field]) {
                continue;
            }
            let error = app.open().unwrap_err();
            let is_due = matches!(error, KeyError::NotUnwrapped { .. } | KeyError::RecordChanged { .. });
            let names = [one, other].into_iter().any(|index| error.to_string().contains(&app.id(index)));
            assert!(is_due && names, "{fields:?}: {error}");
        }
    }
}

#[test]
fn a_tenant_does_not_get_another_tenants_key() {
    let app = Application::new();
    let (acme, globex) = (app.find("acme", "encrypt"), app.find("globex", "encrypt"));
    app.edit(|keys| {
        keys[acme]["tenant"] = "globex".into();
        keys[globex]["tenant"] = "acme".into();
    });
    let keyring = app.open().unwrap();
    for (tenant, index, from) in [("acme", globex, "globex"), ("globex", acme, "acme")] {
        let keyring = of_tenant(&keyring, tenant);
        let error = note_error(&keyring, app.values(from).0);
        assert!(matches!(error, KeyError::NotUnwrapped { .. }), "{error}");
        assert!(error.to_string().contains(&app.id(index)) && error.to_string().contains(tenant), "{error}");
        // Nothing is written under it either.
        assert!(matches!(keyring.seal(UserNote, "x"), Err(SealError::Key { .. })));
        // The tenant's other key is not affected.
        assert_eq!(keyring.open(UserEmail, app.values(tenant).1).unwrap(), "x");
    }
    // Other tenants are not affected at all.
    assert_eq!(keyring.open(UserNote, app.values("").0).unwrap(), "x");
}

#[test]
fn an_edited_state_is_refused() {
    let app = Application::new();
    let index = app.find("acme", "encrypt");
    for state in ["pending", "decrypt-only", "compromised"] {
        app.edit(|keys| keys[index]["state"] = state.into());
        let acme = of_tenant(&app.open().unwrap(), "acme");
        let error = note_error(&acme, app.values("acme").0);
        assert!(matches!(error, KeyError::RecordChanged { .. }), "{state}: {error}");
        assert!(error.to_string().contains(&app.id(index)), "{state}: {error}");
        let error = acme.seal(UserNote, "x").unwrap_err();
        assert!(matches!(error, SealError::Key { .. }), "{state}: {error}");
    }
    // Keys of these states are not unwrapped, so their check is not seen; they open nothing, and that is said.
    for state in ["retired", "destroyed"] {
        app.edit(|keys| keys[index]["state"] = state.into());
        let acme = of_tenant(&app.open().unwrap(), "acme");
        let error = acme.open(UserNote, app.values("acme").0).unwrap_err();
        assert!(matches!(error, OpenError::KeyRetired { .. }), "{state}: {error}");
        assert!(error.to_string().contains(&app.id(index)) && error.to_string().contains(state), "{error}");
        assert!(matches!(
            acme.seal(UserNote, "x"),
            Err(SealError::Key { source: KeyError::NoActive { .. }, .. })
        ));
    }
}

#[test]
fn two_active_keys_are_refused() {
    let app = Application::new();
    let index = app.find("", "encrypt");
    app.edit(|keys| {
        let mut copy = keys[index].clone();
        copy["id"] = "00000001".into();
        keys.push(copy);
    });
    let error = app.open().unwrap_err();
    assert!(matches!(error, KeyError::TwoActive { .. }), "{error}");
    assert!(error.to_string().contains(&app.id(index)) && error.to_string().contains("00000001"), "{error}");
    // The same record twice, and the same id for two keys.
    app.edit(|keys| keys.push(keys[index].clone()));
    assert!(matches!(app.open(), Err(KeyError::RecordChanged { .. })));
    app.edit(|keys| keys[app.find("", "search")]["id"] = app.id(index).into());
    assert!(matches!(app.open(), Err(KeyError::RecordChanged { .. })));
}

#[test]
fn a_record_of_another_application_is_refused() {
    let app = Application::new();
    let index = app.find("", "encrypt");
    app.edit(|keys| keys[index]["application"] = "another".into());
    let error = app.open().unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, KeyError::OtherApplication { .. }), "{error}");
    assert!(
        [&app.id(index), "`another`", "`envelope`"].iter().all(|part| message.contains(part)),
        "{message}"
    );
    // The same when it is the configuration that says another name.
    app.edit(|_| ());
    let before = fs::read(app.path("keys.json")).unwrap();
    let key = LocalKey::open(app.path("app.key")).unwrap();
    let renamed = Keyring::builder(key, FileStore::new(app.path("keys.json"))).application("renamed");
    assert!(matches!(renamed.open_blocking(), Err(KeyError::OtherApplication { .. })));
    assert_eq!(fs::read(app.path("keys.json")).unwrap(), before);
    // And when every record was relabelled to fit: the provider authenticates the name.
    app.edit(|keys| keys.iter_mut().for_each(|key| key["application"] = "renamed".into()));
    let key = LocalKey::open(app.path("app.key")).unwrap();
    let renamed = Keyring::builder(key, FileStore::new(app.path("keys.json"))).application("renamed");
    assert!(matches!(renamed.open_blocking(), Err(KeyError::NotUnwrapped { .. })));
}

#[test]
fn a_record_that_names_another_wrapping_key_is_refused() {
    let app = Application::new();
    let index = app.find("", "encrypt");
    app.edit(|keys| keys[index]["provider_key"] = "local:0000000000000000".into());
    let error = app.open().unwrap_err();
    let own = app.original["keys"][index]["provider_key"].as_str().unwrap();
    let message = error.to_string();
    assert!(matches!(error, KeyError::NotUnwrapped { .. }), "{error}");
    assert!(
        [own, "local:0000000000000000", &app.id(index)].iter().all(|part| message.contains(part)),
        "{message}"
    );
}

/// One damaged record does not close the others: a key that is kept for old rows only is missed when such a row is read.
#[test]
fn a_damaged_record_spoils_itself_only() {
    let app = Application::new();
    let index = app.find("acme", "encrypt");
    app.edit(|keys| keys[index]["wrapped"] = flipped(&keys[index]["wrapped"], 20));
    let keyring = app.open().unwrap();
    let acme = of_tenant(&keyring, "acme");
    assert!(matches!(note_error(&acme, app.values("acme").0), KeyError::NotUnwrapped { .. }));
    assert_eq!(acme.open(UserEmail, app.values("acme").1).unwrap(), "x");
    assert_eq!(keyring.open(UserNote, app.values("").0).unwrap(), "x");
    // No key is made in its place: the active one is still there, and writing waits for its repair.
    assert!(matches!(
        acme.seal(UserNote, "x"),
        Err(SealError::Key { source: KeyError::NotUnwrapped { .. }, .. })
    ));
    app.edit(|_| ());
    let acme = of_tenant(&app.open().unwrap(), "acme");
    assert_eq!(acme.open(UserNote, app.values("acme").0).unwrap(), "x");
}
