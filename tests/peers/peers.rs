//! How many times faster a value of 64 bytes is sealed and opened than by other libraries, all with their keys in memory, in one run.
//!
//! `envelopers`: its caching wrapper over a local key, AES-256-GCM. What it awaits is ready; `pollster` adds some nanoseconds.
//!
//! Not here, since they do not build with this toolchain or take a service: see `docs/performance.md`.

use std::{hint::black_box, time::Duration};

use envelope_bench::{criterion, speedup};
use envelope_core::{Column, Field, Keyring, LocalKey, MemoryStore, Mode, Randomized};
use envelopers::{CacheOptions, CachingKeyWrapper, EnvelopeCipher, SimpleKeyProvider};
use pollster::block_on;

#[derive(Clone, Copy, Debug)]
struct Note;

impl Column for Note {
    type Plain = Vec<u8>;
    type Mode = Randomized;
    const FIELD: Field = Field::new("users", "note", "users.note", Mode::Randomized);
}

fn main() {
    let provider = LocalKey::ephemeral().expect("the operating system has random bytes");
    let keyring = Keyring::builder(provider, MemoryStore::new()).open_blocking().expect("nothing can fail in memory");
    let plaintext = vec![0x61_u8; 64];
    let stored = keyring.seal(Note, &plaintext).expect("the key is there");
    let seal = || drop(black_box(keyring.seal(Note, black_box(&plaintext))));
    let open = || drop(black_box(keyring.open(Note, black_box(&stored))));
    let mut criterion = criterion();

    // Without these its keys are for ten values.
    let cached = CacheOptions::default()
        .with_max_age(Duration::from_secs(3600))
        .with_max_bytes(usize::MAX)
        .with_max_messages(usize::MAX)
        .with_max_entries(10);
    let provider = SimpleKeyProvider::<envelopers::Aes256Gcm>::init([7; 16]);
    let envelopers: EnvelopeCipher<_> = EnvelopeCipher::init(CachingKeyWrapper::new(provider, cached));
    let record = block_on(envelopers.encrypt(&plaintext)).expect("the key is there");
    speedup(
        &mut criterion,
        "seal64_times_faster_than_envelopers",
        || drop(black_box(block_on(envelopers.encrypt(black_box(&plaintext))))),
        seal,
    );
    speedup(
        &mut criterion,
        "open64_times_faster_than_envelopers",
        || drop(black_box(block_on(envelopers.decrypt(black_box(&record))))),
        open,
    );
    criterion.final_summary();
}
