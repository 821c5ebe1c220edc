//! What a value costs beside time: bytes in the database, allocations.

use std::hint::black_box;

use allocation_counter::measure;
use envelope_bench::figure;
use envelope_core::{Column, Deterministic, Field, Keyring, LocalKey, MemoryStore, Mode, Randomized};

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

fn main() {
    let provider = LocalKey::ephemeral().expect("the operating system has random bytes");
    let keyring =
        Keyring::builder(provider, MemoryStore::new()).open_blocking().expect("nothing can fail in memory");
    let plaintext = vec![0x61_u8; 64];
    let note = keyring.seal(Note, &plaintext).expect("the key is there");
    let email = keyring.seal(Email, &plaintext).expect("the key is there");
    figure("bytes_overhead_randomized", note.len().saturating_sub(plaintext.len()));
    figure("bytes_overhead_deterministic", email.len().saturating_sub(plaintext.len()));
    let allocations = |f: &dyn Fn()| {
        f();
        measure(f).count_total
    };
    figure("allocs_seal", allocations(&|| drop(black_box(keyring.seal(Note, &plaintext)))));
    figure("allocs_open", allocations(&|| drop(black_box(keyring.open(Note, &note)))));
    figure("allocs_seal_deterministic", allocations(&|| drop(black_box(keyring.seal(Email, &plaintext)))));
}
