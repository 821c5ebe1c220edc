//! FORMAT.md#decimals: the digits as an integer, and how many of them stand behind the point.

use super::{PlaintextError, PlaintextWriter};

const SCALE_LEN: usize = size_of::<i64>();

/// More than databases have. Text, identifiers and times are no decimals, as their first eight bytes are no such number.
const MAX_SCALE: u64 = 131_072;

/// The most bytes of a sign and 96 bits, with the scale.
#[cfg(feature = "rust_decimal")]
const HINT: usize = SCALE_LEN + 13;

/// Appends the number `digits` · 10^−`scale`. The digits are two's complement of any length.
fn write(scale: i64, digits: &[u8], out: &mut PlaintextWriter<'_>) {
    if scale.unsigned_abs() > MAX_SCALE {
        out.refuse(PlaintextError::new(
            "a decimal number of which at most 131,072 digits stand behind the point",
        ));
    }
    out.write(&scale.to_be_bytes());
    out.write(shortest(digits));
}

/// The inverse of [`write`].
fn read(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (scale, digits) = bytes.split_first_chunk::<SCALE_LEN>()?;
    let scale = i64::from_be_bytes(*scale);
    let is_shortest = !digits.is_empty() && shortest(digits).len() == digits.len();
    (is_shortest && scale.unsigned_abs() <= MAX_SCALE).then_some((scale, digits))
}

/// Without the leading bytes that only repeat the sign.
const fn shortest(mut digits: &[u8]) -> &[u8] {
    while let [0x00, 0x00..=0x7F, ..] | [0xFF, 0x80..=0xFF, ..] = digits
        && let [_, rest @ ..] = digits
    {
        digits = rest;
    }
    digits
}

#[cfg(feature = "rust_decimal")]
mod fixed {
    use rust_decimal::Decimal;
    use zeroize::Zeroizing;

    use super::{HINT, PlaintextError, PlaintextWriter};
    use crate::plaintext::PlaintextKind;
    use crate::plaintext::{FromPlaintext, ListItem, PlaintextBytes, ToPlaintext};

    const DECIMAL: PlaintextError = PlaintextError::new("a decimal number in the range of `rust_decimal`");

    impl ToPlaintext for Decimal {
        type Plain = Self;

        fn write(&self, out: &mut PlaintextWriter<'_>) {
            super::write(self.scale().into(), &*Zeroizing::new(self.mantissa().to_be_bytes()), out);
        }

        fn size_hint(&self) -> usize {
            HINT
        }
    }

    impl FromPlaintext for Decimal {
        const KIND: PlaintextKind = PlaintextKind::DecimalNumber;

        fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
            let (scale, digits) = super::read(&bytes).ok_or(DECIMAL)?;
            let scale = u32::try_from(scale).map_err(|_| DECIMAL)?;
            Self::try_from_i128_with_scale(sign_extended(digits).ok_or(DECIMAL)?, scale).map_err(|_| DECIMAL)
        }
    }

    impl ListItem for Decimal {}

    fn sign_extended(digits: &[u8]) -> Option<i128> {
        let sign = if *digits.first()? < 0x80 { 0 } else { 0xFF };
        let mut bytes = Zeroizing::new([sign; 16]);
        bytes.last_chunk_mut::<16>()?.get_mut(16_usize.checked_sub(digits.len())?..)?.copy_from_slice(digits);
        Some(i128::from_be_bytes(*bytes))
    }
}

#[cfg(feature = "bigdecimal")]
mod big {
    use bigdecimal::{BigDecimal, num_bigint::BigInt};
    use zeroize::Zeroizing;

    use super::{PlaintextError, PlaintextWriter, SCALE_LEN};
    use crate::plaintext::PlaintextKind;
    use crate::plaintext::{FromPlaintext, ListItem, PlaintextBytes, ToPlaintext};

    impl ToPlaintext for BigDecimal {
        type Plain = Self;

        fn write(&self, out: &mut PlaintextWriter<'_>) {
            let (digits, scale) = self.as_bigint_and_scale();
            super::write(scale, &Zeroizing::new(digits.to_signed_bytes_be()), out);
        }

        fn size_hint(&self) -> usize {
            let bits = self.as_bigint_and_scale().0.bits();
            usize::try_from(bits / 8).unwrap_or(0).saturating_add(SCALE_LEN + 1)
        }
    }

    impl FromPlaintext for BigDecimal {
        const KIND: PlaintextKind = PlaintextKind::DecimalNumber;

        fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
            let (scale, digits) = super::read(&bytes).ok_or(PlaintextError::new("a decimal number"))?;
            Ok(Self::from_bigint(BigInt::from_signed_bytes_be(digits), scale))
        }
    }

    impl ListItem for BigDecimal {}
}

// Neither is `ExactPlaintext`: 1.0 and 1.00 are equal, and what is stored keeps them apart.
