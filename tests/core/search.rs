//! What a search by an index finds is what the same search in the plaintext finds.

#[path = "search/twin.rs"]
mod twin;

use std::{fmt::Debug, sync::Arc};

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use envelope_core::{
    Buckets, Candidates, Column, Exact, Field, Find, Found, Index, IndexKey, Keyring, MemoryStore,
    Normalizer, Purpose, SealError, Search, SearchError, Take, Terms, ToPlaintext, testing,
    testing::{TestClock, TestKms},
};
use pollster::block_on;

const FOLDED: &[&[Normalizer]] = &[&[Normalizer::Lowercase, Normalizer::Trim]];

macro_rules! indexes {
    ($($name:ident: $plain:ty, $mode:ident, $index:expr;)*) => {$(
        #[derive(Clone, Copy, Debug)]
        struct $name;

        impl Column for $name {
            type Plain = $plain;
            type Mode = $mode;
            const FIELD: Field =
                Field::of_index("users", stringify!($name), concat!("users.", stringify!($name)), $index);
        }
    )*};
}

/// Every tenth number, the first bucket open to below and the last to above.
const TENS: Buckets = Buckets::of::<i64>(10, Some(-100), Some(100));

indexes! {
    Whole: String, Exact, Index::new(Take::Whole).normalized(FOLDED);
    Short: String, Candidates, Index::new(Take::Whole).normalized(FOLDED).bits(4);
    Prefix: String, Candidates, Index::new(Take::Prefix(3)).normalized(FOLDED).bits(4);
    Suffix: String, Candidates, Index::new(Take::Suffix(3)).normalized(FOLDED).bits(4);
    Words: String, Terms, Index::new(Take::Words).normalized(FOLDED).bits(4);
    Trigrams: String, Terms, Index::new(Take::Trigrams).normalized(FOLDED).bits(4);
    Ages: i64, Candidates, Index::new(Take::Bucket(TENS)).bits(4);
    Open: i64, Candidates, Index::new(Take::Bucket(Buckets::of::<i64>(10, None, None)));
    Large: u64, Candidates, Index::new(Take::Bucket(Buckets::of::<u64>(1_000, None, Some(i64::MAX))));
    Widest: i128, Candidates, Index::new(Take::Bucket(Buckets::of::<i128>(1, Some(0), Some(0))));
    Births: NaiveDate, Candidates, Index::new(Take::Bucket(Buckets::of::<NaiveDate>(30, Some(-800), Some(800)))).bits(4);
    Hours: NaiveTime, Candidates, Index::new(Take::Bucket(Buckets::of::<NaiveTime>(3600, Some(0), Some(86_399))));
    Visits: NaiveDateTime, Candidates, Index::new(Take::Bucket(Buckets::of::<NaiveDateTime>(1, Some(-5), Some(5))));
    Moments: DateTime<FixedOffset>, Candidates, Index::new(Take::Bucket(Buckets::of::<DateTime<FixedOffset>>(3600, None, None)));
    Pair: (String, i64), Candidates, Index::new(Take::Whole).normalized(&[&[Normalizer::Trim], &[]]).bits(4);
    Next: String, Exact, Index::new(Take::Whole).under(IndexKey::Newest);
}

/// The values that a search names, as a database would, and those that are left after the comparison.
fn run<C: Column<Plain: ToPlaintext>>(
    keyring: &Keyring,
    search: &Search<C>,
    values: &[C::Plain],
) -> (Vec<usize>, Vec<usize>) {
    let is_candidate = |value: &C::Plain| {
        let terms = keyring.terms_field(&C::FIELD, value).unwrap();
        !search.groups().is_empty()
            && search.groups().iter().all(|group| group.iter().any(|term| terms.contains(term)))
    };
    let numbers = 0..values.len();
    let candidates: Vec<_> = numbers.filter(|at| is_candidate(&values[*at])).collect();
    let found = candidates.iter().copied().filter(|at| search.is_match(&values[*at])).collect();
    (candidates, found)
}

/// What is found, and how many candidates there were beyond it.
fn find<C>(keyring: &Keyring, column: C, find: &Find<C::Plain>, values: &[C::Plain]) -> (Vec<usize>, usize)
where
    C: envelope_core::IndexedColumn<Plain: ToPlaintext>,
{
    let (candidates, found) = run(keyring, &keyring.search(column, find).unwrap(), values);
    let beyond = candidates.len() - found.len();
    (found, beyond)
}

fn naive<T>(values: &[T], is_meant: impl Fn(&T) -> bool) -> Vec<usize> {
    (0..values.len()).filter(|at| is_meant(&values[*at])).collect()
}

fn error<C>(column: C, find: &Find<C::Plain>) -> SearchError
where
    C: envelope_core::IndexedColumn,
{
    match testing::keyring().search(column, find).unwrap_err() {
        SealError::Search { source, field } => {
            assert_eq!(field, C::FIELD.name());
            source
        }
        error => panic!("{error}"),
    }
}

#[test]
fn a_needle_that_would_find_what_it_is_not_is_refused() {
    let short = |characters, least| SearchError::TooShort { characters, least };
    for needle in ["", "  ", "ab", " ab "] {
        let characters = needle.trim().len();
        assert_eq!(error(Prefix, &Find::starts_with(needle)), short(characters, 3));
        assert_eq!(error(Suffix, &Find::ends_with(needle)), short(characters, 3));
        assert_eq!(error(Trigrams, &Find::contains(needle)), short(characters, 3));
    }
    for needle in ["", " ", "-", "…"] {
        assert_eq!(error(Words, &Find::words(needle)), short(0, 1));
    }
    // Three characters, not three bytes.
    assert_eq!(error(Prefix, &Find::starts_with("éé")), short(2, 3));
    assert!(testing::keyring().search(Prefix, &Find::starts_with("ééé")).is_ok());
}

#[test]
fn a_search_by_an_index_of_something_else_is_refused() {
    for find in
        [Find::starts_with("abcd"), Find::ends_with("abcd"), Find::contains("abcd"), Find::words("abcd")]
    {
        assert_eq!(error(Whole, &find), SearchError::OtherIndex);
    }
    assert_eq!(error(Prefix, &Find::ends_with("abcd")), SearchError::OtherIndex);
    assert_eq!(error(Suffix, &Find::starts_with("abcd")), SearchError::OtherIndex);
    assert_eq!(error(Words, &Find::equal("abcd")), SearchError::OtherIndex);
    assert_eq!(error(Trigrams, &Find::equal("abcd")), SearchError::OtherIndex);
    assert_eq!(error(Words, &Find::contains("abcd")), SearchError::OtherIndex);
    assert_eq!(error(Trigrams, &Find::words("abcd")), SearchError::OtherIndex);
}

#[test]
fn a_lookup_in_an_index_that_finds_candidates_is_refused() {
    let keyring = testing::keyring();
    for field in [Short::FIELD, Prefix::FIELD, Words::FIELD, Ages::FIELD] {
        let error = keyring.lookup_field(&field, "x").unwrap_err();
        assert!(matches!(error, SealError::NotSearchable { .. }), "{error}");
    }
    assert_eq!(keyring.lookup(Whole, " ANNA").unwrap(), keyring.terms_field(&Whole::FIELD, "anna").unwrap());
}

#[test]
fn a_range_of_too_many_buckets_or_without_an_end_is_refused() {
    let keyring = testing::keyring();
    assert!(keyring.search(Open, &Find::between(&0_i64, &9_999_i64)).is_ok());
    let many = |terms| SearchError::TooManyTerms { terms, most: 1_000 };
    assert_eq!(error(Open, &Find::between(&0_i64, &10_000_i64)), many(1_001));
    assert_eq!(error(Large, &Find::ge(&0_u64)), many(usize::try_from(i64::MAX / 1_000 + 1).unwrap()));
    assert!(matches!(error(Open, &Find::between(&i64::MIN, &i64::MAX)), SearchError::TooManyTerms { .. }));
    for find in [Find::lt(&5_i64), Find::le(&5_i64), Find::gt(&5_i64), Find::ge(&5_i64)] {
        assert_eq!(error(Open, &find), SearchError::OpenRange);
    }
    assert_eq!(error(Large, &Find::lt(&5_u64)), SearchError::OpenRange);
}

/// The bytes differ, and the value is the same.
#[test]
fn a_point_in_time_is_equal_at_all_offsets() {
    let keyring = testing::keyring();
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
    let values =
        [moment("2026-01-01T12:00:00+01:00"), moment("2026-01-01T11:00:01Z"), moment("2026-01-01T12:00:00Z")];
    for same in ["2026-01-01T11:00:00Z", "2026-01-01T06:00:00-05:00", "2026-01-01T12:00:00+01:00"] {
        let (found, _) = find(&keyring, Moments, &Find::equal(&moment(same)), &values);
        assert_eq!(found, [0], "{same}");
    }
}

#[test]
fn nothing_is_between_ends_that_are_the_wrong_way_round() {
    let keyring = testing::keyring();
    let search = keyring.search(Ages, &Find::between(&5_i64, &4_i64)).unwrap();
    assert!(search.groups().iter().all(Vec::is_empty), "{search:?}");
    assert!(!search.is_match(&4_i64) && !search.is_match(&5_i64));
}

#[test]
fn ranges_of_numbers() {
    let keyring = testing::keyring();
    let values = [i64::MIN, -101, -100, -99, -11, -10, -9, -1, 0, 1, 9, 10, 11, 99, 100, 101, i64::MAX];
    for one in values {
        let check = |find_: Find<i64>, is_meant: &dyn Fn(&i64) -> bool| {
            assert_eq!(find(&keyring, Ages, &find_, &values).0, naive(&values, is_meant), "{one}");
        };
        check(Find::lt(&one), &|value| *value < one);
        check(Find::le(&one), &|value| *value <= one);
        check(Find::gt(&one), &|value| *value > one);
        check(Find::ge(&one), &|value| *value >= one);
        check(Find::equal(&one), &|value| *value == one);
        for other in values {
            check(Find::between(&one, &other), &|value| one <= *value && *value <= other);
        }
    }
    let values = [0, 1, i64::MAX.unsigned_abs(), u64::MAX - 1, u64::MAX];
    for one in [u64::MAX - 1, u64::MAX] {
        assert_eq!(find(&keyring, Large, &Find::ge(&one), &values).0, naive(&values, |value| *value >= one));
        assert_eq!(find(&keyring, Large, &Find::gt(&one), &values).0, naive(&values, |value| *value > one));
    }
    let values = [i128::MIN, -1, 0, i128::MAX];
    assert_eq!(find(&keyring, Widest, &Find::gt(&i128::MAX), &values).0, [0_usize; 0]);
    assert_eq!(find(&keyring, Widest, &Find::lt(&i128::MIN), &values).0, [0_usize; 0]);
    assert_eq!(find(&keyring, Widest, &Find::le(&i128::MIN), &values).0, [0]);
    assert_eq!(find(&keyring, Widest, &Find::ge(&i128::MAX), &values).0, [3]);
}

#[test]
fn ranges_of_times_with_leap_seconds_and_before_1970() {
    let keyring = testing::keyring();
    let time = |hour, minute, second, nanosecond| {
        NaiveTime::from_hms_opt(hour, minute, second).unwrap().with_nanosecond(nanosecond).unwrap()
    };
    let times = [
        time(0, 0, 0, 0),
        time(0, 0, 0, 1),
        time(0, 59, 59, 999_999_999),
        time(0, 59, 59, 1_500_000_000),
        time(1, 0, 0, 0),
        time(1, 0, 0, 500_000_000),
        time(23, 59, 59, 0),
        time(23, 59, 59, 1_999_999_999),
    ];
    in_order(&keyring, Hours, &times);
    let date_times = [
        "1969-12-31T23:59:50",
        "1969-12-31T23:59:58.999999999",
        "1969-12-31T23:59:59",
        "1969-12-31T23:59:60.25",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00.25",
        "1970-01-01T00:00:59",
    ];
    let date_times = date_times.map(|text| text.parse::<NaiveDateTime>().unwrap());
    assert!(date_times.is_sorted());
    in_order(&keyring, Visits, &date_times);
}

/// Each of the four halves of what has an order, at each of its values.
fn in_order<C>(keyring: &Keyring, column: C, values: &[C::Plain])
where
    C: envelope_core::IndexedColumn<Plain: envelope_core::OrderedPlaintext + Ord + Debug>,
{
    for one in values {
        let check = |find_: &Find<C::Plain>, is_meant: &dyn Fn(&C::Plain) -> bool| {
            assert_eq!(find(keyring, column, find_, values).0, naive(values, is_meant), "{one:?}");
        };
        check(&Find::lt(one), &|value| value < one);
        check(&Find::le(one), &|value| value <= one);
        check(&Find::gt(one), &|value| value > one);
        check(&Find::ge(one), &|value| value >= one);
    }
}

struct Row {
    name: Option<String>,
}

impl Found<Short> for Row {
    fn is_found(&self, search: &Search<Short>) -> bool {
        self.name.as_ref().is_some_and(|name| search.is_match(name))
    }
}

#[test]
fn false_candidates_are_left_out_and_the_value_comes_back_as_it_is() {
    let keyring = testing::keyring();
    let mut names: Vec<_> = (0..400).map(|number| format!("Name{number}")).collect();
    names.push(" JOHN".into());
    let (found, beyond) = find(&keyring, Short, &Find::equal("john "), &names);
    assert_eq!(found, [400]);
    assert!(beyond > 5, "400 names have 16 terms of four bits, and {beyond} the searched one");
    let search = keyring.search(Short, &Find::equal("john ")).unwrap();
    let rows = names.into_iter().map(Some).chain([None]).map(|name| Row { name });
    let rows = search.matching(rows);
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].name.as_deref(), Some(" JOHN"));
}

#[test]
fn a_search_names_the_terms_of_every_live_key() {
    let clock = TestClock::new();
    let store = Arc::new(MemoryStore::new());
    let keyring =
        Keyring::builder(TestKms::new(), store).allow_test_provider().clock(&clock).open_blocking().unwrap();
    let term = |column: &Field| keyring.terms_field(column, "anna").unwrap().remove(0);
    let terms = || {
        let mut terms = keyring.search(Whole, &Find::equal("ANNA")).unwrap().groups()[0].clone();
        assert!(terms.is_sorted());
        let mut looked_up = keyring.lookup(Whole, "ANNA").unwrap();
        assert_eq!(looked_up[0], term(&Whole::FIELD), "the active one first");
        looked_up.sort();
        assert_eq!(looked_up, terms);
        terms.retain(|stored| *stored != term(&Whole::FIELD));
        terms
    };
    let (old, old_next) = (term(&Whole::FIELD), term(&Next::FIELD));
    assert!(terms().is_empty());

    let pending = block_on(keyring.rotate(Purpose::Search)).unwrap();
    let id = pending.id.get().to_be_bytes();
    // The one index is written under the key as before, the other one under the next.
    assert_eq!(term(&Whole::FIELD), old);
    assert_ne!(term(&Next::FIELD), old_next);
    assert_eq!(term(&Next::FIELD)[2..6], id);
    assert_eq!(terms().len(), 1);
    assert_eq!(terms()[0][2..6], id);
    assert!(keyring.lookup(Next, "anna").unwrap().contains(&term(&Next::FIELD)));
    assert!(keyring.lookup(Next, "anna").unwrap().contains(&old_next));

    // As many buckets as with one key.
    let thousand = keyring.search(Open, &Find::between(&0_i64, &9_999_i64)).unwrap();
    assert_eq!(thousand.groups()[0].len(), 2_000);

    clock.advance(std::time::Duration::from_secs(17 * 60));
    block_on(keyring.promote(Purpose::Search)).unwrap();
    assert_eq!(term(&Whole::FIELD)[2..6], id);
    assert_eq!(terms(), [old]);
}

#[test]
fn a_search_prints_no_plaintext_and_no_terms() {
    let keyring = testing::keyring();
    let find = Find::<String>::starts_with("secret");
    let search = keyring.search(Prefix, &find).unwrap();
    assert_eq!(format!("{find:?}"), "Find(redacted)");
    assert_eq!(format!("{search:?}"), "Search(users.Prefix, 1 terms)");
}
