//! Plaintexts that passed through: sealed, opened, looked up, exported, refused. What the caller holds, the caller wipes.

use std::{env, process::Command};

use envelope_core::{
    Column, Deterministic, Encoding, Field, Json, Keyring, MemoryStore, Mode, OpenError, PlaintextError,
    PlaintextWriter, Randomized, SealError, ToPlaintext, testing,
};
use pollster::block_on;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{CHILD, MASK, MASKED_VALUE, Masked, OVERWRITTEN, count};

#[derive(Clone, Copy, Debug)]
struct Secret;

impl Column for Secret {
    type Plain = SecretString;
    type Mode = Randomized;
    const FIELD: Field = Field::new("users", "secret", "users.secret", Mode::Randomized);
}

#[derive(Clone, Copy, Debug)]
struct Found;

impl Column for Found {
    type Plain = SecretString;
    type Mode = Deterministic;
    const FIELD: Field = Field::new("users", "found", "users.found", Mode::Deterministic);
}

/// Writes its text and then has no encoding after all.
struct Refused(Zeroizing<String>);

impl ToPlaintext for Refused {
    type Plain = String;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        // In pieces, so that the buffer is made anew in between.
        for piece in self.0.as_bytes().chunks(39) {
            out.write(piece);
        }
        out.refuse(PlaintextError::new("anything else"));
    }
}

fn text() -> Zeroizing<String> {
    let bytes = Zeroizing::new(MASKED_VALUE.iter().map(|byte| byte ^ MASK).collect::<Vec<u8>>());
    Zeroizing::new(std::str::from_utf8(&bytes).unwrap().to_owned())
}

/// What is done with a plaintext, by its name.
type Way = (&'static str, fn(&Keyring));

fn ways() -> Vec<Way> {
    fn secret() -> SecretString {
        SecretString::from(text().as_str())
    }
    vec![
        ("sealed and opened", |keyring| {
            drop(keyring.open(Secret, &keyring.seal(Secret, &secret()).unwrap()).unwrap());
            drop(keyring.open(Found, &keyring.seal(Found, &secret()).unwrap()).unwrap());
        }),
        ("looked up", |keyring| drop(keyring.lookup(Found, &secret()).unwrap())),
        ("opened in place", |keyring| {
            let value = keyring.seal(Secret, &secret()).unwrap();
            let place = envelope_core::Place::default();
            drop(keyring.open_at::<SecretString>(&Secret::FIELD, &place, value).unwrap());
        }),
        ("as text", |keyring| {
            let field = Secret::FIELD.encoding(Encoding::Text);
            let value = keyring.seal_field(&field, &secret()).unwrap();
            drop(keyring.open_field::<SecretString>(&field, &value).unwrap());
        }),
        ("exported and imported", |keyring| {
            let value = keyring.export(Secret, &secret()).unwrap();
            drop(block_on(keyring.import(Secret, &value)).unwrap());
        }),
        ("opened as another type", |keyring| {
            let value = keyring.seal(Secret, &secret()).unwrap();
            let error = keyring.open_field::<i64>(&Secret::FIELD, &value).unwrap_err();
            assert!(matches!(error, OpenError::Plaintext { .. }));
            let error = keyring.open_field::<Json<i64>>(&Secret::FIELD, &value).unwrap_err();
            assert!(matches!(error, OpenError::Plaintext { .. }));
        }),
        ("opened where it does not belong", |keyring| {
            let value = keyring.seal(Secret, &secret()).unwrap();
            let other = Field::new("users", "other", "users.other", Mode::Randomized);
            keyring.open_field::<SecretString>(&other, &value).unwrap_err();
            let place = envelope_core::Place::default();
            keyring.open_at::<SecretString>(&other, &place, value).unwrap_err();
        }),
        ("refused while it is written", |keyring| {
            let long = Refused(Zeroizing::new(text().repeat(100)));
            let error = keyring.seal_field(&Secret::FIELD, &long).unwrap_err();
            assert!(matches!(error, SealError::Plaintext { .. }));
        }),
        ("sealed in a list", |keyring| {
            let list = Zeroizing::new(vec![text().to_string(); 20]);
            let value = keyring.seal_field(&Secret::FIELD, &*list).unwrap();
            drop(Zeroizing::new(keyring.open_field::<Vec<String>>(&Secret::FIELD, &value).unwrap()));
        }),
    ]
}

/// The child: does each of these, and says how often it finds the plaintext afterwards.
#[test]
fn child() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let needles = [MASKED_VALUE[OVERWRITTEN..].to_vec()];
    let keyring = Keyring::builder(Masked, MemoryStore::new()).open_blocking().unwrap();
    let held = text();
    println!("\nheld {:?}", count(&needles));
    drop(held);
    for (name, way) in ways() {
        way(&keyring);
        println!("{name} {:?}", count(&needles));
    }
    drop(keyring);
    println!("after all {:?}", count(&needles));
}

#[test]
#[cfg(target_os = "linux")]
fn plaintexts_are_not_in_memory_afterwards() {
    // They run at all.
    for (_, way) in ways() {
        way(&testing::keyring());
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["memory::plain::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("held [1]"), "the search finds nothing: {said}");
    for (name, _) in ways() {
        assert!(said.contains(&format!("\n{name} [0]\n")), "{name}: {said}");
    }
    assert!(said.contains("after all [0]"), "{said}");
}
