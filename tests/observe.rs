//! What operators see of keys: counters and events, and that neither holds a secret. A binary of its own, because a process has one
//! recorder and one subscriber.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]
#![expect(clippy::unwrap_in_result, reason = "what a test returns is what it examines; all else may panic")]

use std::{
    io,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use envelope_core::{
    BoxFuture, Column, DataKey, EncryptionContext, Field, GeneratedKey, KeyProvider, Keyring, MemoryStore,
    Mode, ProviderError, Purpose, Randomized, WrappedKey,
    testing::{Fault, TestClock, TestKms},
};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use pollster::block_on;
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

const MINUTE: Duration = Duration::from_secs(60);
const PLAINTEXT: &str = "a plaintext that is nowhere else";

#[derive(Clone, Copy, Debug)]
struct Note;

impl Column for Note {
    type Plain = String;
    type Mode = Randomized;
    const FIELD: Field = Field::new("users", "note", "users.note", Mode::Randomized);
}

/// A key service that remembers what nobody else may see.
#[derive(Clone, Debug)]
struct Witness {
    kms: TestKms,
    secrets: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Witness {
    fn remember(&self, secret: &[u8]) {
        self.secrets.lock().unwrap().push(secret.to_vec());
    }
}

impl KeyProvider for Witness {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        Box::pin(async move {
            let generated = self.kms.generate_key(context).await?;
            self.remember(generated.key.expose_secret());
            self.remember(generated.wrapped.bytes());
            Ok(generated)
        })
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        self.kms.unwrap_key(wrapped, context)
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.kms.wrap_key(key, context)
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.kms.rewrap_key(wrapped, context)
    }

    fn knows(&self, provider_key: &str) -> bool {
        self.kms.knows(provider_key)
    }

    fn current_key(&self) -> Option<&str> {
        self.kms.current_key()
    }
}

/// Where the events go.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What was written since it was asked last.
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The counters, each added up from the beginning.
struct Counters {
    snapshotter: Snapshotter,
    sums: std::collections::BTreeMap<String, u64>,
}

impl Counters {
    fn read(&mut self) -> &std::collections::BTreeMap<String, u64> {
        for (key, _, _, value) in self.snapshotter.snapshot().into_vec() {
            let labels: Vec<_> = key.key().labels().map(|l| format!("{}={}", l.key(), l.value())).collect();
            let name = [key.key().name(), &labels.join(",")].join(" ").trim_end().to_owned();
            *self.sums.entry(name).or_default() += match value {
                DebugValue::Counter(count) => count,
                DebugValue::Histogram(values) => values.len() as u64,
                DebugValue::Gauge(_) => 0,
            };
        }
        &self.sums
    }

    fn get(&mut self, name: &str) -> u64 {
        self.read().get(name).copied().unwrap_or_default()
    }

    /// Waits for what happens on the keyring's thread.
    fn reaches(&mut self, name: &str, count: u64) {
        let start = Instant::now();
        while self.get(name) < count {
            assert!(start.elapsed() < Duration::from_secs(20), "{name} is {}, not {count}", self.get(name));
            thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(self.get(name), count, "{name}");
    }
}

#[test]
fn counters_and_events_tell_what_happened_and_no_secret() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    let recorder = DebuggingRecorder::new();
    let mut counters = Counters { snapshotter: recorder.snapshotter(), sums: Default::default() };
    recorder.install().unwrap();

    let witness = Witness { kms: TestKms::new(), secrets: Arc::default() };
    let (store, clock) = (Arc::new(MemoryStore::new()), TestClock::new());
    let open = |provider: Witness| {
        Keyring::builder(provider, Arc::clone(&store))
            .clock(&clock)
            .stale_if_error(5 * MINUTE)
            .open_blocking()
            .unwrap()
    };
    let told = |log: &str, parts: &[&str]| {
        assert!(
            log.lines().any(|line| parts.iter().all(|part| line.contains(part))),
            "no line with {parts:?} in\n{log}"
        );
    };
    let mut whole = String::new();
    let mut next = |log: &Log| {
        let part = log.take();
        whole.push_str(&part);
        part
    };

    // A tenant's first keys.
    let keyring = open(witness.clone());
    let acme = keyring.tenant("acme").unwrap();
    let value = acme.seal(Note, PLAINTEXT).unwrap();
    witness.remember(&value);
    let id: String = value[2..6].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(counters.get("envelope_provider_calls_total operation=generate,outcome=ok"), 3);
    assert_eq!(counters.get("envelope_provider_seconds operation=generate"), 3);
    assert_eq!(counters.get("envelope_key_misses_total"), 1);
    let events = next(&log);
    told(
        &events,
        &["INFO", "key changed its state", "tenant=\"acme\"", &id, "to=\"active\"", "purpose=\"encrypt\""],
    );
    told(&events, &["DEBUG", "key provider answered", "operation=\"generate\"", "tenant=\"acme\"", &id]);
    told(&events, &["envelope.provider", "operation=\"generate\"", "tenant=\"acme\""]);
    told(&events, &["a key was not in memory", "tenant=\"acme\""]);

    // Hits are told when the key is renewed: the seal, and 99 reads.
    for _ in 0..99 {
        assert_eq!(acme.open(Note, &value).unwrap(), PLAINTEXT);
    }
    clock.advance(14 * MINUTE);
    acme.open(Note, &value).unwrap();
    counters.reaches("envelope_key_refreshes_total outcome=ok", 1);
    assert_eq!(counters.get("envelope_provider_calls_total operation=unwrap,outcome=ok"), 1);
    acme.open(Note, &value).unwrap();
    counters.reaches("envelope_key_hits_total", 101);
    told(&next(&log), &["key was renewed", "tenant=\"acme\"", &id]);

    // The key service fails, in each way.
    witness.kms.fail(Fault::Throttling);
    clock.advance(14 * MINUTE);
    acme.open(Note, &value).unwrap();
    counters.reaches("envelope_key_refreshes_total outcome=failed", 1);
    assert_eq!(counters.get("envelope_provider_calls_total operation=unwrap,outcome=throttled"), 1);
    told(&next(&log), &["WARN", "key could not be renewed yet", "tenant=\"acme\"", &id]);
    assert_eq!(counters.get("envelope_stale_keys_total"), 0);
    clock.advance(2 * MINUTE);
    acme.open(Note, &value).unwrap();
    counters.reaches("envelope_stale_keys_total", 1);
    told(&next(&log), &["WARN", "a key is used beyond its time", "tenant=\"acme\"", &id]);
    for (fault, outcome) in [
        (Fault::Outage, "unreachable"),
        (Fault::Denial, "denied"),
        (Fault::Disabled, "disabled"),
        (Fault::NotFound, "not-found"),
    ] {
        clock.advance(30 * MINUTE);
        witness.kms.fail(fault);
        acme.open(Note, &value).unwrap_err();
        let name = format!("envelope_provider_calls_total operation=unwrap,outcome={outcome}");
        // A renewal in the background may have asked as well.
        assert!(counters.get(&name) >= 1, "{outcome}");
        told(
            &next(&log),
            &["WARN", "key provider failed", "operation=\"unwrap\"", "tenant=\"acme\"", &id, "error="],
        );
    }
    witness.kms.recover();

    // A key's life.
    clock.advance(30 * MINUTE);
    let pending = block_on(acme.rotate(Purpose::Encrypt)).unwrap().id.to_string();
    told(&next(&log), &["INFO", "key changed its state", &pending, "to=\"pending\""]);
    clock.advance(17 * MINUTE);
    block_on(acme.promote(Purpose::Encrypt)).unwrap();
    let events = next(&log);
    told(&events, &["INFO", &pending, "from=\"pending\"", "to=\"active\""]);
    told(&events, &["INFO", &id, "from=\"active\"", "to=\"decrypt-only\""]);
    clock.advance(17 * MINUTE);
    block_on(acme.retire(id.parse().unwrap())).unwrap();
    acme.open(Note, &value).unwrap_err();
    told(&next(&log), &["INFO", &id, "from=\"decrypt-only\"", "to=\"retired\""]);
    let successor = Witness { kms: witness.kms.successor(), secrets: Arc::clone(&witness.secrets) };
    let provider_key = successor.kms.current_key().unwrap().to_owned();
    block_on(open(successor).tenant("acme").unwrap().rewrap()).unwrap();
    assert_eq!(counters.get("envelope_provider_calls_total operation=rewrap,outcome=ok"), 2);
    told(&next(&log), &["INFO", "key was rewrapped", &pending, &provider_key]);

    // Nothing that is secret, in whatever way bytes are printed, nor any part of it of eight bytes.
    assert!(!whole.contains(PLAINTEXT));
    for secret in witness.secrets.lock().unwrap().iter() {
        for part in secret.windows(8) {
            let hex: String = part.iter().map(|byte| format!("{byte:02x}")).collect();
            let list = format!("{part:?}");
            for printed in [hex.clone(), hex.to_uppercase(), list.trim_matches(['[', ']']).to_owned()] {
                assert!(!whole.contains(&printed), "{printed} of a secret is in\n{whole}");
            }
        }
    }
    for name in counters.read().keys() {
        assert!(
            !name.contains("acme"),
            "{name}: a tenant for each label would be a time series for each tenant"
        );
    }
}
