//! Made-up values and needles: what is found is what the same search finds in plaintext.

use proptest::{
    prelude::{any, prop, prop_assert, prop_assert_eq, proptest},
    test_runner::Config,
};

use super::*;

fn folded(text: &str) -> String {
    text.to_lowercase().trim().to_owned()
}

fn words(text: &str) -> Vec<String> {
    let text = folded(text);
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

const TEXTS: &str = "[abAÉé1 -]{0,7}";

proptest! {
    #![proptest_config(Config::with_cases(48))]

    #[test]
    fn texts_are_found_as_in_plaintext(values in prop::collection::vec(TEXTS, 1..30), needle in TEXTS) {
        let keyring = testing::keyring();
        let meant = folded(&needle);
        for found in [
            find(&keyring, Whole, &Find::equal(&needle), &values).0,
            find(&keyring, Short, &Find::equal(&needle), &values).0,
            find(&keyring, Prefix, &Find::equal(&needle), &values).0,
            find(&keyring, Suffix, &Find::equal(&needle), &values).0,
        ] {
            prop_assert_eq!(found, naive(&values, |value| folded(value) == meant));
        }
        prop_assert_eq!(find(&keyring, Whole, &Find::equal(&needle), &values).1, 0, "an index of 128 bits is exact");
        if meant.chars().count() >= 3 {
            let found = find(&keyring, Prefix, &Find::starts_with(&needle), &values).0;
            prop_assert_eq!(found, naive(&values, |value| folded(value).starts_with(&meant)));
            let found = find(&keyring, Suffix, &Find::ends_with(&needle), &values).0;
            prop_assert_eq!(found, naive(&values, |value| folded(value).ends_with(&meant)));
            let found = find(&keyring, Trigrams, &Find::contains(&needle), &values).0;
            prop_assert_eq!(found, naive(&values, |value| folded(value).contains(&meant)));
        }
        if !words(&needle).is_empty() {
            let found = find(&keyring, Words, &Find::words(&needle), &values).0;
            prop_assert_eq!(found, naive(&values, |value| words(&needle).iter().all(|word| words(value).contains(word))));
        }
    }

    #[test]
    fn pairs_are_found_as_in_plaintext(values in prop::collection::vec(("[ab ]{0,3}", 0..3_i64), 1..30), one in "[ab ]{0,3}", two in 0..3_i64) {
        let keyring = testing::keyring();
        let found = find(&keyring, Pair, &Find::equal(&(one.clone(), two)), &values).0;
        prop_assert_eq!(found, naive(&values, |value| value.0.trim() == one.trim() && value.1 == two));
    }

    #[test]
    fn ranges_are_found_as_in_plaintext(days in prop::collection::vec(-1_000..1_000_i32, 1..30), from in -1_000..1_000_i32, to in -1_000..1_000_i32) {
        let keyring = testing::keyring();
        let day = |number: i32| NaiveDate::from_epoch_days(number).unwrap();
        let (values, from, to): (Vec<_>, _, _) = (days.into_iter().map(day).collect(), day(from), day(to));
        let found = find(&keyring, Births, &Find::between(&from, &to), &values).0;
        prop_assert_eq!(found, naive(&values, |value| from <= *value && *value <= to));
        let found = find(&keyring, Births, &Find::lt(&to), &values).0;
        prop_assert_eq!(found, naive(&values, |value| *value < to));
        let found = find(&keyring, Births, &Find::ge(&from), &values).0;
        prop_assert_eq!(found, naive(&values, |value| *value >= from));
    }

    #[test]
    fn no_needle_panics(needle in any::<String>(), value in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..20)) {
        let keyring = testing::keyring();
        for find in [Find::equal(&needle), Find::starts_with(&needle), Find::ends_with(&needle), Find::contains(&needle), Find::words(&needle)] {
            if let Ok(search) = keyring.search(Prefix, &find) { prop_assert!(!search.groups().is_empty()); let _ = search.is_match(&value); }
            if let Ok(search) = keyring.search(Suffix, &find) { let _ = search.is_match(&value); }
            if let Ok(search) = keyring.search(Words, &find) { let _ = search.is_match(&value); }
            if let Ok(search) = keyring.search(Trigrams, &find) { let _ = search.is_match(&value); }
        }
        let _ = keyring.terms_field(&Pair::FIELD, &bytes);
        let _ = keyring.terms_field(&Births::FIELD, &bytes);
    }
}
