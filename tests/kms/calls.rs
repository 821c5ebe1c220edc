//! Each call of the provider, and who is refused.

use std::sync::Arc;

use aws_sdk_kms::primitives::Blob;
use envelope_core::{AwsKms, KeyProvider, Keyring, MemoryStore, ProviderError, WrappedKey};

use crate::support::{Note, World, block_on, client, context, new_key};

#[test]
fn another_context_does_not_unwrap() {
    let world = World::new();
    let kms = world.kms();
    block_on(async {
        let generated = kms.generate_key(&context("acme")).await.unwrap();
        let error = kms.unwrap_key(&generated.wrapped, &context("globex")).await.unwrap_err();
        assert!(matches!(error, ProviderError::NotAuthentic), "{error:?}");
        let error = kms.rewrap_key(&generated.wrapped, &context("globex")).await.unwrap_err();
        assert!(matches!(error, ProviderError::NotAuthentic), "{error:?}");
    });
}

/// A provider that sent no context, or another's, would pass every other test: whoever asks the service by hand sees it.
#[test]
fn the_service_is_given_the_context() {
    let world = World::new();
    let kms = world.kms();
    block_on(async {
        let context = context("acme");
        let wrapped = kms.generate_key(&context).await.unwrap().wrapped;
        let decrypt =
            || world.client.decrypt().key_id(&world.key).ciphertext_blob(Blob::new(wrapped.bytes()));
        assert!(decrypt().send().await.is_err());
        let by_hand = decrypt()
            .encryption_context("envelope:application", "shop")
            .encryption_context("envelope:tenant", "acme")
            .encryption_context("envelope:key-id", "00000007")
            .encryption_context("envelope:purpose", "encrypt");
        let plaintext = by_hand.send().await.unwrap().plaintext.unwrap();
        assert_eq!(plaintext.as_ref(), kms.unwrap_key(&wrapped, &context).await.unwrap().expose_secret());
    });
}

#[test]
fn a_changed_or_exchanged_wrapped_key_does_not_unwrap() {
    let world = World::new();
    let kms = world.kms();
    block_on(async {
        let acme = kms.generate_key(&context("acme")).await.unwrap().wrapped;
        let globex = kms.generate_key(&context("globex")).await.unwrap().wrapped;
        let mut flipped = acme.bytes().to_vec();
        *flipped.last_mut().unwrap() ^= 1;
        for bytes in [globex.bytes(), &flipped, b"x"] {
            let wrapped = WrappedKey::new(world.key.clone(), bytes.to_vec());
            let error = kms.unwrap_key(&wrapped, &context("acme")).await.unwrap_err();
            assert!(matches!(error, ProviderError::NotAuthentic), "{error:?}");
        }
    });
}

/// Someone who can write the key table may name a key of his own, and must not have it asked.
#[test]
fn another_wrapping_key_is_not_asked() {
    let world = World::new();
    let kms = world.kms();
    block_on(async {
        let stranger = AwsKms::new(world.client.clone(), new_key(&world.client).await).unwrap();
        let wrapped = stranger.generate_key(&context("acme")).await.unwrap().wrapped;
        let before = world.proxy.all_calls();
        for error in [
            kms.unwrap_key(&wrapped, &context("acme")).await.unwrap_err(),
            kms.rewrap_key(&wrapped, &context("acme")).await.unwrap_err(),
        ] {
            assert!(matches!(error, ProviderError::WrongKey { .. }), "{error:?}");
            assert!(error.to_string().contains(stranger.key_arn()) && error.to_string().contains(&world.key));
        }
        assert_eq!(world.proxy.all_calls(), before);
        // The same bytes under our own key's name. The emulator denies where the service answers `IncorrectKeyException`, and
        // re-encrypts whatever it has the key of.
        let relabelled = WrappedKey::new(world.key.clone(), wrapped.bytes().to_vec());
        let error = kms.unwrap_key(&relabelled, &context("acme")).await.unwrap_err();
        assert!(matches!(error, ProviderError::Denied(_)), "{error:?}");
        let error = kms.rewrap_key(&relabelled, &context("acme")).await.unwrap_err();
        assert!(matches!(error, ProviderError::WrongKey { .. }), "{error:?}");
    });
}

#[test]
fn a_key_is_named_by_its_arn_only() {
    let world = World::new();
    let (_, id) = world.key.split_once("key/").unwrap();
    let alias_arn = world.key.replace(&format!("key/{id}"), "alias/shop");
    let shortened = world.key.trim_end_matches(id);
    for name in ["alias/shop", id, &alias_arn, shortened, "", "arn:aws:kms:eu-central-1::key/1"] {
        let error = AwsKms::new(world.client.clone(), name).unwrap_err();
        assert!(matches!(error, ProviderError::NotAnArn(_)), "{name}: {error:?}");
        assert!(error.to_string().contains("`AwsKms::resolve`"), "{error}");
        assert!(matches!(world.kms().formerly(name), Err(ProviderError::NotAnArn(_))), "{name}");
        assert!(matches!(block_on(AwsKms::from_env(name)), Err(ProviderError::NotAnArn(_))), "{name}");
    }
}

#[test]
fn an_alias_is_resolved_once_and_never_stored() {
    let world = World::new();
    let alias = format!("alias/{}", world.key.rsplit('/').next().unwrap());
    let error = block_on(AwsKms::resolve(&world.client, &alias)).unwrap_err();
    assert!(matches!(error, ProviderError::NotFound(_)), "{error:?}");
    block_on(world.client.create_alias().alias_name(&alias).target_key_id(&world.key).send()).unwrap();
    let resolved = block_on(AwsKms::resolve(&world.client, &alias)).unwrap();
    assert_eq!(resolved, world.key);
    let kms = AwsKms::new(world.client.clone(), resolved).unwrap();
    Keyring::builder(kms, Arc::clone(&world.store)).open_blocking().unwrap();
    let records = world.store.records();
    assert!(!records.is_empty());
    assert!(records.iter().all(|r| r.wrapped.as_ref().unwrap().provider_key() == world.key));
    assert!(!format!("{records:?}").contains("alias/"));
}

#[test]
fn every_call_does_what_it_says() {
    let world = World::new();
    let kms = world.kms();
    block_on(async {
        let context = context("acme");
        let generated = kms.generate_key(&context).await.unwrap();
        assert_eq!(generated.wrapped.provider_key(), world.key);
        let key = generated.key.expose_secret();
        assert_ne!(key, kms.generate_key(&context).await.unwrap().key.expose_secret());
        assert_eq!(key, kms.unwrap_key(&generated.wrapped, &context).await.unwrap().expose_secret());
        let wrapped = kms.wrap_key(&generated.key, &context).await.unwrap();
        assert_eq!(key, kms.unwrap_key(&wrapped, &context).await.unwrap().expose_secret());
        let rewrapped = kms.rewrap_key(&wrapped, &context).await.unwrap();
        assert_ne!(rewrapped, wrapped);
        assert_eq!(key, kms.unwrap_key(&rewrapped, &context).await.unwrap().expose_secret());
    });
    for operation in ["GenerateDataKey", "Decrypt", "Encrypt", "ReEncrypt"] {
        assert!(world.proxy.calls(operation) > 0, "{operation}");
    }
    let shown = format!("{kms:?}");
    assert!(shown.contains(&world.key) && !shown.contains("test"), "{shown}");
}

/// The client keeps connections, and each belongs to the runtime on which it was opened.
#[test]
fn a_client_outlives_the_keyrings_that_used_it() {
    let world = World::new();
    let kms = Arc::new(world.kms());
    let open = || Keyring::builder(Arc::clone(&kms), Arc::clone(&world.store)).open_blocking().unwrap();
    let value = open().seal(Note, "x").unwrap();
    for _ in 0..20 {
        assert_eq!(open().open(Note, &value).unwrap(), "x");
    }
}

#[test]
fn an_endpoint_takes_the_place_of_the_clients_own() {
    let world = World::new();
    let elsewhere = client("http://127.0.0.1:9");
    let kms = AwsKms::new(elsewhere, &world.key).unwrap().endpoint(format!("http://{}", world.proxy.address));
    let opened = Keyring::builder(kms, MemoryStore::new()).open_blocking();
    assert!(opened.is_ok(), "{opened:?}");
}

/// The SDK needs tokio, which it finds on the keyring's own thread: the application's runtime may be another.
#[test]
fn an_application_that_does_not_run_on_tokio() {
    let world = World::new();
    smol::block_on(async {
        assert!(tokio::runtime::Handle::try_current().is_err());
        AwsKms::from_env(&world.key).await.unwrap();
        let writer = world.builder().open().await.unwrap().tenant("acme").unwrap();
        writer.warm().await.unwrap();
        let value = writer.seal(Note, "x").unwrap();
        let reader = world.builder().open().await.unwrap().tenant("acme").unwrap();
        let before = world.proxy.all_calls();
        assert_eq!(reader.open(Note, &value).unwrap(), "x");
        assert_eq!(world.proxy.all_calls() - before, 1);
    });
}
