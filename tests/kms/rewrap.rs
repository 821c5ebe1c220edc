//! Data keys move to another key of the service; rows stay as they are.

use std::sync::Arc;

use envelope_core::{AwsKms, KeyError, Keyring, KeyringBuilder};

use crate::{
    proxy::Answer,
    support::{MINUTE, Note, World, block_on, new_key, quick},
};

fn provider_keys(world: &World) -> Vec<String> {
    let name = |record: &envelope_core::KeyRecord| record.wrapped.as_ref().unwrap().provider_key().to_owned();
    world.store.records().iter().map(name).collect()
}

fn builder(world: &World, kms: AwsKms) -> KeyringBuilder {
    Keyring::builder(quick(kms), Arc::clone(&world.store)).application("shop").clock(&world.clock)
}

#[test]
fn data_keys_move_to_another_key_without_touching_rows() {
    let world = World::new();
    let value = world.process().seal(Note, "x").unwrap();
    let running = world.process();
    let successor = block_on(new_key(&world.client));

    // A configuration that forgot the former key says so, and asks nobody.
    let forgetful = builder(&world, AwsKms::new(world.client.clone(), &successor).unwrap());
    let error = forgetful.open_blocking().unwrap_err();
    assert!(matches!(error, KeyError::NotUnwrapped { .. }), "{error:?}");
    assert!(error.to_string().contains(&world.key) && error.to_string().contains(&successor), "{error}");

    let kms = || AwsKms::new(world.client.clone(), &successor).unwrap().formerly(&world.key).unwrap();
    let moved = builder(&world, kms()).open_blocking().unwrap();
    assert_eq!(moved.open(Note, &value).unwrap(), "x");
    let (decrypted, records) = (world.proxy.calls("Decrypt"), world.store.records().len());
    assert_eq!(block_on(moved.rewrap()).unwrap(), records);
    assert_eq!(provider_keys(&world), vec![successor.clone(); records]);
    // By the service itself: the keys did not come here for it, and are not asked for anew afterwards.
    assert_eq!(world.proxy.calls("ReEncrypt"), records);
    assert_eq!(moved.open(Note, &value).unwrap(), "x");
    assert_eq!(world.proxy.calls("Decrypt"), decrypted);
    // Again: there is nothing to do.
    assert_eq!(block_on(moved.rewrap()).unwrap(), 0);
    assert_eq!(world.proxy.calls("ReEncrypt"), records);

    // The former key is not needed any more, and whoever had the keys in memory goes on.
    let alone = builder(&world, AwsKms::new(world.client.clone(), &successor).unwrap());
    assert_eq!(alone.open_blocking().unwrap().open(Note, &value).unwrap(), "x");
    assert_eq!(running.open(Note, &value).unwrap(), "x");
    // A process that was not told of the new key says so at the end of the life of its keys.
    world.clock.advance(16 * MINUTE);
    let error = running.open(Note, &value).unwrap_err().to_string();
    assert!(error.contains(&successor), "{error}");
}

#[test]
fn a_rewrap_that_was_refused_half_way_goes_on() {
    let world = World::new();
    let value = world.process().seal(Note, "x").unwrap();
    let successor = block_on(new_key(&world.client));
    let kms = AwsKms::new(world.client.clone(), &successor).unwrap().formerly(&world.key).unwrap();
    let moved = builder(&world, kms).open_blocking().unwrap();
    world.proxy.answer(Answer::ErrorFor(1, 400, "AccessDeniedException", "no kms:ReEncryptFrom"));
    let error = block_on(moved.rewrap()).unwrap_err();
    assert!(matches!(error, KeyError::Denied(_)), "{error:?}");
    assert!(error.to_string().contains("no kms:ReEncryptFrom"), "{error}");
    assert_eq!(moved.open(Note, &value).unwrap(), "x");
    block_on(moved.rewrap()).unwrap();
    assert!(provider_keys(&world).iter().all(|name| *name == successor));
    assert_eq!(moved.open(Note, &value).unwrap(), "x");
}

/// Who moves keys need not be able to use them.
#[test]
fn an_admin_rewraps_without_the_permission_to_unwrap() {
    let world = World::new();
    let value = world.process().seal(Note, "x").unwrap();
    let successor = block_on(new_key(&world.client));
    let kms = || AwsKms::new(world.client.clone(), &successor).unwrap().formerly(&world.key).unwrap();
    world.proxy.answer(Answer::PermitOnly("ReEncrypt"));
    let opened = builder(&world, kms()).open_blocking();
    assert!(matches!(opened, Err(KeyError::Denied(_))), "{opened:?}");
    let admin = builder(&world, kms()).build().unwrap();
    assert_eq!(block_on(admin.rewrap()).unwrap(), world.store.records().len());
    assert!(block_on(admin.keys()).unwrap().iter().all(|key| key.provider_key.as_ref() == Some(&successor)));
    assert!(admin.open(Note, &value).is_err());
    world.proxy.answer(Answer::Honest);
    assert_eq!(builder(&world, kms()).open_blocking().unwrap().open(Note, &value).unwrap(), "x");
}
