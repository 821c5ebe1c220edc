//! How often the service is asked, and how an application lives through its outages and refusals.

use std::{sync::Arc, thread, time::Duration};

use envelope_core::{KeyError, Keyring, MissPolicy, OpenError, SealError};

use crate::{
    proxy::Answer,
    support::{MINUTE, Note, World, block_on, eventually, settle},
};

#[test]
fn a_thousand_cold_readers_of_one_key_ask_once() {
    let world = World::new();
    let value = world.process().tenant("acme").unwrap().seal(Note, "x").unwrap();
    // A thousand threads on few cores take longer than an attempt may.
    let patient = world.kms().timeouts(MINUTE, MINUTE, 1);
    let reader = Keyring::builder(patient, Arc::clone(&world.store))
        .application("shop")
        .on_miss(MissPolicy::Wait(MINUTE))
        .provider_timeout(MINUTE)
        .open_blocking()
        .unwrap();
    let reader = reader.tenant("acme").unwrap();
    world.proxy.slow_down(Duration::from_millis(100));
    let before = world.proxy.all_calls();
    thread::scope(|scope| {
        for _ in 0..1000 {
            scope.spawn(|| assert_eq!(reader.open(Note, &value).unwrap(), "x"));
        }
    });
    assert_eq!(world.proxy.all_calls() - before, 1);
}

#[test]
fn within_the_lifetime_nobody_is_asked_again() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    let before = world.proxy.all_calls();
    for n in 0..100_000_u32 {
        // Up to a moment before the earliest soft end, at 72 % of a quarter of an hour.
        if n % 10_000 == 0 {
            world.clock.advance(MINUTE);
        }
        if n % 2 == 0 {
            keyring.open(Note, &value).unwrap();
        } else {
            keyring.seal(Note, "y").unwrap();
        }
    }
    settle();
    assert_eq!(world.proxy.all_calls(), before);
}

#[test]
fn at_the_soft_end_one_call_renews_while_nobody_waits() {
    let world = World::new();
    let value = world.process().tenant("acme").unwrap().seal(Note, "x").unwrap();
    let keyring = world.builder().on_miss(MissPolicy::Fail).open_blocking().unwrap().tenant("acme").unwrap();
    block_on(keyring.warm()).unwrap();
    world.clock.advance(13 * MINUTE);
    let before = world.proxy.calls("Decrypt");
    // The service takes its time. A caller that had to wait would fail by its miss policy.
    world.proxy.slow_down(Duration::from_millis(200));
    for _ in 0..1000 {
        assert_eq!(keyring.open(Note, &value).unwrap(), "x");
    }
    eventually("the key is asked for", || world.proxy.calls("Decrypt") > before);
    thread::sleep(Duration::from_millis(400));
    // Renewed: good beyond the end of its first life.
    world.clock.advance(10 * MINUTE);
    for _ in 0..1000 {
        assert_eq!(keyring.open(Note, &value).unwrap(), "x");
    }
    settle();
    assert_eq!(world.proxy.calls("Decrypt") - before, 1);
}

#[test]
fn an_outage_is_survived_to_the_hard_end_and_no_further() {
    for outage in [Answer::HangUp, Answer::Error(503, "ServiceUnavailable", "outage"), Answer::Silence] {
        let world = World::new();
        let keyring = world.process();
        let value = keyring.seal(Note, "x").unwrap();
        world.proxy.answer(outage);
        world.clock.advance(14 * MINUTE);
        for _ in 0..10 {
            assert_eq!(keyring.open(Note, &value).unwrap(), "x");
            keyring.seal(Note, "y").unwrap();
        }
        world.clock.advance(2 * MINUTE);
        let error = keyring.open(Note, &value).unwrap_err();
        assert!(matches!(&error, OpenError::Key { source: KeyError::Unavailable(_), .. }), "{error:?}");
        assert!(error.to_string().contains("the key provider is unavailable"), "{error}");
        let error = keyring.seal(Note, "y").unwrap_err();
        assert!(matches!(error, SealError::Key { source: KeyError::Unavailable(_), .. }), "{error:?}");
        // It comes back by itself, and nobody has to start anything again.
        world.proxy.answer(Answer::Honest);
        eventually("the keys are back", || {
            world.clock.advance(Duration::from_secs(1));
            keyring.open(Note, &value).is_ok_and(|text| text == "x") && keyring.seal(Note, "y").is_ok()
        });
    }
}

#[test]
fn a_denial_is_obeyed_at_the_next_renewal() {
    for code in
        ["AccessDeniedException", "DisabledException", "KMSInvalidStateException", "NotFoundException"]
    {
        let world = World::new();
        let keyring = world.builder().stale_if_error(60 * MINUTE).open_blocking().unwrap();
        let value = keyring.seal(Note, "x").unwrap();
        world.proxy.answer(Answer::Error(400, code, "by order of the security team"));
        world.clock.advance(13 * MINUTE);
        // The use that starts the renewal may still succeed; after it the key is gone, long before its time.
        eventually("the key is refused", || {
            matches!(keyring.open(Note, &value), Err(OpenError::Key { source: KeyError::Denied(_), .. }))
        });
        let error = keyring.open(Note, &value).unwrap_err().to_string();
        assert!(
            error.contains("denies the key") && error.contains("by order of the security team"),
            "{error}"
        );
        let error = keyring.seal(Note, "y").unwrap_err();
        assert!(matches!(error, SealError::Key { source: KeyError::Denied(_), .. }), "{error:?}");
    }
}

#[test]
fn a_throttled_renewal_succeeds_later() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    world.clock.advance(13 * MINUTE);
    let before = world.proxy.calls("Decrypt");
    // One call with all its attempts, and the first of the next.
    world.proxy.answer(Answer::ErrorFor(4, 400, "ThrottlingException", "Rate exceeded"));
    eventually("the key is renewed", || {
        assert_eq!(keyring.open(Note, &value).unwrap(), "x");
        world.clock.advance(Duration::from_millis(10));
        world.proxy.calls("Decrypt") - before >= 5
    });
    settle();
    world.clock.advance(10 * MINUTE);
    assert_eq!(keyring.open(Note, &value).unwrap(), "x");
}
