//! What a keyring asks of its key provider and key store, counted.

use std::{
    collections::BTreeSet,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use envelope_core::{KeyError, Keyring, MemoryStore, MissPolicy, OpenError, Purpose, testing::TestKms};

use super::{
    columns::{UserEmail, UserNote},
    shared_store::{SharedStore, cold, stored},
};

#[test]
fn a_thousand_values_cost_no_call() {
    let (kms, store) = (TestKms::new(), SharedStore::new());
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    assert_eq!((kms.generate_calls(), kms.unwrap_calls()), (2, 0), "one new key for each purpose");
    let (calls, loads) = (kms.calls(), store.loads());
    for number in 0..1000 {
        let text = format!("user{number}@example.com");
        assert_eq!(keyring.open(UserNote, &keyring.seal(UserNote, &text).unwrap()).unwrap(), text);
        assert_eq!(keyring.lookup(UserEmail, &text).unwrap(), [keyring.seal(UserEmail, &text).unwrap()]);
        let nonsense = keyring.open(UserNote, b"\xfe\x01\0\0\0\x01").unwrap_err();
        assert!(matches!(nonsense, OpenError::Malformed { .. }));
    }
    assert_eq!((kms.calls(), store.loads()), (calls, loads));
}

#[test]
fn a_second_process_unwraps_each_key_once() {
    let (kms, store, value, _) = stored();
    let (generated, unwrapped) = (kms.generate_calls(), kms.unwrap_calls());
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    for _ in 0..1000 {
        assert_eq!(keyring.open(UserNote, &value).unwrap(), "x");
    }
    assert_eq!((kms.generate_calls(), kms.unwrap_calls()), (generated, unwrapped + 2));
}

#[test]
fn a_tenant_costs_its_keys_once_and_at_first_use() {
    let (kms, store) = (TestKms::new(), SharedStore::new());
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    let before = kms.calls();
    let tenants: Vec<_> = (0..10).map(|n| keyring.tenant(&format!("tenant {n}")).unwrap()).collect();
    assert_eq!(kms.calls(), before);
    for tenant in &tenants {
        tenant.seal(UserNote, "x").unwrap();
        tenant.seal(UserEmail, "x").unwrap();
    }
    assert_eq!(kms.calls(), before + 20);
    for n in 0..10 {
        // Asked for again by name: the same keys.
        keyring.tenant(&format!("tenant {n}")).unwrap().seal(UserNote, "x").unwrap();
    }
    assert_eq!(kms.calls(), before + 20);
    let ids: BTreeSet<_> = store.records().iter().map(|record| record.id).collect();
    assert_eq!(ids.len(), 22);
}

#[test]
fn readers_that_come_at_once_cause_one_fetch() {
    let (kms, store, _, acme_value) = stored();
    let keyring = cold(&kms, &store, MissPolicy::Wait(Duration::from_secs(20)));
    let (calls, loads) = (kms.calls(), store.loads());
    kms.slow_down(Duration::from_millis(50));
    let start = Barrier::new(16);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                start.wait();
                assert_eq!(keyring.clone().open(UserNote, &acme_value).unwrap(), "x");
            });
        }
    });
    assert_eq!((kms.calls(), store.loads()), (calls + 1, loads + 1));
}

#[test]
fn writers_that_come_at_once_make_one_key() {
    let (kms, store, ..) = stored();
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    let (generated, commits) = (kms.generate_calls(), store.commits());
    kms.slow_down(Duration::from_millis(20));
    let start = Barrier::new(16);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let globex = keyring.tenant("globex").unwrap();
                start.wait();
                globex.seal(UserNote, "x").unwrap();
            });
        }
    });
    assert_eq!((kms.generate_calls(), store.commits()), (generated + 1, commits + 1));
}

/// Two processes make a new tenant's keys at the same moment: one of them loses, and takes the other's.
#[test]
fn processes_that_start_at_once_share_their_keys() {
    for _ in 0..20 {
        let (kms, store) = (TestKms::new(), SharedStore::new());
        kms.slow_down(Duration::from_millis(1));
        let start = Barrier::new(6);
        let keyrings: Vec<_> = thread::scope(|scope| {
            let open = || {
                start.wait();
                store.keyring(&kms).open_blocking().unwrap()
            };
            let threads: Vec<_> = (0..6).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(store.records().len(), 2);
        for one in &keyrings {
            let (note, email) = (one.seal(UserNote, "x").unwrap(), one.seal(UserEmail, "x").unwrap());
            for other in &keyrings {
                assert_eq!(other.open(UserNote, &note).unwrap(), "x");
                assert_eq!(other.lookup(UserEmail, "x").unwrap(), [&email[..]]);
            }
        }
    }
}

/// One tenant's slow key does not hold up another's.
#[test]
fn tenants_are_fetched_side_by_side() {
    let (kms, store, ..) = stored();
    let keyring = store.keyring(&kms).open_blocking().unwrap();
    // Twenty tenants' two keys, one after the other, would take 8 s.
    kms.slow_down(Duration::from_millis(200));
    let start = Instant::now();
    thread::scope(|scope| {
        for n in 0..20 {
            let tenant = keyring.tenant(&format!("tenant {n}")).unwrap();
            scope.spawn(move || tenant.seal(UserNote, "x").unwrap());
        }
    });
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

/// A value of a foreign tenant must not bring keys into being.
#[test]
fn reading_makes_no_keys() {
    let (kms, store, value, acme_value) = stored();
    let globex = store.keyring(&kms).open_blocking().unwrap().tenant("globex").unwrap();
    let (generated, records) = (kms.generate_calls(), store.records());
    for value in [value, acme_value] {
        let error = globex.open(UserNote, &value).unwrap_err();
        assert!(matches!(&error, OpenError::UnknownKey { .. }), "{error}");
        assert!(error.to_string().contains("globex"), "{error}");
    }
    assert_eq!((kms.generate_calls(), store.records()), (generated, records));
}

/// That a tenant had no keys is no reason never to look again: another process may have made them since.
#[test]
fn keys_that_another_process_makes_later_are_found() {
    let (kms, store, value, _) = stored();
    let (one, other) =
        (store.keyring(&kms).open_blocking().unwrap(), store.keyring(&kms).open_blocking().unwrap());
    let (one, other) = (one.tenant("globex").unwrap(), other.tenant("globex").unwrap());
    // A row that does not belong there, read before the tenant has any of its own.
    one.open(UserNote, &value).unwrap_err();
    let sealed = other.seal(UserNote, "x").unwrap();
    assert_eq!(one.open(UserNote, &sealed).unwrap(), "x");
}

/// Codecs run inside async code that cannot await: the fetch has a thread of its own, whatever the runtime.
#[tokio::test(flavor = "current_thread")]
async fn a_cold_keyring_does_not_need_the_callers_runtime() {
    let (kms, store, _, acme_value) = stored();
    let keyring = cold(&kms, &store, MissPolicy::Wait(Duration::from_secs(10)));
    kms.slow_down(Duration::from_millis(10));
    assert_eq!(keyring.open(UserNote, &acme_value).unwrap(), "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_warm_at_once_cause_one_fetch_and_may_be_cancelled() {
    let (kms, store, ..) = stored();
    let keyring = cold(&kms, &store, MissPolicy::Fail);
    let (calls, loads) = (kms.calls(), store.loads());
    kms.slow_down(Duration::from_millis(100));
    tokio::time::timeout(Duration::from_millis(10), keyring.warm()).await.unwrap_err();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let keyring = keyring.clone();
            tokio::spawn(async move { keyring.warm().await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!((kms.calls(), store.loads()), (calls + 2, loads + 1));
}

#[test]
fn release_builds_refuse_the_test_service_unless_asked() {
    let result = Keyring::builder(TestKms::new(), MemoryStore::new()).open_blocking();
    if cfg!(debug_assertions) {
        result.unwrap();
    } else {
        assert!(matches!(result, Err(KeyError::TestProvider)));
    }
}

#[test]
fn names_that_are_none_are_refused() {
    let keyring = SharedStore::new().keyring(&TestKms::new()).open_blocking().unwrap();
    for name in [String::new(), "x".repeat(256), "é".repeat(128)] {
        keyring.tenant(&name).unwrap_err();
        let builder = SharedStore::new().keyring(&TestKms::new()).application(name);
        assert!(matches!(builder.open_blocking(), Err(KeyError::ApplicationName)));
    }
    for name in ["x".repeat(255), " ".into()] {
        keyring.tenant(&name).unwrap();
        SharedStore::new().keyring(&TestKms::new()).application(name).open_blocking().unwrap();
    }
}

#[test]
fn each_purpose_has_a_key_of_its_own() {
    let (_, store, ..) = stored();
    for tenant in ["", "acme"] {
        let mut purposes: Vec<_> = store
            .records()
            .into_iter()
            .filter(|record| record.tenant.as_str() == tenant)
            .map(|record| record.purpose)
            .collect();
        purposes.sort();
        assert_eq!(purposes, Purpose::ALL);
    }
}
