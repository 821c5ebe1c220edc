//! People that are made up, always the same ones.

use chrono::NaiveDate;

use crate::model::Person;

/// How many there are: enough for every bucket and every prefix to be shared. `SEARCH_PEOPLE` asks for more.
pub(crate) fn count() -> i64 {
    std::env::var("SEARCH_PEOPLE").map_or(3000, |count| count.parse().expect("a number of people"))
}

const GIVEN: [&str; 24] = [
    "Ada",
    "ADA",
    "Åsa",
    "Aʼisha",
    "Bjørn",
    "Zoë",
    "Zoe",
    "İpek",
    "Σωκράτης",
    "Jürgen",
    "JÜRGEN",
    "Ju\u{308}rgen",
    "Mary-Jane",
    "O",
    "李",
    "王小",
    "Nguyễn",
    "Ёлка",
    "Straße",
    "STRASSE",
    "Renée",
    "van",
    "Ng",
    "Li",
];

const FAMILY: [&str; 20] = [
    "Lovelace",
    "LOVELACE",
    "Müller",
    "Mueller",
    "Mu\u{308}ller",
    "O'Neill",
    "de la Cruz",
    "Đặng",
    "Οδυσσεύς",
    "ΟΔΥΣΣΕΥΣ",
    "Smith",
    "smith",
    "Smithson",
    "Blacksmith",
    "Ó Súilleabháin",
    "Łukasz",
    "X",
    "Üü",
    "ﬁnch",
    "Finch",
];

const CITIES: [&str; 6] = ["Wien", "  WIEN ", "São  Paulo", "sao paulo", "İzmir", "Ελλάδα"];

/// A number that looks like chance and is not.
fn mix(seed: i64, salt: u64) -> u64 {
    let mut x =
        seed.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt.wrapping_mul(0xD1B5_4A32_D192_ED03);
    for _ in 0..3 {
        x ^= x >> 29;
        x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x ^= x >> 32;
    }
    x
}

fn pick<T: Copy>(seed: i64, salt: u64, from: &[T]) -> T {
    from[usize::try_from(mix(seed, salt) % from.len() as u64).expect("a small number")]
}

/// The one of that number.
pub(crate) fn person(id: i64) -> Person {
    let name = format!("{} {}", pick(id, 1, &GIVEN), pick(id, 2, &FAMILY));
    let digits = mix(id, 3) % 1_000_000_000;
    let digits = format!("{digits:09}");
    let ssn = format!("{}-{}-{}", &digits[..3], &digits[3..5], &digits[5..]);
    let case = mix(id, 4).is_multiple_of(2);
    let email = format!(
        "{}{id}@{}",
        if case { "Person" } else { "person" },
        pick(id, 5, &["Example.com", "BÜCHER.example", "xn--bcher-kva.example"])
    );
    let days = i32::try_from(mix(id, 6) % 40_000).expect("a small number") - 20_000;
    Person {
        id,
        email,
        name,
        // Some have none, and some have few digits.
        ssn: match mix(id, 7) % 20 {
            0 => None,
            1 => Some(digits[..3].to_owned()),
            2 => Some("none".to_owned()),
            _ => Some(ssn),
        },
        birth: NaiveDate::from_epoch_days(days).expect("a date"),
        salary: i64::try_from(mix(id, 8) % 200_000).expect("a small number") - 20_000,
        city: pick(id, 9, &CITIES).to_owned(),
    }
}

/// Replaces each `?`.
pub(crate) fn placeholders(text: &str, placeholder: impl Fn(usize) -> String) -> String {
    let mut parts = text.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |sql, (n, part)| sql + &placeholder(n + 1) + part)
}
