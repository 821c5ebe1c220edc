//! Values of other libraries, made by Python's `cryptography` and by the documentation of Rails: read, and sealed anew.

use std::sync::Arc;

use envelope_core::{
    Encoding, FernetImport, Field, Import, ImportError, Keyring, LocalKey, MemoryStore, OpenError,
    PlaintextRows, RailsImport, RawImport,
};
use envelope_sqlx::ops::{Database, Operations, Plan, RunOptions, Sample};

use crate::world::{KINDS, World, bytes, randomized, text, url};

const PLAINTEXT: &str = "Grüße, Ada";
const GCM: &str = "6465666768696a6b6c6d6e6f0f691ddaba7633b21e233b89765194d40b8379e3a52390af2c00d7fb";
const GCM_WITH_DATA: &str =
    "6465666768696a6b6c6d6e6f0f691ddaba7633b21e233b89f5a1032be6b6ecbeaa53f3dabc427ffa";
const GCM_EMPTY: &str = "6465666768696a6b6c6d6e6f609bd50f6ad76df665f048ba8c5fd706";
/// Its nonce begins as a value of ours does.
const GCM_LIKE_OURS: &str =
    "fe010000000764656667686993c2d008ba121e522d1c98ff4cb66d06e978b0a184be1a6b4161c481";
const CHACHA: &str = "ZGVmZ2hpamtsbW5vc2N4dls6E37bn3EeftjG4ZQ5SO9B4fwu42LJTQ==";
const FERNET_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_FERNET_KEY: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const FERNET: &str =
    "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0OD5WQ-xeGBVscb9XP2C4tN9p2Jyu58z2Z9Uxgy4jcJbfkAYDqP8sf1Cene9LsrvtRwA==";
const RAILS: &str =
    r#"{"p":"DH770ApnPeextwHH","h":{"iv":"ZGVmZ2hpamtsbW5v","at":"QniD8K/HChGJv/+nBww/bQ=="}}"#;
const RAILS_SHA1: &str =
    r#"{"p":"ifkX+kVjFtal7tHG","h":{"iv":"ZGVmZ2hpamtsbW5v","at":"Rzcy//xkYcIKKvJhPXfWYg=="}}"#;
const RAILS_COMPRESSED: &str = r#"{"p":"M5DzpQazDwOI0+2H9nqH97I=","h":{"iv":"ZGVmZ2hpamtsbW5v","at":"hAUzfx/wdUpjntaKk180kA==","c":true}}"#;
const RAILS_DETERMINISTIC: &str =
    r#"{"p":"8AdRU9nO5HULMZCW","h":{"iv":"TVwS2QjfpLZMl9fH","at":"1SNPaLQwV9XHWdb28PGI3g=="}}"#;
const SALT: &str = "salt of the application";

fn key() -> Vec<u8> {
    (0..32).collect()
}

fn rails() -> RailsImport {
    RailsImport::new("primary key of the application", SALT).unwrap()
}

/// Opens, does not open cut or changed anywhere, and never panics.
fn check(importer: &dyn Import, stored: &[u8], plaintext: &str) {
    assert_eq!(&*importer.open(stored).unwrap(), plaintext.as_bytes(), "{importer:?}");
    for at in 0..stored.len() {
        let padding = stored[at..].iter().all(|byte| *byte == b'=');
        assert!(padding || importer.open(&stored[..at]).is_err(), "{importer:?} cut at {at}");
        let mut changed = stored.to_vec();
        changed[at] ^= 0x40;
        // Rails authenticates no header, so whether a plaintext is compressed can be changed.
        if changed[at] == b'#' {
            continue;
        }
        // A letter of JSON's field names, or a bit that base64 leaves over, may be of no meaning.
        if let Ok(opened) = importer.open(&changed) {
            assert_eq!(&*opened, plaintext.as_bytes(), "{importer:?} changed at {at}");
        }
    }
    assert!(!format!("{importer:?}").contains("primary"));
}

#[test]
fn each_form_opens_and_nothing_else_does() {
    let gcm = || RawImport::aes_256_gcm(&key()).unwrap();
    check(&gcm(), &bytes(GCM), PLAINTEXT);
    check(&gcm(), &bytes(GCM_EMPTY), "");
    check(&gcm(), &bytes(GCM_LIKE_OURS), PLAINTEXT);
    check(&gcm().associated_data("users"), &bytes(GCM_WITH_DATA), PLAINTEXT);
    assert_eq!(gcm().open(&bytes(GCM_WITH_DATA)).unwrap_err(), ImportError::NotAuthentic);
    let chacha = RawImport::chacha20_poly1305(&key()).unwrap().base64();
    check(&chacha, CHACHA.as_bytes(), PLAINTEXT);
    check(&chacha, CHACHA.trim_end_matches('=').as_bytes(), PLAINTEXT);
    check(&FernetImport::new([OTHER_FERNET_KEY, FERNET_KEY]).unwrap(), FERNET.as_bytes(), PLAINTEXT);
    check(&rails(), RAILS.as_bytes(), PLAINTEXT);
    check(&rails(), RAILS_COMPRESSED.as_bytes(), &"long ".repeat(60));
    let sha1 = RailsImport::with_sha1("primary key of the application", SALT).unwrap();
    check(&sha1, RAILS_SHA1.as_bytes(), PLAINTEXT);
    check(&RailsImport::new("deterministic key", SALT).unwrap(), RAILS_DETERMINISTIC.as_bytes(), PLAINTEXT);
    // Wrong keys.
    assert_eq!(sha1.open(RAILS.as_bytes()).unwrap_err(), ImportError::NotAuthentic);
    let other = FernetImport::new([OTHER_FERNET_KEY]).unwrap();
    assert_eq!(other.open(FERNET.as_bytes()).unwrap_err(), ImportError::NotAuthentic);
    assert_eq!(other.open(b"ada@example.com").unwrap_err(), ImportError::Form);
    assert_eq!(RawImport::aes_256_gcm(&[0; 31]).unwrap_err(), ImportError::Key);
    assert_eq!(FernetImport::new(["short"]).unwrap_err(), ImportError::Key);
    assert_eq!(FernetImport::new([]).unwrap_err(), ImportError::Key);
    assert_eq!(RailsImport::new("", SALT).unwrap_err(), ImportError::Key);
}

const NOTE: Field = randomized("people", "note", "people.note");

fn keyring(importer: impl Import) -> Keyring {
    let builder = Keyring::builder(LocalKey::ephemeral().unwrap(), Arc::new(MemoryStore::new()));
    builder.import("people.note", importer).open_blocking().unwrap()
}

/// In the application, through the keyring.
#[test]
fn old_values_stay_readable_beside_new_ones() {
    let keyring = keyring(RawImport::aes_256_gcm(&key()).unwrap());
    let open = |field: &Field, stored: &[u8]| keyring.open_field::<String>(field, stored);
    for old in [GCM, GCM_LIKE_OURS] {
        assert_eq!(open(&NOTE, &bytes(old)).unwrap(), PLAINTEXT);
    }
    let new = keyring.seal_field(&NOTE, "new").unwrap();
    assert_eq!(open(&NOTE, &new).unwrap(), "new");
    // A value of ours that was changed is not taken for one of theirs.
    let mut changed = new;
    changed[20] ^= 1;
    assert!(matches!(open(&NOTE, &changed), Err(OpenError::NotAuthentic { .. })));
    assert!(matches!(
        open(&NOTE, &[7; 40]),
        Err(OpenError::Import { source: ImportError::NotAuthentic, .. })
    ));
    assert!(matches!(open(&NOTE, b"ada"), Err(OpenError::NotAnEnvelope { .. })));
    let reads = NOTE.plaintext_rows(PlaintextRows::Read);
    assert_eq!(open(&reads, b"ada").unwrap(), "ada");
    // Another column knows nothing of it.
    let other = randomized("people", "other", "people.other");
    assert!(matches!(open(&other, &bytes(GCM)), Err(OpenError::NotAnEnvelope { .. })));
}

#[tokio::test]
async fn reencrypt_seals_them_as_the_column_is_declared() {
    for kind in KINDS {
        let world = World::new(kind, "CREATE TABLE people (id INT PRIMARY KEY, note <bytes>)", []).await;
        let keyring = keyring(RawImport::aes_256_gcm(&key()).unwrap());
        let binary = |digits: &str| match kind {
            crate::world::Kind::Postgres => format!("'\\x{digits}'"),
            _ => format!("x'{digits}'"),
        };
        world.sql(&format!(
            "INSERT INTO people VALUES (1, {}), (2, {}), (3, {}), (4, NULL)",
            binary(GCM),
            binary(GCM_LIKE_OURS),
            binary(&"07".repeat(40))
        ));
        let database = Database::connect(&url(&world.database), 4).await.unwrap();
        let operations = Operations::new(database, &keyring).declare_columns([text(NOTE)]);
        let drill = operations.verify("people", Sample::All, &RunOptions::new()).await.unwrap();
        assert_eq!((drill.columns[0].imported, drill.failed), (1, 1), "{kind:?} {drill:?}");
        let report = operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((report.changed, report.failed, report.remaining), (2, 1, Some(1)), "{kind:?} {report:?}");
        for stored in &world.stored("people", "note", "id")[..2] {
            let own = world_free(&keyring, stored);
            assert_eq!(own, PLAINTEXT);
        }
        let again = operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!(again.changed, 0);
    }
}

/// What the value is without any importer.
fn world_free(keyring: &Keyring, stored: &[u8]) -> String {
    assert!(envelope_core::ValueHeader::of(stored).is_some());
    keyring.open_field(&NOTE, stored).unwrap()
}

#[tokio::test]
async fn a_column_of_text_is_imported_into_text() {
    for kind in KINDS {
        let note = NOTE.encoding(Encoding::Text);
        let world = World::new(kind, "CREATE TABLE people (id INT PRIMARY KEY, note <text>)", []).await;
        let keyring = keyring(rails());
        world.sql(&format!("INSERT INTO people VALUES (1, '{RAILS}'), (2, '{RAILS_COMPRESSED}')"));
        let database = Database::connect(&url(&world.database), 4).await.unwrap();
        let operations = Operations::new(database, &keyring).declare_columns([text(note)]);
        let report = operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((report.changed, report.failed), (2, 0), "{kind:?} {report:?}");
        assert!(world.stored("people", "note", "id")[0].starts_with(b"env:/g"));
    }
}
