//! What the service may answer instead, and what the caller is told.

use std::{
    error::Error as _,
    net::TcpListener,
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use envelope_core::{
    AwsKms, KeyError, KeyProvider, Keyring, MemoryStore, OpenError, ProviderError, WrappedKey,
};
use serde_json::json;

use crate::{
    proxy::Answer,
    support::{Note, World, block_on, client, context, quick},
};

/// The error of each call while the service answers so.
fn errors(world: &World, kms: &AwsKms, answer: Answer) -> Vec<ProviderError> {
    let context = context("acme");
    block_on(async {
        let generated = kms.generate_key(&context).await.unwrap();
        world.proxy.answer(answer);
        let errors = vec![
            kms.generate_key(&context).await.unwrap_err(),
            kms.unwrap_key(&generated.wrapped, &context).await.unwrap_err(),
            kms.wrap_key(&generated.key, &context).await.unwrap_err(),
            kms.rewrap_key(&generated.wrapped, &context).await.unwrap_err(),
            AwsKms::resolve(&world.client, "alias/shop").await.unwrap_err(),
        ];
        world.proxy.answer(Answer::Honest);
        let key = BASE64_STANDARD.encode(generated.key.expose_secret());
        let hex: String = generated.key.expose_secret().iter().map(|byte| format!("{byte:02x}")).collect();
        for error in &errors {
            let shown = format!("{error} {error:?} {:?}", error.source());
            assert!(!shown.contains(&key) && !shown.contains(&hex), "{shown}");
        }
        errors
    })
}

fn kind(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Unreachable(_) => "unreachable",
        ProviderError::Throttled(_) => "throttled",
        ProviderError::Denied(_) => "denied",
        ProviderError::Disabled(_) => "disabled",
        ProviderError::NotFound(_) => "not found",
        ProviderError::WrongKey { .. } => "wrong key",
        ProviderError::NotAuthentic => "not authentic",
        ProviderError::BadAnswer(_) => "bad answer",
        _ => "another",
    }
}

#[test]
fn every_refusal_has_its_class_and_names_its_cause() {
    let world = World::new();
    let cases = [
        (400, "AccessDeniedException", "denied"),
        (400, "ExpiredTokenException", "denied"),
        (400, "UnrecognizedClientException", "denied"),
        (400, "ValidationException", "denied"),
        (400, "InvalidKeyUsageException", "denied"),
        (400, "DisabledException", "disabled"),
        (400, "KMSInvalidStateException", "disabled"),
        (400, "NotFoundException", "not found"),
        (400, "ThrottlingException", "throttled"),
        (400, "LimitExceededException", "throttled"),
        (400, "IncorrectKeyException", "wrong key"),
        (400, "InvalidCiphertextException", "not authentic"),
        (500, "KMSInternalException", "unreachable"),
        (500, "KeyUnavailableException", "unreachable"),
        (503, "DependencyTimeoutException", "unreachable"),
        (503, "AnErrorOfNextYear", "unreachable"),
        (400, "AnErrorOfNextYear", "denied"),
    ];
    // One attempt: retries are another test.
    let kms = world.kms().timeouts(Duration::from_secs(1), Duration::from_secs(2), 1);
    for (status, code, expected) in cases {
        for error in errors(&world, &kms, Answer::Error(status, code, "because of the moon")) {
            assert_eq!(kind(&error), expected, "{code}: {error:?}");
            let text = error.to_string();
            let names_its_cause = text.contains(code) && text.contains("because of the moon");
            assert!(names_its_cause || matches!(expected, "wrong key" | "not authentic"), "{code}: {text}");
        }
    }
}

/// A gateway's page is no word of the service about the key.
#[test]
fn what_is_not_the_service_is_no_denial() {
    let world = World::new();
    let kms = world.kms().timeouts(Duration::from_secs(1), Duration::from_secs(2), 1);
    let cases = [
        (Answer::Foreign(403, "<html>Forbidden</html>"), "unreachable", "403"),
        (Answer::Foreign(404, ""), "unreachable", "404"),
        (Answer::Foreign(429, "slow down"), "throttled", "429"),
        (Answer::Foreign(502, "<html>Bad Gateway</html>"), "unreachable", "502"),
    ];
    for (answer, expected, names) in cases {
        for error in errors(&world, &kms, answer) {
            assert_eq!(kind(&error), expected, "{answer:?}: {error:?}");
            assert!(error.to_string().contains(names), "{error}");
        }
    }
}

#[test]
fn an_answer_that_is_none_is_an_error() {
    let world = World::new();
    let kms = world.kms().timeouts(Duration::from_secs(1), Duration::from_secs(2), 1);
    for body in ["{", "garbage", "[]", "\u{0}"] {
        for error in errors(&world, &kms, Answer::Body(body)) {
            assert_eq!(kind(&error), "unreachable", "{body}: {error:?}");
            assert!(
                error.to_string().len() > "no answer from the key service: response error".len(),
                "{error}"
            );
        }
    }
    for body in [r#"{"Plaintext": 7}"#, r#"{"Plaintext": "?"}"#] {
        for error in errors(&world, &kms, Answer::Body(body)).iter().take(2) {
            assert_eq!(kind(error), "unreachable", "{body}: {error:?}");
        }
    }
    for error in errors(&world, &kms, Answer::HangUp) {
        assert_eq!(kind(&error), "unreachable", "{error:?}");
    }
    // A valid answer without anything in it. `resolve` finds no key in it.
    for error in errors(&world, &kms, Answer::Body("{}")) {
        assert!(matches!(kind(&error), "bad answer" | "not found"), "{error:?}");
    }
}

#[test]
fn the_key_that_answered_is_checked() {
    let world = World::new();
    let kms = world.kms();
    let others = Answer::Changed(|answer| {
        for name in ["KeyId", "SourceKeyId"] {
            if answer.get(name).is_some() {
                answer[name] = json!("arn:aws:kms:eu-central-1:999999999999:key/mallory");
            }
        }
        // The answer to `DescribeKey` has another form.
        if answer.get("KeyMetadata").is_some() {
            *answer = json!({});
        }
    });
    for error in errors(&world, &kms, others).iter().take(4) {
        assert_eq!(kind(error), "wrong key", "{error:?}");
        assert!(
            error.to_string().contains("key/mallory") && error.to_string().contains(&world.key),
            "{error}"
        );
    }
    // The alias or the bare id in the place of the ARN is not believed either.
    let source_only = Answer::Changed(|answer| answer["SourceKeyId"] = json!("alias/shop"));
    world.proxy.answer(Answer::Honest);
    let wrapped = block_on(kms.generate_key(&context("acme"))).unwrap().wrapped;
    world.proxy.answer(source_only);
    let error = block_on(kms.rewrap_key(&wrapped, &context("acme"))).unwrap_err();
    assert_eq!(kind(&error), "wrong key", "{error:?}");
}

#[test]
fn a_data_key_of_another_length_is_refused() {
    let world = World::new();
    let kms = world.kms();
    let context = context("acme");
    let wrapped: WrappedKey = block_on(kms.generate_key(&context)).unwrap().wrapped;
    let cases: [(Answer, &str); 4] = [
        (Answer::Changed(|answer| answer["Plaintext"] = json!("")), "with a data key of 0 bytes"),
        (
            Answer::Changed(|answer| answer["Plaintext"] = json!(BASE64_STANDARD.encode([7; 31]))),
            "with a data key of 31 bytes",
        ),
        (
            Answer::Changed(|answer| answer["Plaintext"] = json!(BASE64_STANDARD.encode([7; 33]))),
            "with a data key of 33 bytes",
        ),
        (Answer::Changed(|answer| answer["Plaintext"] = json!(null)), "with a data key of 0 bytes"),
    ];
    for (answer, expected) in cases {
        world.proxy.answer(answer);
        for error in [
            block_on(kms.generate_key(&context)).unwrap_err(),
            block_on(kms.unwrap_key(&wrapped, &context)).unwrap_err(),
        ] {
            assert_eq!(kind(&error), "bad answer", "{error:?}");
            assert_eq!(error.to_string(), format!("the key service answered {expected}"));
        }
    }
    world.proxy.answer(Answer::Changed(|answer| answer["CiphertextBlob"] = json!("")));
    let error = block_on(kms.generate_key(&context)).unwrap_err();
    assert_eq!(error.to_string(), "the key service answered without a wrapped key");
}

#[test]
fn throttling_and_hiccups_are_retried() {
    let world = World::new();
    let kms = world.kms();
    let context = context("acme");
    let faults = [
        (400, "ThrottlingException"),
        (500, "KMSInternalException"),
        (503, "ServiceUnavailableException"),
        (500, "KeyUnavailableException"),
    ];
    for (status, code) in faults {
        let before = world.proxy.calls("GenerateDataKey");
        world.proxy.answer(Answer::ErrorFor(2, status, code, "later"));
        block_on(kms.generate_key(&context)).unwrap_or_else(|error| panic!("{code}: {error}"));
        assert_eq!(world.proxy.calls("GenerateDataKey") - before, 3, "{code}");
    }
    // A refusal is not asked for again.
    let before = world.proxy.all_calls();
    world.proxy.answer(Answer::ErrorFor(2, 400, "AccessDeniedException", "no"));
    assert_eq!(kind(&block_on(kms.generate_key(&context)).unwrap_err()), "denied");
    assert_eq!(world.proxy.all_calls() - before, 1);
}

#[test]
fn throttling_that_does_not_end_is_said() {
    let world = World::new();
    world.proxy.answer(Answer::Error(400, "ThrottlingException", "Rate exceeded"));
    let before = world.proxy.all_calls();
    let error = world.builder().open_blocking().unwrap_err();
    assert!(matches!(&error, KeyError::Unavailable(_)) && error.is_transient(), "{error:?}");
    assert!(error.to_string().contains("throttles: ThrottlingException: Rate exceeded"), "{error}");
    // The first key that is asked for: three attempts, as configured.
    assert_eq!(world.proxy.all_calls() - before, 3);
}

#[test]
fn nobody_listens() {
    let world = World::new();
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let kms = quick(AwsKms::new(client(&format!("http://{closed}")), &world.key).unwrap());
    let error = block_on(kms.generate_key(&context("acme"))).unwrap_err();
    assert_eq!(kind(&error), "unreachable", "{error:?}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
    let error = Keyring::builder(kms, MemoryStore::new()).open_blocking().unwrap_err();
    assert!(matches!(&error, KeyError::Unavailable(_)), "{error:?}");
    assert!(error.to_string().contains("Connection refused"), "{error}");
}

/// The SDK alone would wait for ever.
#[test]
fn a_service_that_accepts_and_never_answers_is_given_up() {
    let world = World::new();
    let value = world.process().tenant("acme").unwrap().seal(Note, "x").unwrap();
    world.proxy.answer(Answer::Silence);
    let attempt = Duration::from_millis(100);
    let started = Instant::now();
    let kms = world.kms().timeouts(attempt, Duration::from_secs(5), 2);
    let error = block_on(kms.generate_key(&context("acme"))).unwrap_err();
    assert_eq!(kind(&error), "unreachable", "{error:?}");
    assert!(error.to_string().contains("timeout"), "{error}");
    assert!(started.elapsed() >= attempt && started.elapsed() < Duration::from_secs(2));

    // The bound on the whole call holds where many attempts would take longer.
    let started = Instant::now();
    let kms = world.kms().timeouts(Duration::from_secs(60), Duration::from_millis(300), 9);
    let error = block_on(kms.generate_key(&context("acme"))).unwrap_err();
    assert_eq!(kind(&error), "unreachable", "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());

    // The default times: below the five seconds that a codec waits for.
    let started = Instant::now();
    let default = AwsKms::new(world.client.clone(), &world.key).unwrap();
    block_on(default.generate_key(&context("acme"))).unwrap_err();
    assert!(started.elapsed() > Duration::from_secs(2) && started.elapsed() < Duration::from_secs(5));

    // A codec that needs the key learns it from its keyring.
    let keyring = Keyring::builder(world.kms().timeouts(attempt, attempt * 3, 2), world.store.clone());
    let started = Instant::now();
    let error = keyring.application("shop").open_blocking().unwrap_err();
    assert!(matches!(&error, KeyError::Unavailable(_)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
    world.proxy.answer(Answer::Honest);
    let keyring = world.process().tenant("acme").unwrap();
    world.proxy.answer(Answer::Silence);
    let error = keyring.open(Note, &value).unwrap_err();
    assert!(matches!(&error, OpenError::Key { source: KeyError::Unavailable(_), .. }), "{error:?}");
}
