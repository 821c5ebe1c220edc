//! No `Debug` and no message shows a plaintext, a key or a stored value. Everything that can be printed is, and is searched.

use std::{error::Error, fmt::Debug, fs, future, io, path::PathBuf, sync::Arc};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use envelope_core::{
    AlreadyInstalled, Column, Commit, DataKey, Deterministic, Encoding, FileStore, FromPlaintext,
    GeneratedKey, KeyChange, KeyError, KeyId, KeyIdError, KeyProvider, KeyRecord, KeyState, Keyring,
    LocalKey, MalformedValue, MemoryStore, MissPolicy, Mode, OpenError, Place, PlaceError, PlaintextBytes,
    PlaintextError, PlaintextRows, PlaintextWriter, ProviderError, Purpose, Randomized, RowKey, SealError,
    StoreError, Tenant, TenantNameError, ToPlaintext, WrappedKey,
    testing::{self, Case, Fault, TestKms},
};

use super::{
    columns::{UserAgeNarrow, UserEmail, UserNote},
    vector::{Vector, hex, unhex},
};

const PLAINTEXT: &str = "alice.7391@example.com";
const DATA_KEY: [u8; 32] = *b"\x8c\x1f\xd3\x70\x5a\xe9\x26\xb4\x0f\x97\x6d\xc8\x31\xfa\x42\x9e\
                              \x75\x0b\xe6\x53\xad\x18\xc4\x89\x3e\xf2\x67\xd0\xa1\x4c\x95\x2b";

/// What must not be printed, in every form in which somebody might print it.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn new(secrets: &[(&'static str, &[u8])]) -> Self {
        let mut forms = Vec::new();
        for (what, bytes) in secrets {
            // Parts too: the first half, the second, and the middle.
            for start in [0, bytes.len() / 4, bytes.len() / 2] {
                let part = &bytes[start..start + bytes.len() / 2];
                let spaced = |digits: Vec<String>| digits.join(",");
                forms.push((*what, String::from_utf8_lossy(part).into_owned()));
                forms.push((*what, hex(part)));
                forms.push((*what, spaced(part.iter().map(u8::to_string).collect())));
                forms.push((*what, spaced(part.iter().map(|byte| format!("{byte:x}")).collect())));
                forms.push((*what, spaced(part.iter().map(|byte| format!("{byte:02x}")).collect())));
                forms.push((*what, spaced(part.iter().map(|byte| format!("0x{byte:x}")).collect())));
                forms.push((*what, part.escape_ascii().to_string()));
                // base64 of a text that holds the part somewhere: wherever it begins, these digits are in it.
                for before in 0..3 {
                    let padded = [&[0; 2][..before], part].concat();
                    for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
                        let digits = engine.encode(&padded[..padded.len() / 3 * 3]);
                        forms.push((*what, digits.chars().skip(4).collect()));
                    }
                }
            }
        }
        assert!(forms.iter().all(|(_, form)| form.len() >= 6), "too short to be searched");
        Self(forms.into_iter().map(|(what, form)| (what, plain(&form))).collect())
    }

    /// The first secret in a text, whatever the case of its digits and however it is broken into lines.
    fn find(&self, text: &str) -> Option<&'static str> {
        let text = plain(text);
        self.0.iter().find(|(_, form)| text.contains(form.as_str())).map(|(what, _)| *what)
    }

    fn check(&self, text: &str) {
        if let Some(what) = self.find(text) {
            panic!("shows {what}: {text}");
        }
    }

    fn debug(&self, value: &dyn Debug) {
        self.check(&format!("{value:?}"));
        self.check(&format!("{value:#?}"));
    }

    /// The whole chain of an error.
    fn error(&self, error: &dyn Error) {
        self.debug(&error);
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            assert!(!text.is_empty());
            self.check(&text);
            next = error.source();
        }
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

fn secrets(more: &[(&'static str, &[u8])]) -> Secrets {
    let own: [(&str, &[u8]); 2] = [("the plaintext", PLAINTEXT.as_bytes()), ("the data key", &DATA_KEY)];
    Secrets::new(&[&own, more].concat())
}

fn case() -> Case {
    Case {
        data_key: DATA_KEY,
        key_id: KeyId::new(7).unwrap(),
        tenant: Tenant::default(),
        field: UserNote::FIELD,
        row: None,
    }
}

fn record() -> KeyRecord {
    KeyRecord {
        id: KeyId::new(7).unwrap(),
        application: "shop".into(),
        tenant: Tenant::new("acme").unwrap(),
        purpose: Purpose::Encrypt,
        state: KeyState::Active,
        revision: 1,
        created_at: 0,
        changed_at: 0,
        wrapped: Some(WrappedKey::new("local:name".into(), vec![1; 61])),
        further_wraps: Vec::new(),
        check: vec![2; 32],
    }
}

/// Without this the other tests would prove nothing.
#[test]
fn the_search_finds_what_it_looks_for() {
    let secrets = secrets(&[]);
    let key = DataKey::from_bytes(&DATA_KEY);
    let shown = [
        format!("{:?}", key.expose_secret()),
        format!("{:#?}", key.expose_secret()),
        format!("{:x?}", key.expose_secret()),
        format!("{:02X?}", &key.expose_secret()[8..]),
        hex(&DATA_KEY).to_uppercase(),
        format!("key: {}", hex(&DATA_KEY[..20])),
        BASE64_STANDARD_NO_PAD.encode(DATA_KEY),
        BASE64_URL_SAFE_NO_PAD.encode([&[9; 7][..], &DATA_KEY].concat()),
        BASE64_STANDARD_NO_PAD.encode([&[9; 8][..], &DATA_KEY, &[9; 5]].concat()),
        DATA_KEY.escape_ascii().to_string(),
        format!("Some({PLAINTEXT:?})"),
        format!("{:?}", PLAINTEXT.as_bytes()),
        BASE64_STANDARD_NO_PAD.encode(PLAINTEXT),
        PLAINTEXT[..14].to_owned(),
    ];
    for text in shown {
        assert!(secrets.find(&text).is_some(), "{text}");
    }
    secrets.check("cannot open users.note (key 00000007): not authentic");
}

#[test]
fn keys_are_not_printed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.key");
    let local = LocalKey::create(&path).unwrap();
    let file = fs::read_to_string(&path).unwrap();
    let local_bytes = unhex(file.split(' ').nth(1).unwrap());
    let generated = pollster::block_on(local.generate_key(&record().context())).unwrap();
    let generated_bytes = *generated.key.expose_secret();
    let steps = case().seal([0; 12], PLAINTEXT.as_bytes());
    let secrets = secrets(&[
        ("the local key", &local_bytes),
        ("the generated key", &generated_bytes),
        ("the column key", &steps.column_key),
    ]);
    secrets.debug(&DataKey::from_bytes(&DATA_KEY));
    secrets.debug(&GeneratedKey { key: DataKey::from_bytes(&DATA_KEY), wrapped: generated.wrapped.clone() });
    secrets.debug(&generated);
    secrets.debug(&generated.wrapped);
    secrets.debug(&record());
    secrets.debug(&record().context());
    secrets.debug(&KeyChange::Replace { old: record(), new: record() });
    secrets.debug(&Commit::Done);
    secrets.debug(&MemoryStore::with_records(vec![record()]));
    secrets.debug(&FileStore::new(&path));
    secrets.debug(&TestKms::new());
    secrets.debug(&case());
    secrets.debug(&steps);
    // Everything that holds keys, when it has been used.
    let keyring = case().keyring();
    let sealed = keyring.seal(UserNote, PLAINTEXT).unwrap();
    assert_eq!(keyring.open(UserNote, &sealed).unwrap(), PLAINTEXT);
    secrets.debug(&keyring);
    secrets.debug(&keyring.tenant("acme").unwrap());
    secrets.debug(&keyring.scope(future::ready(PLAINTEXT)));
    let builder = Keyring::builder(local, MemoryStore::with_records(vec![record()]));
    secrets.debug(&builder.on_miss(MissPolicy::Fail));
    let again = LocalKey::open(&path).unwrap();
    secrets.debug(&again);
    secrets.check(again.name());
}

/// Nor what is derived from a local key, which the vectors know.
#[test]
fn derived_keys_are_not_printed() {
    let vectors = Vector::all();
    let find = |name: &str| vectors.iter().find(|vector| vector.name == name).unwrap();
    let wrap_key = find("local-wrap-default-tenant").bytes("wrap-key");
    let file = find("local-file-ascending");
    assert_eq!(find("local-wrap-default-tenant").get("local-key"), file.get("key"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.key");
    LocalKey::create(&path).unwrap();
    fs::write(&path, file.bytes("contents")).unwrap();
    let local = LocalKey::open(&path).unwrap();
    let secrets = secrets(&[("the local key", &file.bytes("key")), ("the wrapping key", &wrap_key)]);
    secrets.debug(&local);
    let keyring = Keyring::builder(local, MemoryStore::new()).open_blocking().unwrap();
    secrets.debug(&keyring);
}

#[test]
fn plaintexts_are_not_printed() {
    thread_local! {
        static SEEN: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
    }

    /// Prints the buffers that pass through its hands.
    struct Curious;

    impl ToPlaintext for Curious {
        type Plain = Self;

        fn write(&self, out: &mut PlaintextWriter<'_>) {
            out.write(PLAINTEXT.as_bytes());
            SEEN.with_borrow_mut(|seen| seen.push(format!("{out:?} {out:#?}")));
        }
    }

    impl FromPlaintext for Curious {
        fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
            SEEN.with_borrow_mut(|seen| seen.push(format!("{bytes:?} {bytes:#?}")));
            assert_eq!(bytes.into_vec(), PLAINTEXT.as_bytes());
            Ok(Self)
        }
    }

    let keyring = testing::keyring();
    let sealed = keyring.seal_field(&UserNote::FIELD, &Curious).unwrap();
    keyring.open_field::<Curious>(&UserNote::FIELD, &sealed).unwrap();
    SEEN.with_borrow(|seen| {
        assert_eq!(seen.len(), 2);
        seen.iter().for_each(|text| secrets(&[]).check(text));
    });
}

/// Every error that stored bytes can cause, with those bytes among the secrets.
#[test]
fn errors_of_opening_show_nothing() {
    let keyring = case().keyring();
    let value = case().seal([0x5C; 12], PLAINTEXT.as_bytes()).value;
    let number = case().keyring().seal_field(&UserAgeNarrow::FIELD, &i64::MAX).unwrap();
    let secrets = secrets(&[("the stored value", &value)]);
    let mut kinds = std::collections::BTreeSet::new();
    let mut check = |error: OpenError| {
        secrets.error(&error);
        assert!(error.to_string().contains("users."), "{error}");
        kinds.insert(format!("{error:?}").split_whitespace().next().unwrap().to_owned());
    };
    for at in 0..value.len() {
        for bit in 0..8 {
            let mut changed = value.clone();
            changed[at] ^= 1 << bit;
            check(keyring.open(UserNote, &changed).unwrap_err());
        }
        check(keyring.open(UserNote, &value[..at]).unwrap_err());
        // Found where an envelope should be, plaintext is a secret too.
        check(keyring.open(UserNote, PLAINTEXT.as_bytes()).unwrap_err());
    }
    check(keyring.open(UserEmail, &value).unwrap_err());
    check(keyring.open_field::<bool>(&UserNote::FIELD, &value).unwrap_err());
    check(keyring.open_field::<f64>(&UserNote::FIELD, &value).unwrap_err());
    check(keyring.open_field::<u128>(&UserNote::FIELD, &value).unwrap_err());
    check(keyring.open_field::<[u8; 3]>(&UserNote::FIELD, &value).unwrap_err());
    let not_text = case().seal([1; 12], &[PLAINTEXT.as_bytes(), b"\xff"].concat()).value;
    check(keyring.open(UserNote, &not_text).unwrap_err());
    let error = keyring.open(UserAgeNarrow, &number).unwrap_err();
    assert!(!error.to_string().contains("9223372036854775807"), "{error}");
    let kms = TestKms::new();
    let acme =
        Keyring::builder(kms.clone(), MemoryStore::new()).allow_test_provider().open_blocking().unwrap();
    let acme = acme.tenant("acme").unwrap();
    kms.fail(Fault::Denial);
    secrets.error(&acme.seal(UserNote, PLAINTEXT).unwrap_err());
    assert!(kinds.len() >= 6, "{kinds:?}");
}

/// Every variant can be printed, says something, and shows nothing but names.
#[test]
fn every_error_has_a_message() {
    let (field, key, tenant) = (UserNote::FIELD.name(), KeyId::new(7).unwrap(), Tenant::new("acme").unwrap());
    let path = || PathBuf::from("/etc/app.key");
    let io = || io::Error::from(io::ErrorKind::PermissionDenied);
    let providers = || {
        [
            ProviderError::Unreachable("timed out".into()),
            ProviderError::Throttled("slow down".into()),
            ProviderError::Denied("no".into()),
            ProviderError::Disabled("no".into()),
            ProviderError::NotFound("no".into()),
            ProviderError::WrongKey { found: "local:a".into(), expected: "local:b".into() },
            ProviderError::NotAuthentic,
            ProviderError::BadAnswer("with a data key of 0 bytes".into()),
            ProviderError::KeyFileMissing(path()),
            ProviderError::KeyFileExists(path()),
            ProviderError::KeyFileExposed { path: path(), mode: 0o644 },
            ProviderError::KeyFileDamaged(path()),
            ProviderError::KeyFileIo { path: path(), source: io() },
        ]
    };
    let stores = [
        StoreError::Unavailable("timed out".into()),
        StoreError::Io { path: path(), source: io() },
        StoreError::Damaged { place: "keys.json".into(), reason: "`state` is not valid".into() },
    ];
    let mut keys: Vec<KeyError> = Vec::new();
    for provider in providers() {
        keys.push(KeyError::Unavailable(Arc::new(provider)));
    }
    for provider in providers() {
        keys.push(KeyError::NotUnwrapped { id: key, tenant: tenant.clone(), source: Arc::new(provider) });
    }
    keys.extend(stores.into_iter().map(|store| KeyError::Store(Arc::new(store))));
    keys.extend([
        KeyError::Denied(Arc::new(ProviderError::Denied("no".into()))),
        KeyError::RecordChanged { id: key, tenant: tenant.clone() },
        KeyError::OtherApplication { id: key, found: "blog".into(), expected: "shop".into() },
        KeyError::TwoActive { tenant: tenant.clone(), purpose: Purpose::Search, first: key, second: key },
        KeyError::NoActive { tenant: tenant.clone(), purpose: Purpose::Encrypt },
        KeyError::Deadline { tenant: tenant.clone(), seconds: 0.5 },
        KeyError::Contention { tenant: tenant.clone() },
        KeyError::Thread(Arc::new(io())),
        KeyError::Tenant(Tenant::new("").unwrap_err()),
        KeyError::ApplicationName,
        KeyError::TestProvider,
    ]);
    let secrets = secrets(&[]);
    for source in keys {
        secrets.error(&source);
        secrets.error(&SealError::Key { field, source: source.clone() });
        secrets.error(&OpenError::Key { field, key, source });
    }
    secrets.error(&SealError::TooLong { field, length: 1 << 31 });
    secrets.error(&SealError::NotSearchable { field });
    secrets.error(&OpenError::UnknownKey { field, key, tenant: tenant.clone() });
    secrets.error(&OpenError::KeyRetired { field, key, state: KeyState::Destroyed });
    secrets.error(&OpenError::NotAuthentic { field, key });
    secrets.error(&OpenError::NotAnEnvelope { field });
    for reason in [
        MalformedValue::Truncated,
        MalformedValue::TooLong,
        MalformedValue::UnknownSuite(2),
        MalformedValue::SelfContained,
        MalformedValue::KeyIdZero,
        MalformedValue::Text,
    ] {
        secrets.error(&OpenError::Malformed { field, reason });
    }
    let (found, declared) = (Mode::Randomized, Mode::Deterministic);
    secrets.error(&OpenError::WrongMode { field, found, declared });
    let (found, declared) = (Encoding::Bytes, Encoding::Text);
    secrets.error(&OpenError::WrongEncoding { field, found, declared });
    for source in [
        PlaceError::NoRow,
        PlaceError::RowTooLong(65_536),
        PlaceError::RowId(PlaintextError::new("an IBAN")),
        PlaceError::NoTenant,
        PlaceError::TenantName(Tenant::new("").unwrap_err()),
        PlaceError::OtherTenant { row: tenant.clone(), keyring: Tenant::new("other").unwrap() },
    ] {
        secrets.error(&SealError::Place { field, source: source.clone() });
        secrets.error(&OpenError::Place { field, source: source.clone() });
        secrets.error(&source);
    }
    secrets.error(&OpenError::Plaintext { field, source: PlaintextError::new("an IBAN") });
    secrets.error(&Tenant::new("").unwrap_err() as &TenantNameError);
    secrets.error(&"x".parse::<KeyId>().unwrap_err() as &KeyIdError);
    let names: [&dyn Debug; 10] = [
        &RowKey::new(PLAINTEXT),
        &Place::default().in_row(RowKey::new(PLAINTEXT)),
        &UserNote,
        &UserNote::FIELD.plaintext_rows(PlaintextRows::Read),
        &field,
        &tenant,
        &key,
        &(Purpose::ALL, KeyState::ALL),
        &std::any::type_name::<(Deterministic, Randomized, AlreadyInstalled)>(),
        &Fault::Silence,
    ];
    names.into_iter().for_each(|name| secrets.debug(name));
}
