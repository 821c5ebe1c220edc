//! Whether a column holds a plaintext without a loss.

use bigdecimal::{BigDecimal, num_bigint::BigInt};
use envelope_core::PlaintextKind;
use zeroize::Zeroizing;

use super::{
    cell::Cell,
    convert::{self, Plain},
};

/// What stands in the column is the same plaintext. Text and bytes are compared byte by byte, decimal numbers and JSON by what they mean.
pub(crate) fn is_same(kind: PlaintextKind, plain: &Plain, cell: &Cell) -> bool {
    if let Plain::Bytes(bytes) = plain
        && kind != PlaintextKind::JsonText
    {
        return match cell.bytes() {
            Some(stored) => stored == bytes.as_slice(),
            None => cell.text().map(Zeroizing::new).is_some_and(|text| text.as_bytes() == bytes.as_slice()),
        };
    }
    let Ok(stored) = convert::read(kind, cell) else { return false };
    match (plain, &stored) {
        (Plain::Bytes(a), Plain::Bytes(b)) => is_same_json(a, b),
        (Plain::Integer(a), Plain::Integer(b)) => a == b,
        (Plain::Large(a), Plain::Large(b)) => a == b,
        (Plain::Bool(a), Plain::Bool(b)) => a == b,
        (Plain::Float32(a), Plain::Float32(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Plain::Float64(a), Plain::Float64(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
        (Plain::Uuid(a), Plain::Uuid(b)) => a == b,
        (Plain::Address(a), Plain::Address(b)) => a == b,
        (Plain::Network(a), Plain::Network(b)) => a == b,
        (Plain::Date(a), Plain::Date(b)) => a == b,
        (Plain::Time(a), Plain::Time(b)) => a == b,
        (Plain::DateTime(a), Plain::DateTime(b)) => a == b,
        (Plain::Instant(a), Plain::Instant(b)) => a == b,
        (Plain::InstantWithOffset(a), Plain::InstantWithOffset(b)) => a == b && a.offset() == b.offset(),
        (Plain::Decimal(a), Plain::Decimal(b)) => parts(a) == parts(b),
        _ => false,
    }
}

/// Digits and exponent, without zeros at the end. Comparing the numbers themselves would write out their zeros.
fn parts(number: &BigDecimal) -> (BigInt, i64) {
    number.normalized().into_bigint_and_exponent()
}

/// The databases' own JSON may order keys anew. It may also round numbers, which floats would not tell, so these are compared as they are
/// written; one that is missing was under a key that stood there twice.
fn is_same_json(a: &[u8], b: &[u8]) -> bool {
    a == b || {
        let value = |text| serde_json::from_slice::<serde_json::Value>(text).ok();
        value(a).is_some_and(|a| value(b) == Some(a)) && numbers(a) == numbers(b)
    }
}

fn numbers(text: &[u8]) -> Option<Vec<(BigInt, i64)>> {
    let (mut in_text, mut is_escaped) = (false, false);
    // All but numbers becomes spaces.
    let outside: String = text
        .iter()
        .map(|&byte| {
            if in_text {
                in_text = is_escaped || byte != b'"';
                is_escaped = !is_escaped && byte == b'\\';
                return ' ';
            }
            in_text = byte == b'"';
            if byte.is_ascii_digit() || b"+-.eE".contains(&byte) { char::from(byte) } else { ' ' }
        })
        .collect();
    let outside = Zeroizing::new(outside);
    let words = outside.split(' ').filter(|word| word.contains(|letter: char| letter.is_ascii_digit()));
    let mut numbers: Vec<_> =
        words.map(|word| word.parse().ok().map(|number| parts(&number))).collect::<Option<_>>()?;
    numbers.sort();
    Some(numbers)
}
