//! How often the key service is asked, and what happens when it does not answer or says no.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use envelope_core::{
    BoxFuture, Commit, KeyChange, KeyError, KeyRecord, KeyStore, Keyring, MemoryStore, MissPolicy, OpenError,
    ProviderError, SealError, StoreError, Tenant, testing::Fault,
};

use crate::support::{Email, MINUTE, Note, World, eventually, settle};

#[test]
fn a_thousand_cold_readers_of_one_key_ask_once() {
    let world = World::new();
    let value = world.process().tenant("acme").unwrap().seal(Note, "x").unwrap();
    let reader = world.process().tenant("acme").unwrap();
    world.kms.slow_down(Duration::from_millis(50));
    let before = world.kms.calls();
    thread::scope(|scope| {
        for _ in 0..1000 {
            scope.spawn(|| assert_eq!(reader.open(Note, &value).unwrap(), "x"));
        }
    });
    assert_eq!(world.kms.calls() - before, 1);
}

#[test]
fn within_the_lifetime_nobody_is_asked_again() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    let before = world.kms.calls();
    for n in 0..100_000_u32 {
        // Up to a moment before the earliest soft end, at 72 % of a quarter of an hour.
        if n % 10_000 == 0 {
            world.clock.advance(Duration::from_secs(60));
        }
        keyring.open(Note, &value).unwrap();
        if n % 10 == 0 {
            keyring.seal(Note, "y").unwrap();
        }
    }
    settle();
    assert_eq!(world.kms.calls(), before);
}

#[test]
fn at_the_soft_end_one_call_renews_while_nobody_waits() {
    let world = World::new();
    let value = world.process().tenant("acme").unwrap().seal(Note, "x").unwrap();
    let keyring = world.builder().on_miss(MissPolicy::Fail).open_blocking().unwrap().tenant("acme").unwrap();
    pollster::block_on(keyring.warm()).unwrap();
    world.clock.advance(13 * MINUTE);
    let before = world.kms.calls();
    // The service takes its time. A caller that had to wait would fail by its miss policy.
    world.kms.slow_down(Duration::from_millis(100));
    for _ in 0..1000 {
        assert_eq!(keyring.open(Note, &value).unwrap(), "x");
    }
    eventually("the key is asked for", || world.kms.calls() > before);
    thread::sleep(Duration::from_millis(200));
    for _ in 0..1000 {
        assert_eq!(keyring.open(Note, &value).unwrap(), "x");
    }
    settle();
    assert_eq!(world.kms.calls() - before, 1);
    // Renewed: good for another lifetime, which began now.
    world.clock.advance(10 * MINUTE);
    assert_eq!(keyring.open(Note, &value).unwrap(), "x");
    settle();
    assert_eq!(world.kms.calls() - before, 1);
}

#[test]
fn an_outage_is_survived_to_the_hard_end_and_no_further() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    world.kms.fail(Fault::Outage);
    world.clock.advance(14 * MINUTE);
    for _ in 0..10 {
        assert_eq!(keyring.open(Note, &value).unwrap(), "x");
        keyring.seal(Note, "y").unwrap();
    }
    world.clock.advance(2 * MINUTE);
    let error = keyring.open(Note, &value).unwrap_err();
    assert!(
        matches!(&error, OpenError::Key { source: KeyError::Unavailable(cause), .. }
            if matches!(**cause, ProviderError::Unreachable(_))),
        "{error:?}"
    );
    let error = keyring.seal(Note, "y").unwrap_err();
    assert!(matches!(error, SealError::Key { source: KeyError::Unavailable(_), .. }), "{error:?}");
    // It comes back by itself: at the first use after a failure was remembered for a moment.
    world.kms.recover();
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(keyring.open(Note, &value).unwrap(), "x");
    keyring.seal(Note, "y").unwrap();
}

#[test]
fn a_failing_service_is_not_asked_by_every_caller() {
    let world = World::new();
    let value = world.process().seal(Note, "x").unwrap();
    let keyring = world.process();
    world.kms.fail(Fault::Outage);
    world.clock.advance(16 * MINUTE);
    let before = world.kms.calls();
    for _ in 0..100 {
        keyring.open(Note, &value).unwrap_err();
    }
    assert_eq!(world.kms.calls() - before, 1);
}

#[test]
fn a_denial_is_obeyed_at_the_next_renewal() {
    for fault in [Fault::Denial, Fault::Disabled, Fault::NotFound] {
        let world = World::new();
        let keyring = world.builder().stale_if_error(60 * MINUTE).open_blocking().unwrap();
        let value = keyring.seal(Note, "x").unwrap();
        world.kms.fail(fault);
        world.clock.advance(13 * MINUTE);
        // The use that starts the renewal may still succeed; after it the key is gone, long before its time.
        eventually("the key is refused", || {
            matches!(keyring.open(Note, &value), Err(OpenError::Key { source: KeyError::Denied(_), .. }))
        });
        let error = keyring.open(Note, &value).unwrap_err();
        assert!(error.to_string().contains("denies the key"), "{error}");
    }
}

#[test]
fn staleness_is_off_bounded_and_for_outages_only() {
    let world = World::new();
    let strict = world.process();
    let lenient = world.builder().stale_if_error(30 * MINUTE).open_blocking().unwrap();
    let value = lenient.seal(Note, "x").unwrap();
    strict.open(Note, &value).unwrap();
    world.kms.fail(Fault::Outage);
    world.clock.advance(14 * MINUTE);
    let before = world.kms.calls();
    lenient.open(Note, &value).unwrap();
    strict.open(Note, &value).unwrap();
    eventually("both try to renew", || world.kms.calls() - before >= 2);
    settle();
    world.clock.advance(2 * MINUTE);
    assert!(strict.open(Note, &value).is_err());
    assert_eq!(lenient.open(Note, &value).unwrap(), "x");
    world.clock.advance(30 * MINUTE);
    assert!(lenient.open(Note, &value).is_err(), "grace has an end");
}

#[test]
fn a_service_that_never_answers_is_given_up() {
    let world = World::new();
    let value = world.process().tenant("acme").unwrap().seal(Note, "x").unwrap();
    let keyring = world
        .builder()
        .provider_timeout(Duration::from_millis(50))
        .open_blocking()
        .unwrap()
        .tenant("acme")
        .unwrap();
    world.kms.fail(Fault::Silence);
    let error = keyring.open(Note, &value).unwrap_err();
    assert!(matches!(error, OpenError::Key { source: KeyError::Unavailable(_), .. }), "{error:?}");
    assert!(error.to_string().contains("no answer within 0.05 s"), "{error}");
}

/// A call may take longer to fail than a failure is remembered; whoever waits for it waits once.
#[test]
fn a_slow_failure_is_not_repeated_for_the_same_caller() {
    let world = World::new();
    let tenant = |keyring: &Keyring| keyring.tenant("acme").unwrap();
    let stored = tenant(&world.process());
    stored.seal(Note, "x").unwrap();
    stored.seal(Email, "x").unwrap();
    let keyring = Keyring::builder(world.kms.clone(), world.store.clone())
        .allow_test_provider()
        .provider_timeout(Duration::from_millis(1500))
        .open_blocking()
        .unwrap();
    world.kms.fail(Fault::Silence);
    let before = world.kms.calls();
    let error = pollster::block_on(tenant(&keyring).warm()).unwrap_err();
    assert!(matches!(error, KeyError::Unavailable(_)), "{error:?}");
    assert_eq!(world.kms.calls() - before, 2, "one for each key");
}

/// A key that was made while the records were being read is not in them; who needs it then does not make do with that read.
#[test]
fn a_key_that_is_made_during_a_read_is_found() {
    for is_known in [false, true] {
        let world = World::new();
        let slow = Arc::new(SlowStore { store: Arc::clone(&world.store), is_slow: AtomicBool::new(false) });
        let keyring = Keyring::builder(world.kms.clone(), Arc::clone(&slow))
            .allow_test_provider()
            .clock(&world.clock)
            .open_blocking()
            .unwrap();
        let acme = keyring.tenant("acme").unwrap();
        if is_known {
            assert!(pollster::block_on(acme.keys()).unwrap().is_empty());
        }
        slow.is_slow.store(true, Ordering::SeqCst);
        thread::scope(|scope| {
            scope.spawn(|| pollster::block_on(acme.keys()).unwrap());
            // The read has looked, and has not answered.
            thread::sleep(Duration::from_millis(100));
            let value = world.process().tenant("acme").unwrap().seal(Note, "y").unwrap();
            assert_eq!(acme.open(Note, &value).unwrap(), "y");
        });
    }
}

/// Answers long after it looked.
#[derive(Debug)]
struct SlowStore {
    store: Arc<MemoryStore>,
    is_slow: AtomicBool,
}

impl KeyStore for SlowStore {
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        Box::pin(async move {
            let records = self.store.load(tenant).await;
            if self.is_slow.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
            records
        })
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        self.store.tenants()
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        self.store.commit(changes)
    }
}

#[test]
fn a_wait_has_a_deadline_of_its_own() {
    let world = World::new();
    let value = world.process().tenant("acme").unwrap().seal(Note, "x").unwrap();
    let keyring =
        world.builder().on_miss(MissPolicy::Wait(Duration::from_millis(20))).open_blocking().unwrap();
    let keyring = keyring.tenant("acme").unwrap();
    world.kms.slow_down(Duration::from_millis(300));
    let error = keyring.open(Note, &value).unwrap_err();
    assert!(matches!(error, OpenError::Key { source: KeyError::Deadline { .. }, .. }), "{error:?}");
    assert!(error.to_string().contains("`keyring.warm().await`"), "{error}");
    // The fetch went on, and the next caller profits.
    eventually("the key arrives", || keyring.open(Note, &value).is_ok());
}

#[test]
fn an_unknown_key_id_costs_one_read_of_the_store_in_a_while() {
    let world = World::new();
    let keyring = world.process();
    let mut stray = keyring.seal(Note, "x").unwrap();
    stray[5] ^= 1;
    for _ in 0..1000 {
        assert!(matches!(keyring.open(Note, &stray), Err(OpenError::UnknownKey { .. })));
    }
    // A key that another process made is found after the pause.
    let other = world.process();
    let pending = pollster::block_on(other.rotate(envelope_core::Purpose::Encrypt)).unwrap();
    world.clock.advance(20 * MINUTE);
    pollster::block_on(other.promote(envelope_core::Purpose::Encrypt)).unwrap();
    let value = other.seal(Note, "y").unwrap();
    assert_eq!(crate::support::key_of(&value), pending.id.to_string());
    assert_eq!(keyring.open(Note, &value).unwrap(), "y");
}

#[test]
fn the_calendar_does_not_lengthen_a_life() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Email, "a@example.com").unwrap();
    world.kms.fail(Fault::Outage);
    world.clock.set_calendar(0);
    world.clock.advance(16 * MINUTE);
    world.clock.set_calendar(0);
    assert!(keyring.open(Email, &value).is_err());
}
