//! One data key in several hands, and values that carry their own.

use std::{fs, os::unix::fs::PermissionsExt};

use age::secrecy::ExposeSecret;
use envelope_core::{
    AgeKey, KeyError, Keyring, MalformedValue, MemoryStore, OpenError, ProviderError,
    testing::{Fault, TestKms},
};
use pollster::block_on;

use crate::support::{Email, Note, World};

#[test]
fn another_hand_helps_in_an_outage_and_not_after_a_denial() {
    let world = World::new();
    let escrow = TestKms::new();
    let builder = || world.builder().also_wrapped_by(escrow.clone());
    let value = builder().open_blocking().unwrap().seal(Note, "x").unwrap();
    assert!(world.store.records().iter().all(|record| record.further_wraps.len() == 1));

    world.kms.fail(Fault::Outage);
    assert_eq!(builder().open_blocking().unwrap().open(Note, &value).unwrap(), "x");
    world.kms.fail(Fault::Denial);
    assert!(matches!(builder().open_blocking(), Err(KeyError::Denied(_))));
    world.kms.recover();

    // The escrow alone opens everything: the drill for the loss of the first service.
    let recovered = Keyring::builder(escrow.clone(), MemoryStore::with_records(world.store.records()));
    assert_eq!(recovered.open_blocking().unwrap().open(Note, &value).unwrap(), "x");
}

/// Whoever can write the key table cannot go round a provider that denies by naming another.
#[test]
fn a_record_that_names_a_stranger_is_not_opened_by_another_hand() {
    let world = World::new();
    let escrow = TestKms::new();
    world.builder().also_wrapped_by(escrow.clone()).open_blocking().unwrap();
    world.kms.fail(Fault::Denial);
    let mut records = world.store.records();
    for record in &mut records {
        let bytes = record.wrapped.as_ref().unwrap().bytes().to_vec();
        record.wrapped = Some(envelope_core::WrappedKey::new("stranger".into(), bytes));
    }
    let store = MemoryStore::with_records(records);
    let opened = Keyring::builder(world.kms.clone(), store)
        .allow_test_provider()
        .also_wrapped_by(escrow)
        .open_blocking();
    assert!(matches!(opened, Err(KeyError::NotUnwrapped { .. })), "{opened:?}");
}

#[test]
fn a_key_is_not_used_before_every_hand_has_it() {
    let world = World::new();
    let escrow = TestKms::new();
    escrow.fail(Fault::Outage);
    let opened = world.builder().also_wrapped_by(escrow.clone()).open_blocking();
    assert!(matches!(opened, Err(KeyError::Unavailable(_))), "{opened:?}");
    assert!(world.store.records().is_empty());
}

#[test]
fn the_list_of_wraps_is_bound() {
    let world = World::new();
    let escrow = TestKms::new();
    world.builder().also_wrapped_by(escrow.clone()).open_blocking().unwrap();
    let changes: [fn(&mut Vec<envelope_core::WrappedKey>); 3] = [
        |wraps| wraps.clear(),
        |wraps| wraps.extend(wraps.clone()),
        |wraps| wraps[0] = envelope_core::WrappedKey::new("elsewhere".into(), wraps[0].bytes().to_vec()),
    ];
    for change in changes {
        let mut records = world.store.records();
        records.iter_mut().for_each(|record| change(&mut record.further_wraps));
        let opened = Keyring::builder(world.kms.clone(), MemoryStore::with_records(records)).open_blocking();
        assert!(matches!(opened, Err(KeyError::RecordChanged { .. })), "{opened:?}");
    }
}

#[test]
fn an_exported_value_needs_the_provider_and_no_store() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.export(Email, "a@example.com").unwrap();
    assert_eq!(value[0], 0xfd);
    assert!(!value.windows(5).any(|window| window == b"a@exa"));
    // Another application's column, another tenant, a column's own bytes, another service: refused.
    assert!(matches!(block_on(keyring.import(Note, &value)), Err(OpenError::NotAuthentic { .. })));
    assert!(block_on(keyring.tenant("acme").unwrap().import(Email, &value)).is_err());
    let stored = keyring.seal(Email, "a@example.com").unwrap();
    let error = block_on(keyring.import(Email, &stored)).unwrap_err();
    assert!(
        matches!(error, OpenError::Malformed { reason: MalformedValue::NotSelfContained, .. }),
        "{error:?}"
    );
    assert!(matches!(
        keyring.open(Email, &value),
        Err(OpenError::Malformed { reason: MalformedValue::SelfContained, .. })
    ));
    let stranger = Keyring::builder(TestKms::new(), MemoryStore::new()).open_blocking().unwrap();
    assert!(block_on(stranger.import(Email, &value)).is_err());

    let elsewhere = Keyring::builder(world.kms.clone(), MemoryStore::new()).open_blocking().unwrap();
    assert_eq!(block_on(elsewhere.import(Email, &value)).unwrap(), "a@example.com");
    assert_eq!(block_on(keyring.import(Email, &value)).unwrap(), "a@example.com");
    assert!(Keyring::wrapping_key_of(&value).unwrap().starts_with("local:"));
}

#[test]
fn no_change_of_an_exported_value_opens() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.export(Note, "secret").unwrap();
    for length in 0..value.len() {
        assert!(block_on(keyring.import(Note, &value[..length])).is_err(), "cut to {length}");
    }
    for index in 0..value.len() {
        for bit in 0..8 {
            let mut changed = value.clone();
            changed[index] ^= 1 << bit;
            assert!(block_on(keyring.import(Note, &changed)).is_err(), "bit {bit} of byte {index}");
        }
    }
    let mut longer = value.clone();
    longer.push(0);
    assert!(block_on(keyring.import(Note, &longer)).is_err());
}

/// The drill for the loss of the key service: the offline private key, and a copy of the key table.
#[test]
fn the_offline_key_alone_opens_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("escrow.txt");
    let identity = age::x25519::Identity::generate();
    let public = identity.to_public().to_string();
    let text = format!("# public key: {public}\n{}\n", identity.to_string().expose_secret());
    fs::write(&path, &text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(AgeKey::identity_file(&path), Err(ProviderError::KeyFileExposed { .. })));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(matches!(AgeKey::recipient("age1nonsense"), Err(ProviderError::NotAnAgeRecipient(_))));

    let world = World::new();
    let keyring =
        world.builder().also_wrapped_by(AgeKey::recipient(&public).unwrap()).open_blocking().unwrap();
    let (note, email) = (keyring.seal(Note, "x").unwrap(), keyring.seal(Email, "a@example.com").unwrap());
    let acme = keyring.tenant("acme").unwrap().seal(Note, "y").unwrap();

    // The public half opens nothing.
    let copy = || MemoryStore::with_records(world.store.records());
    let public_half = Keyring::builder(AgeKey::recipient(&public).unwrap(), copy()).open_blocking();
    assert!(matches!(public_half, Err(KeyError::Denied(_))), "{public_half:?}");
    // Another key pair neither.
    let other = folder.path().join("other.txt");
    fs::write(&other, age::x25519::Identity::generate().to_string().expose_secret()).unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).unwrap();
    let stranger = Keyring::builder(AgeKey::identity_file(&other).unwrap(), copy()).open_blocking();
    assert!(matches!(stranger, Err(KeyError::NotUnwrapped { .. })), "{stranger:?}");

    let recovered = Keyring::builder(AgeKey::identity_file(&path).unwrap(), copy()).open_blocking().unwrap();
    assert_eq!(recovered.open(Note, &note).unwrap(), "x");
    assert_eq!(recovered.open(Email, &email).unwrap(), "a@example.com");
    assert_eq!(recovered.tenant("acme").unwrap().open(Note, &acme).unwrap(), "y");

    // The wraps of two keys, swapped: the context is inside of the age file.
    let mut records = world.store.records();
    let wraps = records[0].further_wraps.clone();
    records[0].further_wraps = records[1].further_wraps.clone();
    records[1].further_wraps = wraps;
    let swapped = Keyring::builder(AgeKey::identity_file(&path).unwrap(), MemoryStore::with_records(records));
    assert!(matches!(swapped.open_blocking(), Err(KeyError::NotUnwrapped { .. })));

    for damage in ["", "AGE-SECRET-KEY-1NONSENSE", &format!("{text}{text}")] {
        fs::write(&path, damage).unwrap();
        assert!(matches!(AgeKey::identity_file(&path), Err(ProviderError::KeyFileDamaged(_))), "{damage:?}");
    }
}
