//! What somebody meant who wrote an option that does not exist.

/// The name that is nearest to `word`, if one is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    names
        .map(|name| (distance(word, name), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many characters to insert, delete, replace or swap with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut previous = None;
    for (i, x) in a.chars().enumerate() {
        let mut row = vec![i.saturating_add(1)];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX);
            let next = j.saturating_add(1);
            let mut cost = at(&last, j)
                .saturating_add(usize::from(x != *y))
                .min(at(&last, next).saturating_add(1))
                .min(at(&row, j).saturating_add(1));
            let is_swap = j.checked_sub(1).is_some_and(|k| b.get(k) == Some(&x)) && previous == Some(*y);
            if is_swap && let Some(k) = j.checked_sub(1) {
                cost = cost.min(at(&before, k).saturating_add(1));
            }
            row.push(cost);
        }
        before = last;
        last = row;
        previous = Some(x);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn far_words_are_not_suggested() {
        assert_eq!(nearest("unique", ["deterministic", "context"].into_iter()), None);
        assert_eq!(nearest("", ["context"].into_iter()), None);
    }

    #[test]
    fn near_words_are() {
        let names = ["table", "columns", "column", "deterministic"];
        assert_eq!(nearest("determinstic", names.into_iter()), Some("deterministic"));
        assert_eq!(nearest("colunm", names.into_iter()), Some("column"));
        assert_eq!(nearest("tabel", names.into_iter()), Some("table"));
    }

    #[test]
    fn distances() {
        for (a, b, expected) in [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
