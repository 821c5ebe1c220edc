//! A tenant's keys that are not in memory any more: another tenant took their place, or the key service said no.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    num::NonZeroUsize,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use envelope_core::{
    BoxFuture, Column as _, DataKey, EncryptionContext, GeneratedKey, KeyId, KeyProvider, Keyring,
    MemoryStore, OpenError, ProviderError, Tenant, WrappedKey,
    testing::{Case, TestClock},
};
use zeroize::Zeroizing;

use super::{CHILD, MASK, MASKED_KEY, OVERWRITTEN, count, unhex};
use crate::support::{Email, MINUTE, Note, key_of};

/// A key service whose keys are nowhere in memory but in what it hands out, one for each tenant. It can be told to say no.
#[derive(Clone, Debug, Default)]
struct Masked(Arc<AtomicBool>);

/// The key of a tenant, by the length of its name.
fn unmasked(length: usize) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, masked) in bytes.iter_mut().zip(MASKED_KEY) {
        *byte = masked ^ MASK ^ u8::try_from(length).unwrap();
    }
    bytes
}

impl Masked {
    fn key(&self, context: &EncryptionContext) -> Result<DataKey, ProviderError> {
        if self.0.load(Ordering::SeqCst) {
            return Err(ProviderError::Denied("injected by the test".into()));
        }
        Ok(DataKey::from_bytes(&unmasked(context.tenant().as_str().len())))
    }
}

impl KeyProvider for Masked {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        let wrapped = WrappedKey::new("masked".into(), vec![1]);
        Box::pin(async move { Ok(GeneratedKey { key: self.key(context)?, wrapped }) })
    }

    fn unwrap_key<'a>(
        &'a self,
        _: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(async move { self.key(context) })
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

const TENANT: &str = "acme";

/// The child: uses a tenant's keys, is bereft of them, and answers with what it finds.
#[test]
fn child() {
    let Ok(how) = env::var(CHILD) else { return };
    let (clock, service) = (TestClock::new(), Masked::default());
    let builder = Keyring::builder(service.clone(), MemoryStore::new()).clock(&clock);
    let keyring = builder.max_tenants(NonZeroUsize::MIN).open_blocking().unwrap();
    let acme = keyring.tenant(TENANT).unwrap();
    let (note, email) = (acme.seal(Note, "x").unwrap(), acme.seal(Email, "x").unwrap());
    println!("\nkeys {} {}", key_of(&note), key_of(&email));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).unwrap();
    let needles: Vec<Vec<u8>> = line.split_whitespace().map(unhex).collect();
    println!("in use {:?}", count(&needles));
    if how == "evicted" {
        drop(acme);
        for other in ["globex", "initech"] {
            keyring.tenant(other).unwrap().seal(Note, "x").unwrap();
        }
    } else {
        service.0.store(true, Ordering::SeqCst);
        // Its renewal is refused.
        clock.advance(14 * MINUTE);
        let start = Instant::now();
        while !matches!(acme.open(Note, &note), Err(OpenError::Key { .. })) {
            assert!(start.elapsed() < Duration::from_secs(20), "the refusal is not obeyed");
            thread::sleep(Duration::from_millis(5));
        }
        let _ = acme.open(Email, &email);
    }
    let start = Instant::now();
    while count(&needles).iter().any(|found| *found > 0) && start.elapsed() < Duration::from_secs(5) {
        thread::sleep(Duration::from_millis(50));
    }
    println!("afterwards {:?}", count(&needles));
}

#[test]
#[cfg(target_os = "linux")]
fn evicted_and_refused_keys_are_not_in_memory_afterwards() {
    for how in ["evicted", "denied"] {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["memory::evicted::child", "--exact", "--nocapture", "--test-threads=1"])
            .env(CHILD, how)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let ids = lines.find(|line| line.starts_with("keys ")).unwrap();
        let ids: Vec<KeyId> = ids.split(' ').skip(1).map(|id| id.parse().unwrap()).collect();
        let data_key = *unmasked(TENANT.len());
        let column_key = |key_id, field| {
            let tenant = Tenant::new(TENANT).unwrap();
            Case { data_key, key_id, tenant, field, row: None }.seal([0; 12], b"").column_key
        };
        let siv = column_key(ids[1], Email::FIELD);
        let needles =
            [&data_key, &column_key(ids[0], Note::FIELD)[..], &siv[..32], &siv[32..]].map(|needle| {
                needle[OVERWRITTEN..].iter().map(|byte| format!("{:02x}", byte ^ MASK)).collect::<String>()
            });
        writeln!(child.stdin.take().unwrap(), "{}", needles.join(" ")).unwrap();
        let mut found = |what: &str| {
            let line =
                lines.find(|line| line.starts_with(what)).unwrap_or_else(|| panic!("no line `{what}`"));
            let counts = line[what.len()..].trim_matches(&[' ', '[', ']'][..]).to_owned();
            counts.split(", ").map(|count| count.parse().unwrap()).collect::<Vec<usize>>()
        };
        let in_use = found("in use");
        assert!(in_use.iter().all(|count| *count > 0), "{how}: the search finds nothing: {in_use:?}");
        assert_eq!(found("afterwards"), [0; 4], "{how}");
        assert!(child.wait().unwrap().success(), "{how}");
    }
}
