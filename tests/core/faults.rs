//! What a keyring does when its key provider or key store fails, is silent, or is in disagreement.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use envelope_core::{
    BoxFuture, DataKey, EncryptionContext, GeneratedKey, KeyError, KeyProvider, Keyring, LocalKey,
    MemoryStore, MissPolicy, OpenError, ProviderError, SealError, WrappedKey,
    testing::{Fault, TestKms},
};

use super::{
    columns::{UserEmail, UserNote},
    shared_store::{SharedStore, cold, stored},
};

/// Long enough for a busy machine, where nothing is slow on purpose.
const PATIENT: MissPolicy = MissPolicy::Wait(Duration::from_secs(20));
const SOON: MissPolicy = MissPolicy::Wait(Duration::from_millis(200));

#[test]
fn an_outage_is_an_outage_and_passes() {
    let (kms, store, _, acme_value) = stored();
    for (fault, is_transient) in [
        (Fault::Outage, true),
        (Fault::Throttling, true),
        (Fault::Denial, false),
        (Fault::Disabled, false),
        (Fault::NotFound, false),
    ] {
        kms.recover();
        let keyring = cold(&kms, &store, PATIENT);
        kms.fail(fault);
        // Asked twice: a failure is remembered for a moment, and says the same.
        for _ in 0..2 {
            let error = keyring.open(UserNote, &acme_value).unwrap_err();
            let OpenError::Key { source, .. } = &error else { panic!("{fault:?}: {error}") };
            assert_eq!(source.is_transient(), is_transient, "{fault:?}: {error}");
            assert!(error.to_string().contains("users.note"), "{error}");
            let error = keyring.seal(UserNote, "x").unwrap_err();
            assert!(matches!(&error, SealError::Key { source, .. } if source.is_transient() == is_transient));
            let error = pollster::block_on(keyring.warm()).unwrap_err();
            assert!(matches!(error, KeyError::Unavailable(_) | KeyError::Denied(_)), "{error}");
        }
        kms.recover();
        let start = Instant::now();
        while let Err(error) = keyring.open(UserNote, &acme_value) {
            assert!(start.elapsed() < Duration::from_secs(10), "after {fault:?}: {error}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Keys that are in memory outlive an outage.
#[test]
fn a_warm_keyring_does_not_notice_an_outage() {
    let (kms, store, value, _) = stored();
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    kms.fail(Fault::Outage);
    assert_eq!(keyring.open(UserNote, &value).unwrap(), "x");
    assert_eq!(keyring.open(UserNote, &keyring.seal(UserNote, "y").unwrap()).unwrap(), "y");
}

#[test]
fn a_new_application_stores_no_key_that_it_did_not_get() {
    for fault in [Fault::Outage, Fault::Denial] {
        let (kms, store) = (TestKms::new(), SharedStore::new());
        kms.fail(fault);
        store.keyring(&kms).open_blocking().unwrap_err();
        assert!(store.records().is_empty());
        kms.recover();
        store.keyring(&kms).open_blocking().unwrap();
        assert_eq!(store.records().len(), 2);
    }
}

#[test]
fn silence_ends_at_the_deadline() {
    let (kms, store, _, acme_value) = stored();
    let keyring = cold(&kms, &store, SOON);
    kms.fail(Fault::Silence);
    let start = Instant::now();
    let error = keyring.open(UserNote, &acme_value).unwrap_err();
    let waited = start.elapsed();
    assert!(matches!(&error, OpenError::Key { source: KeyError::Deadline { .. }, .. }), "{error}");
    assert!(error.to_string().contains("warm()") && error.to_string().contains("0.2 s"), "{error}");
    assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
}

/// A key service that was silent once, and is there again, is asked again.
#[test]
fn silence_passes() {
    let (kms, store, _, acme_value) = stored();
    let keyring = cold(&kms, &store, SOON);
    kms.fail(Fault::Silence);
    keyring.open(UserNote, &acme_value).unwrap_err();
    kms.recover();
    let start = Instant::now();
    while let Err(error) = keyring.open(UserNote, &acme_value) {
        assert!(start.elapsed() < Duration::from_secs(10), "{error}");
    }
}

/// Who gives up does not stop the fetch: the next one finds the keys.
#[test]
fn a_late_key_is_still_fetched() {
    let (kms, store, _, acme_value) = stored();
    let keyring = cold(&kms, &store, MissPolicy::Wait(Duration::from_millis(20)));
    let calls = kms.calls();
    kms.slow_down(Duration::from_millis(200));
    keyring.open(UserNote, &acme_value).unwrap_err();
    let start = Instant::now();
    while keyring.open(UserNote, &acme_value).is_err() {
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    assert_eq!(kms.calls(), calls + 1);
}

#[test]
fn the_policy_to_fail_asks_nobody_and_says_what_to_call() {
    let (kms, store, _, acme_value) = stored();
    let keyring = cold(&kms, &store, MissPolicy::Fail);
    let (calls, loads) = (kms.calls(), store.loads());
    let start = Instant::now();
    let error = keyring.open(UserNote, &acme_value).unwrap_err();
    assert!(error.to_string().contains("keyring.warm()"), "{error}");
    let error = keyring.seal(UserNote, "x").unwrap_err();
    assert!(error.to_string().contains("keyring.warm()"), "{error}");
    assert!(keyring.lookup(UserEmail, "x").is_err());
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!((kms.calls(), store.loads()), (calls, loads));
    pollster::block_on(keyring.warm()).unwrap();
    assert_eq!(keyring.open(UserNote, &acme_value).unwrap(), "x");
}

#[test]
fn conflicts_are_tried_again_and_then_reported() {
    let (kms, store) = (TestKms::new(), SharedStore::new());
    store.conflict(3);
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    assert_eq!((store.records().len(), store.commits()), (2, 4));
    store.conflict(u64::MAX);
    let error = keyring.tenant("acme").unwrap().seal(UserNote, "x").unwrap_err();
    assert!(matches!(&error, SealError::Key { source: KeyError::Contention { .. }, .. }), "{error}");
    assert_eq!(store.records().len(), 2);
}

#[test]
fn a_store_that_fails_is_no_tampering() {
    let (kms, store, _, acme_value) = stored();
    let keyring = cold(&kms, &store, PATIENT);
    store.set_broken(true);
    let error = keyring.open(UserNote, &acme_value).unwrap_err();
    assert!(matches!(&error, OpenError::Key { source: KeyError::Store(_), .. }), "{error}");
    store.set_broken(false);
    assert_eq!(keyring.open(UserNote, &acme_value).unwrap(), "x");
}

/// A provider that somebody else wrote.
#[derive(Debug)]
struct Fragile {
    key: LocalKey,
    panics: Arc<AtomicBool>,
    /// Dropped with the provider.
    _witness: Arc<()>,
}

impl KeyProvider for Fragile {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        assert!(!self.panics.load(Ordering::SeqCst), "injected by the test");
        self.key.generate_key(context)
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        self.key.unwrap_key(wrapped, context)
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.key.wrap_key(key, context)
    }

    fn knows(&self, provider_key: &str) -> bool {
        self.key.knows(provider_key)
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        self.key.rewrap_key(wrapped, context)
    }
}

#[test]
fn a_provider_that_panics_is_an_error_and_may_be_used_again() {
    let panics = Arc::new(AtomicBool::new(false));
    let witness = Arc::new(());
    let provider = Fragile {
        key: LocalKey::ephemeral().unwrap(),
        panics: Arc::clone(&panics),
        _witness: Arc::clone(&witness),
    };
    let keyring = Keyring::builder(provider, MemoryStore::new()).open_blocking().unwrap();
    let acme = keyring.tenant("acme").unwrap();
    panics.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let error = acme.seal(UserNote, "x").unwrap_err();
        assert!(matches!(&error, SealError::Key { source: KeyError::Thread(_), .. }), "{error}");
        assert!(error.to_string().contains("panicked"), "{error}");
    }
    panics.store(false, Ordering::SeqCst);
    let value = acme.seal(UserNote, "x").unwrap();
    assert_eq!(acme.open(UserNote, &value).unwrap(), "x");
    // Its thread goes with the last keyring, and with it the provider and all keys.
    drop((keyring, acme));
    let start = Instant::now();
    while Arc::strong_count(&witness) > 1 {
        assert!(start.elapsed() < Duration::from_secs(10), "the keyring's thread is still there");
        thread::sleep(Duration::from_millis(1));
    }
}
