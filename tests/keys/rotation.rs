//! A key's life: made, promoted when every process can know it, retired, destroyed; rewrapped.

use envelope_core::{
    ChangeError, KeyError, KeyState, Keyring, MemoryStore, OpenError, Purpose, testing::TestKms,
};
use pollster::block_on;

use crate::support::{Email, MINUTE, Note, World, eventually, key_of};

fn state_of(keyring: &Keyring, id: envelope_core::KeyId) -> KeyState {
    block_on(keyring.keys()).unwrap().into_iter().find(|key| key.id == id).unwrap().state
}

#[test]
fn a_new_key_is_known_before_it_is_written_with() {
    let world = World::new();
    let (one, other) = (world.process(), world.process());
    let before = one.seal(Note, "before").unwrap();
    let pending = block_on(one.rotate(Purpose::Encrypt)).unwrap();
    assert_eq!(pending.state, KeyState::Pending);
    // Asking again makes no second one, in whatever process.
    assert_eq!(block_on(other.rotate(Purpose::Encrypt)).unwrap().id, pending.id);
    let error = block_on(one.promote(Purpose::Encrypt)).unwrap_err();
    assert!(matches!(error, ChangeError::TooEarly { id, .. } if id == pending.id), "{error:?}");
    assert_eq!(key_of(&one.seal(Note, "x").unwrap()), key_of(&before));

    world.clock.advance(17 * MINUTE);
    let promoted = block_on(one.promote(Purpose::Encrypt)).unwrap();
    assert_eq!((promoted.id, promoted.state), (pending.id, KeyState::Active));
    let after = one.seal(Note, "after").unwrap();
    assert_eq!(key_of(&after), pending.id.to_string());
    for process in [&one, &other, &world.process()] {
        assert_eq!(process.open(Note, &before).unwrap(), "before");
        assert_eq!(process.open(Note, &after).unwrap(), "after");
    }
}

#[test]
fn a_tenant_that_begins_with_a_rotation_can_write() {
    let world = World::new();
    for purpose in Purpose::ALL {
        let keyring = world.process().tenant(&format!("{purpose:?}")).unwrap();
        let pending = block_on(keyring.rotate(purpose)).unwrap();
        assert_eq!(pending.state, KeyState::Pending);
        for value in [keyring.seal(Note, "x").unwrap(), keyring.seal(Email, "x").unwrap()] {
            assert_ne!(key_of(&value), pending.id.to_string());
        }
    }
}

#[test]
fn a_pending_key_promotes_itself_in_use() {
    let world = World::new();
    let keyring = world.process();
    let pending = block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
    world.clock.advance(17 * MINUTE);
    // The first use reads the records anew; a use in the background's wake writes with the new key.
    eventually("the new key is written with", || {
        world.clock.advance(MINUTE);
        key_of(&keyring.seal(Note, "x").unwrap()) == pending.id.to_string()
    });
}

#[test]
fn a_search_key_waits_for_its_command() {
    let world = World::new();
    let keyring = world.process();
    let before = keyring.seal(Email, "a@example.com").unwrap();
    let pending = block_on(keyring.rotate(Purpose::Search)).unwrap();
    for _ in 0..40 {
        world.clock.advance(MINUTE);
        assert_eq!(keyring.seal(Email, "a@example.com").unwrap(), before);
    }
    assert_eq!(state_of(&keyring, pending.id), KeyState::Pending);
    // Both keys are searched for, the active one first.
    let candidates = keyring.lookup(Email, "a@example.com").unwrap();
    assert_eq!(candidates.len(), 2);
    assert_eq!(candidates[0], before);
    assert_eq!(key_of(&candidates[1]), pending.id.to_string());
    block_on(keyring.promote(Purpose::Search)).unwrap();
    let candidates = keyring.lookup(Email, "a@example.com").unwrap();
    assert_eq!(key_of(&candidates[0]), pending.id.to_string());
    assert_eq!(candidates[1], before);
}

#[test]
fn states_follow_each_other_in_order() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    let id = key_of(&value).parse().unwrap();
    for change in
        [block_on(keyring.retire(id)), block_on(keyring.destroy(id)), block_on(keyring.mark_compromised(id))]
    {
        assert!(matches!(change, Err(ChangeError::Forbidden { from: KeyState::Active, .. })), "{change:?}");
    }
    block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
    world.clock.advance(17 * MINUTE);
    block_on(keyring.promote(Purpose::Encrypt)).unwrap();
    block_on(keyring.mark_compromised(id)).unwrap();
    assert_eq!(keyring.open(Note, &value).unwrap(), "x", "what it wrote has to be re-encrypted");
    assert!(matches!(block_on(keyring.destroy(id)), Err(ChangeError::Forbidden { .. })));
    world.clock.advance(17 * MINUTE);
    block_on(keyring.retire(id)).unwrap();
    let error = keyring.open(Note, &value).unwrap_err();
    assert!(matches!(error, OpenError::KeyRetired { state: KeyState::Retired, .. }), "{error:?}");
    block_on(keyring.reinstate(id)).unwrap();
    assert_eq!(keyring.open(Note, &value).unwrap(), "x");
    block_on(keyring.retire(id)).unwrap();
    block_on(keyring.destroy(id)).unwrap();
    assert!(matches!(block_on(keyring.reinstate(id)), Err(ChangeError::Forbidden { .. })));
    // The record remains, without the key.
    let record = world.store.records().into_iter().find(|record| record.id == id).unwrap();
    assert!(record.wrapped.is_none() && record.check.is_empty());
    for process in [&keyring, &world.process()] {
        let error = process.open(Note, &value).unwrap_err();
        assert!(matches!(error, OpenError::KeyRetired { state: KeyState::Destroyed, .. }), "{error:?}");
    }
}

/// What a process writes that has not learnt of the promotion would not open any more, and never again once the key was destroyed.
#[test]
fn a_key_is_not_retired_while_a_process_may_write_with_it() {
    for purpose in Purpose::ALL {
        let world = World::new();
        let (one, other) = (world.process(), world.process());
        let seal = |keyring: &Keyring| match purpose {
            Purpose::Encrypt => keyring.seal(Note, "x").unwrap(),
            Purpose::Search => keyring.seal(Email, "x").unwrap(),
        };
        block_on(one.rotate(purpose)).unwrap();
        // It reads the records when the new key is not due yet.
        world.clock.advance(15 * MINUTE + MINUTE / 2);
        let old = key_of(&seal(&other));
        world.clock.advance(MINUTE);
        if let Err(error) = block_on(one.promote(purpose)) {
            assert!(matches!(error, ChangeError::NothingPending { .. }), "{error:?}");
        }
        let id = old.parse().unwrap();
        let error = block_on(one.retire(id)).unwrap_err();
        assert!(matches!(error, ChangeError::StillWritten { id: named, .. } if named == id), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("key {old} can be retired in 961 s: until then a process may write with it")
        );
        block_on(one.mark_compromised(id)).unwrap();
        assert!(matches!(block_on(one.retire(id)), Err(ChangeError::StillWritten { .. })));
        // This one does, up to the end of what it knows.
        world.clock.advance(8 * MINUTE);
        assert_eq!(key_of(&seal(&other)), old);
        world.clock.advance(7 * MINUTE);
        assert_ne!(key_of(&seal(&other)), old);
        world.clock.advance(2 * MINUTE);
        block_on(one.retire(id)).unwrap();
    }
}

#[test]
fn many_values_under_one_key_make_a_new_one() {
    let world = World::new();
    let keyring = world.builder().rotate_after(100).open_blocking().unwrap();
    for _ in 0..100 {
        keyring.seal(Note, "x").unwrap();
    }
    assert_eq!(world.store.records().len(), 2);
    for _ in 0..100 {
        keyring.seal(Note, "x").unwrap();
    }
    eventually("there is a pending key", || {
        world.store.records().iter().any(|record| record.state == KeyState::Pending)
    });
    assert_eq!(world.store.records().len(), 3, "one, and not one for each further value");
}

#[test]
fn rewrap_moves_the_keys_and_touches_nothing_else() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    assert_eq!(block_on(keyring.rewrap()).unwrap(), 0, "they are wrapped by the present key already");

    // Another service takes over, which the first one's wraps are moved to.
    let successor = world.kms.successor();
    let moved =
        Keyring::builder(successor.clone(), world.store.clone()).clock(&world.clock).open_blocking().unwrap();
    moved.open(Note, &value).unwrap();
    let before = successor.unwrap_calls();
    assert_eq!(block_on(moved.rewrap()).unwrap(), 2);
    assert_eq!(block_on(moved.rewrap()).unwrap(), 0, "and can be repeated");
    assert_eq!(moved.open(Note, &value).unwrap(), "x");
    assert_eq!(successor.unwrap_calls(), before, "the keys in memory stay");
    world.kms.fail(envelope_core::testing::Fault::Outage);
    let fresh = Keyring::builder(successor, world.store.clone()).clock(&world.clock).open_blocking().unwrap();
    assert_eq!(fresh.open(Note, &value).unwrap(), "x", "the first service is not needed any more");
}

#[test]
fn records_that_were_changed_are_refused_by_name() {
    let world = World::new();
    let keyring = world.process();
    let value = keyring.seal(Note, "x").unwrap();
    let id = key_of(&value);
    block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
    world.clock.advance(17 * MINUTE);
    let older = world.store.records();
    block_on(keyring.promote(Purpose::Encrypt)).unwrap();

    // The older copy of the record is put back, under a process that knows the newer one.
    let newer = world.store.records();
    let put_back: Vec<_> = newer
        .iter()
        .map(|record| {
            older.iter().find(|o| o.id == record.id && o.id.to_string() == id).unwrap_or(record).clone()
        })
        .collect();
    world.store.overwrite(put_back.clone());
    world.clock.advance(20 * MINUTE);
    let error = keyring.seal(Note, "y").unwrap_err().to_string();
    assert!(error.contains("two active encrypt keys") && error.contains(&id), "{error}");
    // A process that starts on it refuses too.
    let error = world.builder().open_blocking().unwrap_err();
    assert!(matches!(error, KeyError::TwoActive { .. }), "{error:?}");

    // An older copy that is not active contradicts what was seen.
    world.store.overwrite(newer.clone());
    keyring.open(Note, &value).unwrap();
    let id = id.parse().unwrap();
    block_on(keyring.retire(id)).unwrap();
    world.store.overwrite(newer.clone());
    world.clock.advance(6 * MINUTE);
    block_on(keyring.keys()).unwrap();
    let error = keyring.open(Note, &value).unwrap_err();
    assert!(
        matches!(&error, OpenError::Key { source: KeyError::RecordRolledBack { id: named, .. }, .. } if *named == id),
        "{error:?}"
    );

    // A store that was emptied is not filled with new keys by a process that knows better.
    world.store.overwrite(Vec::new());
    world.clock.advance(20 * MINUTE);
    let error = keyring.seal(Note, "y").unwrap_err();
    assert!(error.to_string().contains("is gone from the key store"), "{error}");
    assert!(world.store.records().is_empty());
    // Put back, it works again.
    let restarted = {
        world.store.overwrite(newer);
        world.process()
    };
    assert_eq!(restarted.open(Note, &value).unwrap(), "x");
}

#[test]
fn a_swapped_wrapped_key_is_refused() {
    let world = World::new();
    let keyring = world.process();
    let note = keyring.seal(Note, "x").unwrap();
    let email = keyring.seal(Email, "a@example.com").unwrap();
    let records = world.store.records();
    let [first, second] = &records[..] else { panic!("two purposes, two records") };
    let (mut one, mut two) = (first.clone(), second.clone());
    std::mem::swap(&mut one.wrapped, &mut two.wrapped);
    let store = MemoryStore::with_records(vec![one, two]);
    let swapped = Keyring::builder(world.kms.clone(), store).open_blocking();
    assert!(matches!(swapped, Err(KeyError::NotUnwrapped { .. })), "{swapped:?}");
    // A relabelled record is of no use either: the context names the purpose.
    let mut relabelled = records.clone();
    for record in &mut relabelled {
        record.purpose = match record.purpose {
            Purpose::Encrypt => Purpose::Search,
            Purpose::Search => Purpose::Encrypt,
        };
    }
    let store = MemoryStore::with_records(relabelled);
    assert!(Keyring::builder(world.kms.clone(), store).open_blocking().is_err());
    // And a key service that was not asked before cannot help.
    let store = MemoryStore::with_records(records);
    assert!(Keyring::builder(TestKms::new(), store).open_blocking().is_err());
    assert_eq!(keyring.open(Note, &note).unwrap(), "x");
    assert_eq!(keyring.open(Email, &email).unwrap(), "a@example.com");
}

/// A key in memory is renewed every few minutes; how often it was used is not forgotten with it.
#[test]
fn values_are_counted_through_renewals() {
    let world = World::new();
    let keyring = world.builder().rotate_after(100).open_blocking().unwrap();
    for _ in 0..6 {
        for _ in 0..20 {
            keyring.seal(Note, "x").unwrap();
        }
        world.clock.advance(16 * MINUTE);
    }
    eventually("there is a pending key", || {
        world.store.records().iter().any(|record| record.state == KeyState::Pending)
    });
}
