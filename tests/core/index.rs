//! The terms of an index (FORMAT.md#index-terms): as the vectors have them, and what they depend on.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use envelope_core::{
    Buckets, Encoding, Field, Index, Keyring, Mode, Normalizer, OpenError, PlaintextRows, SealError, Take,
    testing, testing::Case,
};
use proptest::{
    prelude::{any, prop, proptest},
    test_runner::Config,
};

use super::{
    normalize::steps,
    spec::Outcome,
    vector::{Vector, hex},
};

fn buckets(kind: &str, width: i64, ends: Option<(i64, i64)>) -> Buckets {
    let (first, last) = ends.unzip();
    match kind {
        "i64" | "u64" => Buckets::of::<i64>(width, first, last),
        "i128" => Buckets::of::<i128>(width, first, last),
        "date" => Buckets::of::<NaiveDate>(width, first, last),
        "time" => Buckets::of::<NaiveTime>(width, first, last),
        "date-time" => Buckets::of::<NaiveDateTime>(width, first, last),
        "instant" => Buckets::of::<DateTime<Utc>>(width, first, last),
        "offset-date-time" => Buckets::of::<DateTime<FixedOffset>>(width, first, last),
        other => panic!("{other} has no order"),
    }
}

fn take(vector: &Vector) -> Take {
    let words: Vec<_> = vector.text("take").split(' ').collect();
    match *words {
        ["whole"] => Take::Whole,
        ["words"] => Take::Words,
        ["trigrams"] => Take::Trigrams,
        ["prefix", length] => Take::Prefix(length.parse().unwrap()),
        ["suffix", length] => Take::Suffix(length.parse().unwrap()),
        ["buckets", width, ref ends @ ..] => {
            let ends = match *ends {
                [] => None,
                ["from", first, "to", last] => Some((first.parse().unwrap(), last.parse().unwrap())),
                _ => panic!("{}", vector.name),
            };
            Take::Bucket(buckets(vector.text("type"), width.parse().unwrap(), ends))
        }
        _ => panic!("{}", vector.name),
    }
}

/// The values of the index's columns, encoded. A vector that is refused spells them out and carries no bytes.
fn values(vector: &Vector) -> Vec<(Vec<u8>, &'static [Normalizer])> {
    let mut values = Vec::new();
    for part in ["", "-2", "-3", "-4"] {
        let Some(meaning) = vector.get(&format!("meaning{part}")) else { break };
        let plaintext = format!("plaintext{part}");
        let value = vector.get(&plaintext).map_or_else(|| meaning.into(), |_| vector.bytes(&plaintext));
        values.push((value, steps(vector.get(&format!("steps{part}")).unwrap_or_default())));
    }
    values
}

pub(super) fn read(vector: &Vector) -> Outcome {
    let (values, parts): (Vec<_>, Vec<_>) = values(vector).into_iter().unzip();
    let index = Index::new(take(vector)).normalized(parts.leak()).bits(vector.text("bits").parse().unwrap());
    let field = Field::of_index("users", "index", vector.text("context").to_owned().leak(), index);
    let case = Case {
        data_key: vector.array("data-key"),
        key_id: vector.key_id(),
        tenant: vector.tenant(),
        field,
        row: None,
    };
    let keyring = case.keyring();
    let stored = |field: &Field| match &*values {
        [one] => keyring.terms_field(field, one),
        [one, two] => keyring.terms_field(field, &(one, two)),
        [one, two, three] => keyring.terms_field(field, &(one, two, three)),
        _ => panic!("{}", vector.name),
    };
    let terms = match stored(&field) {
        Ok(terms) => terms,
        Err(SealError::Plaintext { .. }) => return Err("bad-plaintext"),
        Err(error) => panic!("{}: {error}", vector.name),
    };
    if vector.get("terms").is_none() {
        return Ok(());
    }
    let encoded = match &*values {
        [one] => one.clone(),
        values => values
            .iter()
            .flat_map(|value| [&u32::try_from(value.len()).unwrap().to_be_bytes(), &**value].concat())
            .collect(),
    };
    let computed = case.terms(&encoded).unwrap();
    let list = |parts: &[Vec<u8>]| parts.iter().map(|part| hex(part)).collect::<Vec<_>>().join(" ");
    assert_eq!(hex(&computed.column_key), vector.text("column-key"), "{}", vector.name);
    assert_eq!(list(&computed.hashed), vector.text("hashed"), "{}", vector.name);
    assert_eq!(list(&computed.terms), vector.text("terms"), "{}", vector.name);
    assert_eq!(list(&terms), vector.text("terms"), "{}", vector.name);
    if let Some(texts) = vector.get("text-terms") {
        let stored = stored(&field.encoding(Encoding::Text)).unwrap();
        assert_eq!(stored.join(&b' '), texts.as_bytes(), "{}", vector.name);
    }
    Ok(())
}

fn field(context: &'static str, index: Index) -> Field {
    Field::of_index("users", "email_index", context, index)
}

const WHOLE: Index = Index::new(Take::Whole);

fn term(keyring: &Keyring, field: &Field, value: &str) -> Vec<u8> {
    let terms = keyring.terms_field(field, value).unwrap();
    assert_eq!(terms.len(), 1);
    terms.into_iter().next().unwrap()
}

/// What stands behind the header, which differs with the key's id anyway.
fn hash(keyring: &Keyring, field: &Field, value: &str) -> Vec<u8> {
    term(keyring, field, value).split_off(6)
}

#[test]
fn a_column_of_values_has_no_terms_and_an_index_no_values() {
    let keyring = testing::keyring();
    let values = Field::new("users", "email", "users.email", Mode::Deterministic);
    let error = keyring.terms_field(&values, "x").unwrap_err();
    assert!(matches!(error, SealError::NotSearchable { .. }), "{error}");

    let index = field("users.email_index", WHOLE);
    let stored = term(&keyring, &index, "x");
    for index in [index, index.plaintext_rows(PlaintextRows::Read)] {
        let error = keyring.open_field::<String>(&index, &stored).unwrap_err();
        assert!(matches!(error, OpenError::Index { .. }), "{error}");
    }
    for mode in [Mode::Randomized, Mode::Deterministic] {
        let values = Field::new("users", "email", "users.email_index", mode);
        let error = keyring.open_field::<String>(&values, &stored).unwrap_err();
        assert!(error.to_string().contains("suite"), "{error}");
    }
}

#[test]
fn a_declaration_that_finds_nothing_is_refused() {
    const EMAIL: &[&[Normalizer]] = &[&[Normalizer::Trim, Normalizer::Email]];
    const TWO: &[&[Normalizer]] = &[&[], &[]];
    let refused = |declare: fn() -> Index| std::panic::catch_unwind(declare).unwrap_err();
    refused(|| WHOLE.bits(3));
    refused(|| WHOLE.bits(257));
    refused(|| Index::new(Take::Prefix(0)));
    refused(|| Index::new(Take::Suffix(0)));
    refused(|| WHOLE.normalized(&[]));
    refused(|| Index::new(Take::Prefix(3)).normalized(EMAIL));
    refused(|| Index::new(Take::Words).normalized(TWO));
    refused(|| {
        Index::new(Take::Bucket(Buckets::of::<i64>(1, None, None))).normalized(&[&[Normalizer::Trim]])
    });
    refused(|| Index::new(Take::Bucket(Buckets::of::<i64>(0, None, None))));
    refused(|| Index::new(Take::Bucket(Buckets::of::<i64>(1, Some(1), Some(0)))));
    assert_eq!(WHOLE.bits(256).normalized(TWO).parts().len(), 2);
}

#[test]
fn a_term_is_of_its_column_tenant_key_and_kind() {
    let keyring = testing::keyring();
    let own = hash(&keyring, &field("users.email_index", WHOLE), "anna");
    assert_eq!(own.len(), 16);
    assert_eq!(hash(&keyring, &field("users.email_index", WHOLE), "anna"), own);
    let tenant = keyring.tenant("acme").unwrap();
    let mut others = vec![
        hash(&keyring, &field("users.email_index", WHOLE), "anne"),
        hash(&keyring, &field("users.other_index", WHOLE), "anna"),
        hash(&tenant, &field("users.email_index", WHOLE), "anna"),
        hash(&testing::keyring(), &field("users.email_index", WHOLE), "anna"),
    ];
    // All of the same text and context.
    let kinds = [Take::Prefix(4), Take::Prefix(5), Take::Suffix(4), Take::Suffix(5), Take::Words];
    others.extend(kinds.map(|take| hash(&keyring, &field("users.email_index", Index::new(take)), "anna")));
    let three = hash(&keyring, &field("users.email_index", Index::new(Take::Trigrams)), "ann");
    assert_ne!(three, hash(&keyring, &field("users.email_index", WHOLE), "ann"));
    others.push(own);
    others.push(three);
    let count = others.len();
    others.sort();
    others.dedup();
    assert_eq!(others.len(), count);

    let number = |width| {
        let take = Take::Bucket(Buckets::of::<i64>(width, None, None));
        keyring.terms_field(&field("users.age_index", Index::new(take)), &5_i64).unwrap()
    };
    assert_ne!(number(10), number(100), "both have it in bucket 0");
}

#[test]
fn a_shorter_term_is_the_beginning_of_a_longer_one() {
    let keyring = testing::keyring();
    let of = |bits| hash(&keyring, &field("users.email_index", WHOLE.bits(bits)), "anna");
    let all = of(256);
    assert_eq!(all.len(), 32);
    for bits in 4..=256_u16 {
        let (term, bits) = (of(bits), usize::from(bits));
        assert_eq!(term.len(), bits.div_ceil(8));
        let is_set = |bytes: &[u8], bit: usize| bytes[bit / 8] & (0x80 >> (bit % 8)) != 0;
        for bit in 0..term.len() * 8 {
            assert_eq!(is_set(&term, bit), bit < bits && is_set(&all, bit), "bit {bit} of {bits}");
        }
    }
}

/// What their order would tell is the order of the words.
#[test]
fn the_terms_of_a_value_are_in_an_order_of_their_own() {
    let keyring = testing::keyring();
    let words = field("users.name_words", Index::new(Take::Words));
    let text: Vec<_> = ('a'..='z').map(String::from).collect();
    let terms = keyring.terms_field(&words, &text.join(" ")).unwrap();
    assert_eq!(terms.len(), 26);
    assert!(terms.is_sorted());
    assert_ne!(terms, text.iter().map(|word| term(&keyring, &words, word)).collect::<Vec<_>>());
    // Of four bits there are sixteen terms, and each stands there once.
    let words = field("users.name_words", Index::new(Take::Words).bits(4));
    assert!(keyring.terms_field(&words, &text.join(" ")).unwrap().len() <= 16);
}

#[test]
fn the_parts_of_a_compound_index_do_not_run_together() {
    let keyring = testing::keyring();
    let index = field("users.name_index", WHOLE.normalized(&[&[], &[]]));
    let of = |one: &str, two: &str| keyring.terms_field(&index, &(one, two)).unwrap();
    assert_eq!(of("ab", "c"), of("ab", "c"));
    assert_ne!(of("ab", "c"), of("a", "bc"));
    assert_ne!(of("ab", ""), of("", "ab"));
    // A value that is no tuple, or one of more or fewer values.
    for error in [
        keyring.terms_field(&index, "ab").unwrap_err(),
        keyring.terms_field(&index, &("a", "b", "c")).unwrap_err(),
        keyring.terms_field(&index, "").unwrap_err(),
    ] {
        assert!(matches!(error, SealError::Plaintext { .. }), "{error}");
    }
}

proptest! {
    #![proptest_config(Config::with_cases(64))]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let keyring = testing::keyring();
        let takes = [
            Take::Whole, Take::Prefix(2), Take::Suffix(u32::MAX), Take::Words, Take::Trigrams,
            Take::Bucket(buckets("i128", 1, None)), Take::Bucket(buckets("instant", i64::MAX, Some((i64::MIN, i64::MAX)))),
            Take::Bucket(buckets("time", 1, None)), Take::Bucket(buckets("offset-date-time", 60, None)),
        ];
        for take in takes {
            let _ = keyring.terms_field(&field("users.x", Index::new(take)), &bytes);
        }
        let _ = keyring.terms_field(&field("users.x", WHOLE.normalized(&[&[], &[Normalizer::Trim]])), &bytes);
    }
}
