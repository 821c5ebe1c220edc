//! After its last use a key is not in the process's memory any more.
//!
//! A child process uses a key and looks for it in its own memory. What it looks for is handed to it masked, so that the search
//! does not find itself.

#[path = "memory/evicted.rs"]
mod evicted;
#[path = "memory/plain.rs"]
mod plain;

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Seek, SeekFrom, Write},
    process::{Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use envelope_core::{
    BoxFuture, Candidates, Column, DataKey, EncryptionContext, Field, Find, GeneratedKey, Index, KeyId,
    KeyProvider, Keyring, MemoryStore, Normalizer, ProviderError, Take, Tenant, WrappedKey,
    testing::{Case, TestClock},
};
use zeroize::Zeroizing;

use crate::support::{Email, MINUTE, Note, eventually};

const CHILD: &str = "ENVELOPE_TEST_MEMORY_CHILD";
const MASK: u8 = 0x5a;

/// Allocators write so many bytes over the beginning of what is given back to them. The beginning of a key is not looked for: that it is
/// gone does not say that the key is.
const OVERWRITTEN: usize = 16;

/// The data key, masked: the same for each key that the provider makes.
const MASKED_KEY: [u8; 32] = *b"this is no key, but a masked one";

/// A key service whose key is nowhere in memory but in what it hands out.
#[derive(Debug)]
struct Masked;

fn unmasked() -> DataKey {
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, masked) in bytes.iter_mut().zip(MASKED_KEY) {
        *byte = masked ^ MASK;
    }
    DataKey::from_bytes(&bytes)
}

impl KeyProvider for Masked {
    fn generate_key<'a>(
        &'a self,
        _: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        let wrapped = WrappedKey::new("masked".into(), vec![1]);
        Box::pin(async move { Ok(GeneratedKey { key: unmasked(), wrapped }) })
    }

    fn unwrap_key<'a>(
        &'a self,
        _: &'a WrappedKey,
        _: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(async { Ok(unmasked()) })
    }

    fn wrap_key<'a>(
        &'a self,
        _: &'a DataKey,
        _: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(async { Ok(WrappedKey::new("masked".into(), vec![1])) })
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        _: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(async { Ok(wrapped.clone()) })
    }

    fn knows(&self, _: &str) -> bool {
        true
    }
}

/// How often the bytes behind each mask stand in this process's memory.
fn count(masked: &[Vec<u8>]) -> Vec<usize> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = fs::File::open("/proc/self/mem").unwrap();
    let mut counts = vec![0; masked.len()];
    // Allocated once and outside of the search: what is read here is a copy of what is searched.
    let mut buffer = vec![0_u8; 64 << 20];
    let own = buffer.as_ptr().addr();
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        if !rest.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let start = usize::from_str_radix(start, 16).unwrap();
        let end = usize::from_str_radix(end, 16).unwrap();
        if (start..end).contains(&own) || end - start > buffer.len() {
            continue;
        }
        let area = &mut buffer[..end - start];
        if memory.seek(SeekFrom::Start(start as u64)).is_err() || memory.read_exact(area).is_err() {
            continue;
        }
        for (needle, count) in masked.iter().zip(&mut counts) {
            *count += area
                .windows(needle.len())
                .filter(|w| w.iter().zip(needle).all(|(a, b)| a ^ MASK == *b))
                .count();
        }
        area.fill(0);
    }
    counts
}

/// The child: uses the keys, and answers each line with what it finds.
#[test]
fn child() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let clock = TestClock::new();
    let store = Arc::new(MemoryStore::new());
    let open = || Keyring::builder(Masked, Arc::clone(&store)).clock(&clock).open_blocking().unwrap();
    let use_keys = |keyring: &Keyring| {
        let (note, email) = (keyring.seal(Note, "x").unwrap(), keyring.seal(Email, "x").unwrap());
        keyring.open(Note, &note).unwrap();
        keyring.open(Email, &email).unwrap();
        (note, email)
    };
    let keyring = open();
    let (note, email) = use_keys(&keyring);
    println!("\nkeys {} {}", crate::support::key_of(&note), crate::support::key_of(&email));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
    let masked: Vec<Vec<u8>> = line.split_whitespace().map(unhex).collect();

    println!("in use {:?}", count(&masked));
    clock.advance(20 * MINUTE);
    let start = Instant::now();
    while count(&masked).iter().any(|found| *found > 0) && start.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(50));
    }
    println!("after its time {:?}", count(&masked));
    use_keys(&keyring);
    println!("in use again {:?}", count(&masked));
    drop(keyring);
    let start = Instant::now();
    while count(&masked).iter().any(|found| *found > 0) && start.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(50));
    }
    println!("after the keyring {:?}", count(&masked));
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn a_key_is_in_memory_while_it_is_used_and_not_afterwards() {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["memory::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ids = lines.find(|line| line.starts_with("keys ")).unwrap();
    let ids: Vec<KeyId> = ids.split(' ').skip(1).map(|id| id.parse().unwrap()).collect();
    let column_key = |key_id, field| {
        let mut data_key = MASKED_KEY;
        data_key.iter_mut().for_each(|byte| *byte ^= MASK);
        Case { data_key, key_id, tenant: Tenant::default(), field, row: None }.seal([0; 12], b"").column_key
    };
    let mut needles = vec![MASKED_KEY.iter().map(|byte| byte ^ MASK).collect::<Vec<u8>>()];
    needles.push(column_key(ids[0], Note::FIELD));
    let siv = column_key(ids[1], Email::FIELD);
    needles.extend([siv[..32].to_vec(), siv[32..].to_vec()]);
    let masked: Vec<String> = needles
        .iter()
        .map(|needle| &needle[OVERWRITTEN..])
        .map(|needle| needle.iter().map(|byte| format!("{:02x}", byte ^ MASK)).collect())
        .collect();
    writeln!(child.stdin.take().unwrap(), "{}", masked.join(" ")).unwrap();
    let mut found = |what: &str| {
        let line = lines.find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("no line `{what}`"));
        let counts = line[what.len()..].trim_matches(&[' ', '[', ']'][..]).to_owned();
        counts.split(", ").map(|count| count.parse().unwrap()).collect::<Vec<usize>>()
    };
    let in_use = found("in use");
    assert!(in_use.iter().all(|count| *count > 0), "the search finds nothing: {in_use:?}");
    assert_eq!(found("after its time"), [0; 4]);
    let again = found("in use again");
    assert!(again.iter().all(|count| *count > 0), "{again:?}");
    assert_eq!(found("after the keyring"), [0; 4]);
    eventually("the child ends", || child.try_wait().unwrap().is_some());
    assert!(child.wait().unwrap().success());
}

/// What is searched: the value as it is stored, and as the steps of the index leave it.
const SEARCHED: [&str; 2] =
    ["SUPERCALIFRAGILISTICEXPIALIDOCIOUS NAME", "supercalifragilisticexpialidocious name"];

/// Masked when this is compiled.
const fn masked<const N: usize>(text: &str) -> [u8; N] {
    let (mut bytes, mut out, mut at) = (text.as_bytes(), [0; N], 0);
    while let [first, rest @ ..] = bytes {
        out[at] = *first ^ MASK;
        at += 1;
        bytes = rest;
    }
    out
}

const MASKED_VALUE: [u8; 39] = masked(SEARCHED[0]);
const MASKED_ALIKE: [u8; 39] = masked(SEARCHED[1]);

const STEPS: &[&[Normalizer]] =
    &[&[Normalizer::Casefold, Normalizer::Lowercase, Normalizer::Trim, Normalizer::Spaces]];

/// The child: writes and searches a value by indexes of each kind, and says how often it finds it afterwards.
#[test]
fn child_that_searches() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let needles = [MASKED_VALUE, MASKED_ALIKE].map(|masked| masked.to_vec());
    // Of the first word alone, which an index of words copies.
    let needles = [&needles[0][OVERWRITTEN..34], &needles[1][OVERWRITTEN..34]].map(<[u8]>::to_vec);
    let value = || {
        let bytes = Zeroizing::new(MASKED_VALUE.iter().map(|byte| byte ^ MASK).collect::<Vec<u8>>());
        Zeroizing::new(std::str::from_utf8(&bytes).unwrap().to_owned())
    };
    let keyring = Keyring::builder(Masked, MemoryStore::new()).open_blocking().unwrap();
    let search = |take, find: &dyn Fn(&str) -> Find<String>| {
        let field = Field::of_index("users", "index", "users.index", Index::new(take).normalized(STEPS));
        let value = value();
        keyring.terms_field(&field, &*value).unwrap();
        search_in(&keyring, take, &find(&value), &value);
    };
    let held = value();
    println!("\nheld {:?}", count(&needles));
    drop(held);
    search(Take::Whole, &|text| Find::equal(text));
    search(Take::Prefix(3), &Find::starts_with);
    search(Take::Suffix(3), &Find::ends_with);
    search(Take::Words, &Find::words);
    search(Take::Trigrams, &Find::contains);
    envelope_core::analyze([&*value()]).unwrap();
    println!("afterwards {:?}", count(&needles));
}

macro_rules! indexes {
    ($($name:ident: $take:expr;)*) => {
        $(
            #[derive(Clone, Copy, Debug)]
            struct $name;

            impl Column for $name {
                type Plain = String;
                type Mode = Candidates;
                const FIELD: Field = Field::of_index(
                    "users",
                    stringify!($name),
                    concat!("users.", stringify!($name)),
                    Index::new($take).normalized(STEPS),
                );
            }
        )*

        fn search_in(keyring: &Keyring, take: Take, find: &Find<String>, value: &str) {
            $(
                if take == $take {
                    assert!(keyring.search($name, find).unwrap().is_match(value));
                    return;
                }
            )*
            panic!("{take:?}");
        }
    };
}

indexes! {
    Whole: Take::Whole;
    First: Take::Prefix(3);
    Last: Take::Suffix(3);
    Words: Take::Words;
    Parts: Take::Trigrams;
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_searched_is_not_in_memory_afterwards() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["memory::child_that_searches", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("held [1, 0]"), "the search finds nothing: {text}");
    assert!(text.contains("afterwards [0, 0]"), "{text}");
}
