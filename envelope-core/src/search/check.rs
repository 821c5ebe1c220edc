//! What is compared after decryption. Texts are compared in constant time: the comparison takes as long whatever the value is.

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{field::Normalizer, terms};

type Text = Zeroizing<Vec<u8>>;
type Steps = &'static [&'static [Normalizer]];

/// The comparison, with what it is with.
#[derive(Clone)]
pub(crate) enum Check {
    Same(Steps, Text),
    StartsWith(Steps, Text),
    EndsWith(Steps, Text),
    Contains(Steps, Text),
    /// Has all of these words.
    Words(Steps, Vec<Text>),
    /// Is between these places of the order.
    Range {
        order: fn(&[u8]) -> Option<i128>,
        from: Option<i128>,
        to: Option<i128>,
    },
}

impl Check {
    /// Whether an encoded value is what was searched.
    pub(crate) fn is_match(&self, encoded: &[u8]) -> bool {
        let alike = |steps: Steps| terms::alike(steps, encoded);
        match self {
            Self::Same(steps, value) => alike(steps).is_ok_and(|text| text.ct_eq(value).into()),
            Self::StartsWith(steps, start) => alike(steps).is_ok_and(|text| {
                text.split_at_checked(start.len()).is_some_and(|(first, _)| first.ct_eq(start).into())
            }),
            Self::EndsWith(steps, end) => alike(steps).is_ok_and(|text| {
                let start = text.len().checked_sub(end.len());
                start.and_then(|start| text.get(start..)).is_some_and(|last| last.ct_eq(end).into())
            }),
            Self::Contains(steps, part) => alike(steps).is_ok_and(|text| contains(&text, part)),
            Self::Words(steps, words) => alike(steps).is_ok_and(|text| {
                let Ok(text) = terms::text(&text) else { return false };
                let found = terms::words(text);
                words.iter().all(|word| found.iter().any(|other| other.ct_eq(word).into()))
            }),
            Self::Range { order, from, to } => order(encoded).is_some_and(|place| {
                from.is_none_or(|from| from <= place) && to.is_none_or(|to| place <= to)
            }),
        }
    }
}

/// Whether `part` stands somewhere in `text`; every place is looked at.
fn contains(text: &[u8], part: &[u8]) -> bool {
    let found =
        text.windows(part.len().max(1)).fold(Choice::from(0), |found, window| found | window.ct_eq(part));
    found.into()
}
