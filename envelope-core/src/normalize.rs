//! What makes values alike that shall be found alike (FORMAT.md#normalisers).

mod email;
mod phone;

use core::fmt::{self, Write as _};

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizer, DecomposingNormalizer};
use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};
use writeable::Writeable as _;
use zeroize::Zeroizing;

use crate::{
    field::Normalizer,
    key::wipe_stack,
    plaintext::{PlaintextError, PlaintextWriter, TEXT},
};

/// A text after these steps, as bytes. Without steps any bytes are taken as they are.
pub(crate) fn normalize(steps: &[Normalizer], value: &[u8]) -> Result<Zeroizing<Vec<u8>>, PlaintextError> {
    if steps.is_empty() {
        return Ok(Zeroizing::new(value.to_vec()));
    }
    let mut text = Text::default();
    text.push(core::str::from_utf8(value).map_err(|_| TEXT)?);
    for step in steps {
        text = apply(*step, text.as_str())?;
        // The libraries work in buffers on the stack.
        wipe_stack();
    }
    Ok(text.0)
}

#[inline(never)]
fn apply(step: Normalizer, text: &str) -> Result<Text, PlaintextError> {
    Ok(match step {
        Normalizer::Nfc => nfc(text),
        Normalizer::Casefold => casefold(text),
        Normalizer::Lowercase => lowercase(text),
        Normalizer::Trim => [trim(text)].into_iter().collect(),
        Normalizer::Spaces => spaces(text),
        Normalizer::Digits => text.chars().filter_map(digit).collect(),
        Normalizer::Email => email::email(text)?,
        Normalizer::Phone(region) => phone::phone(region, text)?,
        Normalizer::Custom(_, function) => Text(Zeroizing::new(function(text).into_bytes())),
    })
}

fn nfc(text: &str) -> Text {
    Text::written(text.len(), |out| ComposingNormalizer::new_nfc().normalize_to(text, out))
}

/// Unicode's toCasefold (full, not Turkic) of the canonical decomposition, composed: so that what is canonically equivalent stays
/// alike, as Unicode's definition D145 has it.
fn casefold(text: &str) -> Text {
    let decomposed =
        Text::written(text.len(), |out| DecomposingNormalizer::new_nfd().normalize_to(text, out));
    let folded = Text::written(decomposed.as_str().len(), |out| {
        CaseMapper::new().fold(decomposed.as_str()).write_to(out)
    });
    nfc(folded.as_str())
}

/// Unicode's lower case of each character by itself. In no language and in no place a character has another one: not at the end of
/// a word, so that a part of a text has the same lower case as in the whole of it.
fn lowercase(text: &str) -> Text {
    let case = CaseMapper::new();
    let composed = nfc(text);
    let lower = Text::written(composed.as_str().len(), |out| {
        composed.as_str().chars().try_for_each(|character| match character {
            // The one character of which the lower case is more than one, wherever it stands (SpecialCasing.txt).
            '\u{130}' => out.write_str("i\u{307}"),
            other => out.write_char(case.simple_lowercase(other)),
        })
    });
    nfc(lower.as_str())
}

/// Unicode's property `White_Space`, which is the same in every version since 6.3.
pub(crate) const fn is_white_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r' | ' ' | '\u{85}' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{2029}'
            | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_white_space)
}

fn spaces(text: &str) -> Text {
    let mut out = Text::of_capacity(text.len());
    for word in text.split(is_white_space).filter(|word| !word.is_empty()) {
        if !out.as_str().is_empty() {
            out.push(" ");
        }
        out.push(word);
    }
    out
}

/// A decimal digit of any script as ASCII. Each script has its digits from 0 to 9 in a row, and where rows touch they are whole
/// ones, as Unicode promises for all decimal digits.
fn digit(character: char) -> Option<char> {
    if character.is_ascii() {
        return character.is_ascii_digit().then_some(character);
    }
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_digit = |point: &u32| categories.get32(*point) == GeneralCategory::DecimalNumber;
    let point = u32::from(character);
    let before = (0..=point).rev().take_while(is_digit).count().checked_sub(1)?;
    char::from_digit(u32::try_from(before % 10).ok()?, 10)
}

/// Whether a character is of a word: a letter, a mark or a number of any script.
pub(crate) fn is_of_word(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(character);
    GeneralCategoryGroup::Letter.contains(category)
        || GeneralCategoryGroup::Mark.contains(category)
        || GeneralCategoryGroup::Number.contains(category)
}

/// A text that is being written. It is wiped when it is dropped, and what it outgrows is, too.
#[derive(Default)]
struct Text(Zeroizing<Vec<u8>>);

impl Text {
    fn of_capacity(length: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(length)))
    }

    fn written(length: usize, write: impl FnOnce(&mut Self) -> fmt::Result) -> Self {
        let mut text = Self::of_capacity(length);
        write(&mut text).expect("a text that is written to memory takes everything");
        text
    }

    fn push(&mut self, part: &str) {
        PlaintextWriter::new(&mut self.0, 0).write(part.as_bytes());
    }

    /// Only texts were written, and a function of the application returns one.
    fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.push(part);
        Ok(())
    }
}

impl<'t> FromIterator<&'t str> for Text {
    fn from_iter<I: IntoIterator<Item = &'t str>>(parts: I) -> Self {
        let mut text = Self::default();
        parts.into_iter().for_each(|part| text.push(part));
        text
    }
}

impl FromIterator<char> for Text {
    fn from_iter<I: IntoIterator<Item = char>>(characters: I) -> Self {
        let mut text = Self::default();
        characters.into_iter().for_each(|character| text.push(character.encode_utf8(&mut [0; 4])));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{GeneralCategory, digit, is_white_space, lowercase};
    use icu_properties::CodePointMapData;

    #[test]
    fn white_space_is_that_of_unicode() {
        for character in '\0'..=char::MAX {
            assert_eq!(is_white_space(character), character.is_whitespace(), "{character:?}");
        }
    }

    /// The standard library has the same mapping, if it knows the character: it may be of another version of Unicode.
    #[test]
    fn the_lower_case_of_a_character_is_that_of_unicode() {
        for character in ('\0'..=char::MAX).filter(|character| character.to_lowercase().ne([*character])) {
            let expected: String = character.to_lowercase().collect();
            let expected = super::nfc(&expected);
            assert_eq!(lowercase(&character.to_string()).as_str(), expected.as_str(), "{character:?}");
        }
    }

    #[test]
    fn digits_stand_in_rows_of_ten_from_zero() {
        let digits = CodePointMapData::<GeneralCategory>::new();
        for row in digits.iter_ranges_for_value(GeneralCategory::DecimalNumber) {
            assert!(row.clone().count().is_multiple_of(10), "{row:x?}");
            let values: String = row.clone().filter_map(char::from_u32).filter_map(digit).collect();
            assert_eq!(values, "0123456789".repeat(row.count() / 10));
        }
        assert_eq!(digit('½'), None);
        assert_eq!(digit('五'), None);
    }
}
