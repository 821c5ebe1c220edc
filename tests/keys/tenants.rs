//! One set of keys for each tenant.

use std::{num::NonZeroUsize, sync::Arc, thread};

use envelope_core::{
    ChangeError, KeyError, KeyState, Keyring, OpenError, Purpose, SealError, testing::TestKms,
};
use pollster::block_on;

use crate::support::{Email, MINUTE, Note, World, key_of};

#[test]
fn a_tenant_needs_a_name() {
    let keyring = World::new().process();
    assert!(keyring.tenant("").is_err());
    assert!(keyring.tenant(&"x".repeat(256)).is_err());
    assert!(keyring.tenant(&"x".repeat(255)).is_ok());
}

#[test]
fn tenants_do_not_read_each_other() {
    let world = World::new();
    let keyring = world.process();
    let (acme, globex) = (keyring.tenant("acme").unwrap(), keyring.tenant("globex").unwrap());
    let value = acme.seal(Note, "x").unwrap();
    let email = acme.seal(Email, "a@example.com").unwrap();
    for other in [&globex, &keyring] {
        let error = other.open(Note, &value).unwrap_err();
        assert!(matches!(error, OpenError::UnknownKey { .. }), "{error:?}");
        assert!(error.to_string().contains("the value is of another tenant"), "{error}");
        assert_ne!(other.seal(Email, "a@example.com").unwrap(), email);
        assert!(!other.lookup(Email, "a@example.com").unwrap().contains(&email));
    }
    assert_eq!(acme.open(Note, &value).unwrap(), "x");
}

#[test]
fn reading_gives_a_tenant_no_keys() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    let before = world.store.records().len();
    keyring.tenant("misspelt").unwrap().open(Note, &value).unwrap_err();
    assert_eq!(world.store.records().len(), before);
}

#[test]
fn processes_that_meet_a_tenant_together_agree_on_its_keys() {
    for _ in 0..20 {
        let world = World::new();
        let processes: Vec<_> = (0..4).map(|_| world.process()).collect();
        let values: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = processes
                .iter()
                .map(|process| {
                    scope.spawn(|| process.tenant("acme").unwrap().seal(Email, "a@example.com").unwrap())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "equal values under unequal keys");
    }
}

#[test]
fn few_tenants_are_in_memory_and_all_are_served() {
    let world = World::new();
    let keyring = world.builder().max_tenants(NonZeroUsize::new(3).unwrap()).open_blocking().unwrap();
    let tenant = |n: usize| keyring.tenant(&format!("tenant-{n}")).unwrap();
    let values: Vec<_> = (0..10).map(|n| tenant(n).seal(Note, "x").unwrap()).collect();
    let before = world.kms.unwrap_calls();
    for (n, value) in values.iter().enumerate() {
        assert_eq!(tenant(n).open(Note, value).unwrap(), "x");
    }
    // The last ones were still there; those before had to be fetched again.
    assert!((7..=10).contains(&(world.kms.unwrap_calls() - before)));
}

#[test]
fn tenants_are_warmed_together() {
    let world = World::new();
    let keyring = world.process();
    let values: Vec<_> =
        ["a", "b", "c"].iter().map(|name| keyring.tenant(name).unwrap().seal(Note, "x").unwrap()).collect();
    let fresh = world.builder().on_miss(envelope_core::MissPolicy::Fail).open_blocking().unwrap();
    let error = fresh.tenant("a").unwrap().seal(Note, "y").unwrap_err();
    assert!(matches!(error, SealError::Key { .. }) && error.to_string().contains("warm"), "{error}");
    block_on(fresh.warm_tenants(["a", "b"])).unwrap();
    assert_eq!(fresh.tenant("a").unwrap().open(Note, &values[0]).unwrap(), "x");
    assert!(fresh.tenant("c").unwrap().open(Note, &values[2]).is_err());
    block_on(fresh.warm_all()).unwrap();
    assert_eq!(fresh.tenant("c").unwrap().open(Note, &values[2]).unwrap(), "x");
}

#[test]
fn a_tenant_may_bring_its_own_key_service() {
    let world = World::new();
    let own = TestKms::new();
    let builder = || world.builder().tenant_provider("acme", own.clone()).unwrap();
    let keyring = builder().open_blocking().unwrap();
    let before = world.kms.calls();
    let value = keyring.tenant("acme").unwrap().seal(Note, "x").unwrap();
    assert_eq!(world.kms.calls(), before);
    assert_eq!(own.generate_calls(), 1);
    // Without the tenant's service its values stay closed.
    let without: Keyring = world.process();
    assert!(without.tenant("acme").unwrap().open(Note, &value).is_err());
    assert_eq!(builder().open_blocking().unwrap().tenant("acme").unwrap().open(Note, &value).unwrap(), "x");
    assert!(world.store.records().iter().any(|record| record.id.to_string() == key_of(&value)));
    drop(Arc::clone(&world.store));
}

/// What a tenant's keys sealed is gone with them, and they alone.
#[test]
fn a_tenant_is_shredded() {
    let world = World::new();
    let keyring = world.process();
    let error = block_on(keyring.shred()).unwrap_err();
    assert!(matches!(error, ChangeError::DefaultTenant), "{error:?}");
    let (acme, globex) = (keyring.tenant("acme").unwrap(), keyring.tenant("globex").unwrap());
    let seal = |keyring: &Keyring| [keyring.seal(Note, "x").unwrap(), keyring.seal(Email, "x").unwrap()];
    let (mut lost, kept) = (seal(&acme).to_vec(), seal(&globex));
    // A key that only reads, and one that is not written with yet.
    block_on(acme.rotate(Purpose::Encrypt)).unwrap();
    world.clock.advance(17 * MINUTE);
    block_on(acme.promote(Purpose::Encrypt)).unwrap();
    lost.extend(seal(&acme));
    block_on(acme.rotate(Purpose::Search)).unwrap();
    let other_process = world.process().tenant("acme").unwrap();
    other_process.open(Note, &lost[0]).unwrap();

    let destroyed = block_on(acme.shred()).unwrap();
    assert_eq!(destroyed.len(), 4);
    assert!(destroyed.iter().all(|key| key.state == KeyState::Destroyed && key.provider_key.is_none()));
    assert_eq!(block_on(acme.shred()).unwrap(), []);
    let refused = |keyring: &Keyring| {
        for (n, value) in lost.iter().enumerate() {
            let opened = if n % 2 == 0 { keyring.open(Note, value) } else { keyring.open(Email, value) };
            assert!(
                matches!(opened, Err(OpenError::KeyRetired { state: KeyState::Destroyed, .. })),
                "{opened:?}"
            );
        }
        assert!(matches!(
            keyring.seal(Note, "y"),
            Err(SealError::Key { source: KeyError::NoActive { .. }, .. })
        ));
        for purpose in Purpose::ALL {
            assert!(matches!(block_on(keyring.rotate(purpose)), Err(KeyError::NoActive { .. })));
            assert!(block_on(keyring.promote(purpose)).is_err());
        }
        // Nothing would be found, and this says so.
        let candidates = keyring.lookup(Email, "x");
        assert!(candidates.as_ref().is_ok_and(Vec::is_empty) || candidates.is_err(), "{candidates:?}");
    };
    refused(&acme);
    refused(&world.process().tenant("acme").unwrap());
    // Another process has them for as long as it may.
    world.clock.advance(16 * MINUTE);
    refused(&other_process);
    for record in world.store.records().iter().filter(|record| record.tenant.as_str() == "acme") {
        assert!(record.wrapped.is_none() && record.further_wraps.is_empty(), "{record:?}");
    }
    assert_eq!(globex.open(Note, &kept[0]).unwrap(), "x");
    assert_eq!(globex.open(Email, &kept[1]).unwrap(), "x");
}

/// A tenant that only had keys of one kind gets none of the other.
#[test]
fn a_shredded_tenant_gets_no_keys_again() {
    let world = World::new();
    for (n, purpose) in Purpose::ALL.into_iter().enumerate() {
        let tenant = |keyring: &Keyring| keyring.tenant(&format!("tenant {n}")).unwrap();
        let keyring = tenant(&world.process());
        let seal = |keyring: &Keyring, purpose| match purpose {
            Purpose::Encrypt => keyring.seal(Note, "x"),
            Purpose::Search => keyring.seal(Email, "x"),
        };
        seal(&keyring, purpose).unwrap();
        // A process that knows the tenant as it was.
        let other = tenant(&world.process());
        seal(&other, purpose).unwrap();
        assert_eq!(block_on(keyring.shred()).unwrap().len(), 1);
        for keyring in [&keyring, &tenant(&world.process())] {
            for purpose in Purpose::ALL {
                let sealed = seal(keyring, purpose);
                assert!(
                    matches!(sealed, Err(SealError::Key { source: KeyError::NoActive { .. }, .. })),
                    "{sealed:?}"
                );
                assert!(matches!(block_on(keyring.rotate(purpose)), Err(KeyError::NoActive { .. })));
            }
        }
        // It has the key for as long as it may, and makes no other.
        let unknown = Purpose::ALL[1 - n];
        let sealed = seal(&other, unknown);
        assert!(
            matches!(sealed, Err(SealError::Key { source: KeyError::NoActive { .. }, .. })),
            "{sealed:?}"
        );
        // The default tenant's of the processes may be new, and nothing else.
        let of_tenant = |record: &&envelope_core::KeyRecord| !record.tenant.is_default();
        assert_eq!(world.store.records().iter().filter(of_tenant).count(), n + 1);
    }
}
