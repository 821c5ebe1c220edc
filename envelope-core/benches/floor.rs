//! Values of a column against their floors: the same cipher with a ready key, nonces from a generator in the process, one allocation.
//!
//! `figure NAME VALUE` lines: the time of the keyring's call divided by that of the floor, measured in turns.

use std::hint::black_box;

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit};
use aes_siv::siv::Aes256Siv;
use envelope_bench::{Criterion, criterion, figure, median, ratio, time};
use envelope_core::{
    Column, Deterministic, Field, Index, Keyring, LocalKey, MemoryStore, Mode, Randomized, Take,
};
use hmac::{Hmac, Mac};
use rand::RngExt;
use sha2::Sha256;

const SIZES: [usize; 4] = [16, 64, 1024, 16_384];

#[derive(Clone, Copy, Debug)]
struct Note;

impl Column for Note {
    type Plain = Vec<u8>;
    type Mode = Randomized;
    const FIELD: Field = Field::new("users", "note", "users.note", Mode::Randomized);
}

#[derive(Clone, Copy, Debug)]
struct Email;

impl Column for Email {
    type Plain = Vec<u8>;
    type Mode = Deterministic;
    const FIELD: Field = Field::new("users", "email", "users.email", Mode::Deterministic);
}

const EMAIL_INDEX: Field =
    Field::of_index("users", "email_index", "users.email_index", Index::new(Take::Whole));

/// The associated data of a value of `users.note`, which the floor authenticates too: header, label, tenant, context, no row.
const AD: &[u8] = b"\xfe\x01\0\0\0\x07\0\x11envelope/v1/value\0\0\0\x0ausers.note\0";

const HEADER: &[u8] = AD.split_at(6).0;

fn keyring() -> Keyring {
    let provider = LocalKey::ephemeral().expect("the operating system has random bytes");
    Keyring::builder(provider, MemoryStore::new()).open_blocking().expect("nothing can fail in memory")
}

/// AES-256-GCM with an expanded key, a nonce of the thread's ChaCha generator, one allocation.
fn seal_floor(cipher: &Aes256Gcm, plaintext: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 12];
    rand::rng().fill(&mut nonce);
    let mut value = Vec::with_capacity(plaintext.len().saturating_add(34));
    value.extend_from_slice(HEADER);
    value.extend_from_slice(&nonce);
    value.extend_from_slice(plaintext);
    let body = value.split_at_mut(18).1;
    let tag = cipher.encrypt_inout_detached((&nonce).into(), AD, body.into()).expect("it is short");
    value.extend_from_slice(&tag);
    value
}

fn open_floor(cipher: &Aes256Gcm, value: &[u8]) -> Vec<u8> {
    let (nonce, rest) = value.split_at(6).1.split_first_chunk::<12>().expect("it is a value");
    let (ciphertext, tag) = rest.split_last_chunk::<16>().expect("it is a value");
    let mut plaintext = ciphertext.to_vec();
    cipher
        .decrypt_inout_detached(nonce.into(), AD, plaintext.as_mut_slice().into(), tag.into())
        .expect("it was sealed here");
    plaintext
}

/// One call of AES-SIV with a ready key, into one allocation.
fn deterministic_floor(cipher: &mut Aes256Siv, plaintext: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(plaintext.len().saturating_add(22));
    value.extend_from_slice(HEADER);
    value.extend_from_slice(&[0; 16]);
    value.extend_from_slice(plaintext);
    let (front, body) = value.split_at_mut(22);
    let iv = cipher.encrypt_inout_detached([AD], body.into()).expect("it is short");
    front.split_at_mut(6).1.copy_from_slice(&iv);
    value
}

/// One HMAC with a ready key.
fn index_floor(mac: &Hmac<Sha256>, plaintext: &[u8]) -> [u8; 32] {
    let mut mac = mac.clone();
    mac.update(plaintext);
    mac.finalize().into_bytes().into()
}

#[cfg(feature = "aws-lc")]
fn aws_lc(criterion: &mut Criterion) {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
    use envelope_core::CipherBackend;

    let provider = LocalKey::ephemeral().expect("the operating system has random bytes");
    let keyring = Keyring::builder(provider, MemoryStore::new()).cipher(CipherBackend::AwsLc);
    let keyring = keyring.open_blocking().expect("nothing can fail in memory");
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("it has 32 bytes"));
    let seal = |plaintext: &[u8]| {
        let mut nonce = [0; 12];
        rand::rng().fill(&mut nonce);
        let mut value = Vec::with_capacity(plaintext.len().saturating_add(34));
        value.extend_from_slice(HEADER);
        value.extend_from_slice(&nonce);
        value.extend_from_slice(plaintext);
        let body = value.split_at_mut(18).1;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(AD), body).expect("it is short");
        value.extend_from_slice(tag.as_ref());
        value
    };
    let open = |value: &[u8]| {
        let (nonce, rest) = value.split_at(6).1.split_first_chunk::<12>().expect("it is a value");
        let (ciphertext, tag) = rest.split_last_chunk::<16>().expect("it is a value");
        let mut plaintext = ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place_separate_tag(nonce, Aad::from(AD), tag, &mut plaintext);
        opened.expect("it was sealed here");
        plaintext
    };
    for size in SIZES {
        let plaintext = vec![0x61; size];
        let (stored, stored_floor) =
            (keyring.seal(Note, &plaintext).expect("the key is there"), seal(&plaintext));
        ratio(
            criterion,
            &format!("seal{size}_vs_floor_aws_lc"),
            || drop(black_box(seal(black_box(&plaintext)))),
            || drop(black_box(keyring.seal(Note, black_box(&plaintext)))),
        );
        ratio(
            criterion,
            &format!("open{size}_vs_floor_aws_lc"),
            || drop(black_box(open(black_box(&stored_floor)))),
            || drop(black_box(keyring.open(Note, black_box(&stored)))),
        );
    }
}

/// How many values two threads seal in the time in which one seals one.
fn threads() {
    const VALUES: u64 = 200_000;
    let keyring = keyring();
    let plaintext = vec![0x61_u8; 64];
    let mut seal = || drop(black_box(keyring.seal(Note, black_box(&plaintext))));
    let scaling = (0..9).map(|_| {
        let one = time(VALUES, &mut seal);
        let start = std::time::Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    time(VALUES, &mut || drop(black_box(keyring.seal(Note, black_box(&plaintext)))))
                });
            }
        });
        2.0 * one.as_secs_f64() / start.elapsed().as_secs_f64()
    });
    if let Some(scaling) = median(scaling.collect()) {
        figure("seal64_threads_2_vs_1", format_args!("{scaling:.2}"));
    }
}

fn core(criterion: &mut Criterion) {
    let keyring = keyring();
    let gcm = Aes256Gcm::new(&[7; 32].into());
    let mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("HMAC takes keys of any length");
    let mut siv = Aes256Siv::new(&[7; 64].into());
    for size in SIZES {
        let plaintext = vec![0x61; size];
        ratio(
            criterion,
            &format!("seal{size}_vs_floor"),
            || drop(black_box(seal_floor(&gcm, black_box(&plaintext)))),
            || drop(black_box(keyring.seal(Note, black_box(&plaintext)))),
        );
        let (stored, stored_floor) =
            (keyring.seal(Note, &plaintext).expect("the key is there"), seal_floor(&gcm, &plaintext));
        assert_eq!(stored.len(), stored_floor.len(), "the floor writes as much as the keyring");
        ratio(
            criterion,
            &format!("open{size}_vs_floor"),
            || drop(black_box(open_floor(&gcm, black_box(&stored_floor)))),
            || drop(black_box(keyring.open(Note, black_box(&stored)))),
        );
        ratio(
            criterion,
            &format!("det{size}_vs_floor"),
            || drop(black_box(deterministic_floor(&mut siv, black_box(&plaintext)))),
            || drop(black_box(keyring.seal(Email, black_box(&plaintext)))),
        );
        ratio(
            criterion,
            &format!("index{size}_vs_floor"),
            || _ = black_box(index_floor(&mac, black_box(&plaintext))),
            || drop(black_box(keyring.seal_field(&EMAIL_INDEX, black_box(&plaintext)))),
        );
    }
}

fn main() {
    let mut criterion = criterion();
    core(&mut criterion);
    #[cfg(feature = "aws-lc")]
    aws_lc(&mut criterion);
    threads();
    criterion.final_summary();
}
