//! What is said of a column before it is searched.

use envelope_core::{
    Analysis, Buckets, Finding, Index, Normalizer, PlaintextWriter, Take, ToPlaintext, analyze, analyze_index,
};

fn of(values: impl IntoIterator<Item = u64>) -> Analysis {
    analyze(values).unwrap()
}

#[test]
fn a_value_without_an_encoding_or_a_term_is_an_error() {
    struct Nothing;
    impl ToPlaintext for Nothing {
        type Plain = String;
        fn write(&self, out: &mut PlaintextWriter<'_>) {
            out.refuse(envelope_core::PlaintextError::new("anything"));
        }
    }
    assert!(analyze([Nothing]).is_err());
    let email = Index::new(Take::Whole).normalized(&[&[Normalizer::Email]]);
    assert!(analyze_index(&email, ["a@example.com"]).is_ok());
    assert!(analyze_index(&email, ["a@example.com", "none"]).is_err());
}

#[test]
fn the_bits_are_between_the_root_of_the_distinct_values_and_their_half() {
    assert_eq!(of([]).bits(), None);
    assert_eq!(of([0]).bits(), None);
    for distinct in [2, 31, 32, 33, 34, 64, 65, 100, 255, 256, 257, 1_000, 10_000, 65_536, 65_537] {
        let analysis = of(0..distinct);
        let fits = |bits: &u16| {
            let terms = 2_f64.powi(i32::from(*bits));
            (distinct as f64).sqrt() < terms && terms < distinct as f64 / 2.0
        };
        let expected: Vec<u16> = (4..=64).filter(fits).collect();
        assert_eq!(analysis.bits().into_iter().flatten().collect::<Vec<_>>(), expected, "{distinct}");
        assert_eq!(analysis.bits().is_none(), distinct < 33, "{distinct}");
    }
    assert_eq!(of(0..10_000).false_candidates(10), 9);
    assert_eq!(of(0..10_000).false_candidates(64), 0);
}

#[test]
fn columns_that_tell_much_are_warned_of() {
    let few = of((0..2_000).map(|row| row % 20));
    assert_eq!((few.values(), few.distinct(), few.findings()), (2_000, 20, vec![Finding::FewDistinct]));

    let skewed = of((0..10_000).map(|row| if row % 4 == 0 { 0 } else { row % 1_000 }));
    assert_eq!(skewed.findings(), [Finding::Skewed]);
    let shares: Vec<_> = skewed.top_shares().collect();
    assert_eq!((shares.len(), shares[0]), (5, 0.25));
    assert!(shares.is_sorted_by(|one, other| one >= other));

    assert_eq!(of((0..10_000).map(|row| row % 1_000)).findings(), []);
    assert_eq!(of(0..10_000).findings(), [Finding::Unique]);
    assert_eq!(of((0..10_000).map(|row| row.max(3))).findings(), [Finding::NearlyUnique(3)]);
    assert_eq!(of(0..999).findings(), [Finding::Unique, Finding::FewRows]);
    assert_eq!(of([]).findings(), [Finding::FewRows]);
    assert_eq!(of([5]).findings(), [Finding::FewRows]);
    assert_eq!(of([5, 5]).findings(), [Finding::FewDistinct, Finding::FewRows]);
}

#[test]
fn an_index_is_judged_by_what_it_is_of() {
    let names: Vec<_> = (0..1_000).map(|number| format!("Name {number}")).collect();
    let prefix = analyze_index(&Index::new(Take::Prefix(6)), &names).unwrap();
    assert_eq!((prefix.values(), prefix.distinct()), (1_000, 10));
    let words = analyze_index(&Index::new(Take::Words), &names).unwrap();
    assert_eq!((words.values(), words.distinct()), (2_000, 1_001));
    assert_eq!(words.top_shares().next(), Some(0.5));
    let hundreds = Index::new(Take::Bucket(Buckets::of::<u64>(100, None, None)));
    assert_eq!(analyze_index(&hundreds, 0..1_000_u64).unwrap().distinct(), 10);
}

#[test]
fn a_report_is_80_characters_wide_and_has_no_values() {
    for analysis in [
        of([]),
        of((0..2_000).map(|row| row % 20)),
        of((0..10_000).map(|row| if row % 4 == 0 { 0 } else { row % 1_000 })),
        of((0..10_000).map(|row| row.max(3))),
        of([7_777_777, 7_777_777]),
    ] {
        for text in [analysis.to_string(), format!("{analysis:?}")] {
            assert!(
                text.lines().all(|line| line.chars().count() <= 80 || text.starts_with("Analysis")),
                "{text}"
            );
            assert!(!text.contains("7777777"), "{text}");
        }
    }
    assert_eq!(
        of((0..2_000).map(|row| row % 20)).to_string(),
        "values          2000\n\
         distinct        20\n\
         most frequent   5.0 %, 5.0 %, 5.0 %, 5.0 %, 5.0 % of all rows, by value\n\
         bits            none: too few distinct values for several of them to share a\n\
         \x20               term\n\
         warning         20 distinct values are told apart by how frequent each is, in a\n\
         \x20               deterministic column and in every index; leave the column\n\
         \x20               randomized, or search it together with another one in a compound\n\
         \x20               index\n"
    );
}
