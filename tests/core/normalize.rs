//! What is made alike, and what is kept apart (FORMAT.md#normalisers).

use envelope_core::{Field, Keyring, Mode, Normalizer, SealError, testing};
use proptest::{
    prelude::{any, prop, prop_assert, prop_assert_eq, proptest},
    test_runner::Config,
};

use super::{
    spec::Outcome,
    vector::{Vector, hex},
};

/// The steps by their names.
pub(super) fn steps(names: &str) -> &'static [Normalizer] {
    let step = |name: &str| match name {
        "nfc" => Normalizer::Nfc,
        "casefold" => Normalizer::Casefold,
        "lowercase" => Normalizer::Lowercase,
        "trim" => Normalizer::Trim,
        "spaces" => Normalizer::Spaces,
        "digits" => Normalizer::Digits,
        "email" => Normalizer::Email,
        "phone" => Normalizer::phone(None),
        other => Normalizer::phone(Some(other.strip_prefix("phone:").unwrap().to_owned().leak())),
    };
    let steps: Vec<_> = names.split(',').filter(|name| !name.is_empty()).map(step).collect();
    let shown: Vec<_> = steps.iter().map(ToString::to_string).collect();
    assert_eq!(shown.join(","), names);
    steps.leak()
}

/// A deterministic column, from which the value comes back as the steps leave it.
fn alike(keyring: &Keyring, steps: &'static [Normalizer], value: &[u8]) -> Result<Vec<u8>, SealError> {
    let field = Field::new("users", "name", "users.name", Mode::Deterministic).normalized(steps);
    Ok(keyring.open_field(&field, &keyring.seal_field(&field, value)?).unwrap())
}

pub(super) fn read(vector: &Vector) -> Outcome {
    let (keyring, steps) = (testing::keyring(), steps(vector.text("steps")));
    let plaintext = vector.bytes("plaintext");
    match alike(&keyring, steps, &plaintext) {
        Ok(text) => {
            // With the mistake taken back there is nothing to compare with.
            if vector.text("expect") == "ok" {
                assert_eq!(hex(&text), vector.text("alike"), "{}", vector.name);
                let again = alike(&keyring, steps, &text).unwrap();
                assert_eq!(hex(&again), hex(&text), "{}: not the same when it is done again", vector.name);
            }
            Ok(())
        }
        Err(SealError::Plaintext { .. }) => Err("bad-plaintext"),
        Err(error) => panic!("{}: {error}", vector.name),
    }
}

fn one(steps: &'static [Normalizer], text: &str) -> Result<String, SealError> {
    alike(&testing::keyring(), steps, text.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn what_is_refused_is_said_without_the_value() {
    for (steps, text, expected) in [
        (
            &[Normalizer::Email][..],
            "secret@",
            "cannot seal users.name: the plaintext is not an e-mail address, `local-part@domain`",
        ),
        (
            &[Normalizer::Phone(None)],
            "030 123456",
            "cannot seal users.name: the plaintext is not a valid phone number without an extension",
        ),
        (
            &[Normalizer::Phone(Some("de"))],
            "030 123456",
            "cannot seal users.name: the plaintext is not normalised: the step `phone` names a region that there is not",
        ),
    ] {
        assert_eq!(one(steps, text).unwrap_err().to_string(), expected);
    }
}

/// In a constant these do not compile.
#[test]
fn a_region_that_there_is_not_cannot_be_declared() {
    for region in ["XX", "de", "", "D", "DEU", "EU", "  "] {
        let declared = std::panic::catch_unwind(|| Normalizer::phone(Some(region)));
        assert!(declared.is_err(), "{region}");
    }
    for region in ["AC", "DE", "US", "ZW"] {
        assert_eq!(Normalizer::phone(Some(region)).to_string(), format!("phone:{region}"));
    }
}

#[test]
fn addresses_that_are_alike() {
    let email = &[Normalizer::Email];
    let expected = one(email, "john@xn--mnchen-3ya.example").unwrap();
    for text in ["JOHN@münchen.example", " John@MÜNCHEN.example\n", "john@mu\u{308}nchen。example"] {
        assert_eq!(one(email, text).unwrap(), expected, "{text}");
    }
    // Of two people, for all that is known.
    for text in ["j.ohn@münchen.example", "john+shop@münchen.example", "john@munchen.example"] {
        assert_ne!(one(email, text).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_function_of_the_application_is_a_step_among_others() {
    fn without_title(text: &str) -> String {
        text.trim_start_matches("Dr. ").into()
    }
    let steps =
        &[Normalizer::Trim, Normalizer::Custom("crate::without_title", without_title), Normalizer::Casefold];
    assert_eq!(one(steps, " Dr. Müller").unwrap(), "müller");
    assert_eq!(steps[1].to_string(), "crate::without_title");
}

const TEXT_STEPS: [Normalizer; 6] = [
    Normalizer::Nfc,
    Normalizer::Casefold,
    Normalizer::Lowercase,
    Normalizer::Trim,
    Normalizer::Spaces,
    Normalizer::Digits,
];

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn every_text_is_taken_and_stays_as_it_is_made(text in any::<String>(), step in 0..TEXT_STEPS.len()) {
        let steps = &TEXT_STEPS[step..=step];
        let once = one(steps, &text).unwrap();
        prop_assert_eq!(one(steps, &once).unwrap(), once);
    }

    #[test]
    fn the_case_of_ascii_is_no_difference(text in "[ -~]{0,12}") {
        for steps in [&[Normalizer::Casefold], &[Normalizer::Lowercase]] {
            prop_assert_eq!(one(steps, &text.to_uppercase()).unwrap(), text.to_lowercase());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40), text in "\\PC{0,40}", near in "[+0-9 ()x.;tel:=@\"\\\\a-zé٣-]{0,30}") {
        let keyring = testing::keyring();
        for value in [&*bytes, text.as_bytes(), near.as_bytes()] {
            for names in ["nfc", "casefold", "lowercase", "trim", "spaces", "digits", "email", "phone", "phone:DE", "phone:US"] {
                let result = alike(&keyring, steps(names), value);
                let is_refused = matches!(result, Err(SealError::Plaintext { .. }));
                prop_assert!(result.is_ok() || is_refused);
            }
        }
    }
}
