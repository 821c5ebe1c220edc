//! Encodings of the types of the standard library.

use std::{borrow::Cow, rc::Rc, sync::Arc};

use zeroize::Zeroize;

use super::{
    DeterministicPlaintext, ExactPlaintext, FromPlaintext, PlaintextBytes, PlaintextError, PlaintextKind,
    PlaintextWriter, ToPlaintext,
};

pub(crate) const TEXT: PlaintextError = PlaintextError::new("text in UTF-8");

impl ToPlaintext for str {
    type Plain = String;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        out.write(self.as_bytes());
    }

    fn size_hint(&self) -> usize {
        self.len()
    }
}

impl FromPlaintext for String {
    const KIND: PlaintextKind = PlaintextKind::Text;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        Self::from_utf8(bytes.into_vec()).map_err(|error| {
            error.into_bytes().zeroize();
            TEXT
        })
    }
}

impl ToPlaintext for [u8] {
    type Plain = Vec<u8>;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        out.write(self);
    }

    fn size_hint(&self) -> usize {
        self.len()
    }
}

impl FromPlaintext for Vec<u8> {
    const KIND: PlaintextKind = PlaintextKind::Bytes;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        Ok(bytes.into_vec())
    }
}

impl<const N: usize> ToPlaintext for [u8; N] {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        out.write(self);
    }

    fn size_hint(&self) -> usize {
        N
    }
}

impl<const N: usize> FromPlaintext for [u8; N] {
    const KIND: PlaintextKind = PlaintextKind::Bytes;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        Self::try_from(&*bytes).map_err(|_| PlaintextError::new("a byte array of the field's length"))
    }
}

/// Forms of a plaintext that differ only in who owns it.
macro_rules! same_as {
    ($($form:ty => $as:ty: $plain:ty),* $(,)?) => {$(
        impl ToPlaintext for $form {
            type Plain = $plain;

            fn write(&self, out: &mut PlaintextWriter<'_>) {
                <$as as ToPlaintext>::write(self, out);
            }

            fn size_hint(&self) -> usize {
                <$as as ToPlaintext>::size_hint(self)
            }
        }
    )*};
}

same_as! {
    String => str: Self,
    Box<str> => str: Self,
    Arc<str> => str: Self,
    Rc<str> => str: String,
    Cow<'_, str> => str: String,
    Vec<u8> => [u8]: Self,
    Box<[u8]> => [u8]: Self,
    Arc<[u8]> => [u8]: Self,
    Rc<[u8]> => [u8]: Vec<u8>,
    Cow<'_, [u8]> => [u8]: Vec<u8>,
}

macro_rules! read_through {
    ($($form:ty: $owned:ty),* $(,)?) => {$(
        impl FromPlaintext for $form {
            const KIND: PlaintextKind = <$owned as FromPlaintext>::KIND;

            fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
                <$owned>::read(bytes).map(Self::from)
            }
        }

        impl ExactPlaintext for $form {}

        impl DeterministicPlaintext for $form {}
    )*};
}

read_through! { Box<str>: String, Arc<str>: String, Box<[u8]>: Vec<u8>, Arc<[u8]>: Vec<u8> }

impl ExactPlaintext for String {}

impl DeterministicPlaintext for String {}
impl ExactPlaintext for Vec<u8> {}
impl DeterministicPlaintext for Vec<u8> {}
impl<const N: usize> ExactPlaintext for [u8; N] {}
impl<const N: usize> DeterministicPlaintext for [u8; N] {}

// Not the floats: `0.0 == -0.0`.
impl ExactPlaintext for bool {}
impl ExactPlaintext for i8 {}
impl ExactPlaintext for u8 {}

impl<T: ToPlaintext + ?Sized> ToPlaintext for &T {
    type Plain = T::Plain;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        T::write(self, out);
    }

    fn size_hint(&self) -> usize {
        T::size_hint(self)
    }
}

impl ToPlaintext for bool {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        out.write(&[u8::from(*self)]);
    }

    fn size_hint(&self) -> usize {
        1
    }
}

impl FromPlaintext for bool {
    const KIND: PlaintextKind = PlaintextKind::Boolean;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        match *bytes {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(PlaintextError::new("a boolean")),
        }
    }
}

const INTEGER: PlaintextError = PlaintextError::new("an integer in the range of the field's type");

/// FORMAT.md#plaintext-encodings: the shortest of 8 and 16 bytes that holds the number.
fn write_signed(number: i128, out: &mut PlaintextWriter<'_>) {
    match i64::try_from(number) {
        Ok(short) => out.write(&short.to_be_bytes()),
        Err(_) => out.write(&number.to_be_bytes()),
    }
}

/// The inverse of [`write_signed`]; refuses 16 bytes where 8 would do.
fn read_signed(bytes: &[u8]) -> Result<i128, PlaintextError> {
    if let Ok(short) = bytes.try_into() {
        return Ok(i128::from(i64::from_be_bytes(short)));
    }
    let number = i128::from_be_bytes(bytes.try_into().map_err(|_| INTEGER)?);
    if i64::try_from(number).is_ok() { Err(INTEGER) } else { Ok(number) }
}

/// The number that is encoded, if one is.
pub(super) fn integer(encoded: &[u8]) -> Option<i128> {
    read_signed(encoded).ok()
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl ToPlaintext for $int {
            type Plain = Self;

            fn write(&self, out: &mut PlaintextWriter<'_>) {
                write_signed(*self as i128, out);
            }

            fn size_hint(&self) -> usize {
                8
            }
        }

        impl FromPlaintext for $int {
            const KIND: PlaintextKind = PlaintextKind::AnyInteger;

            fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
                Self::try_from(read_signed(&bytes)?).map_err(|_| INTEGER)
            }
        }
    )*};
}

integers!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, usize);

impl ToPlaintext for u128 {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        if let Ok(signed) = i128::try_from(*self) {
            write_signed(signed, out);
        } else {
            out.write(&[0]);
            out.write(&self.to_be_bytes());
        }
    }

    fn size_hint(&self) -> usize {
        17
    }
}

impl FromPlaintext for u128 {
    const KIND: PlaintextKind = PlaintextKind::AnyInteger;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        match *bytes {
            [0, ref rest @ ..] if rest.len() == 16 => {
                let number = Self::from_be_bytes(rest.try_into().map_err(|_| INTEGER)?);
                if i128::try_from(number).is_ok() { Err(INTEGER) } else { Ok(number) }
            }
            _ => Self::try_from(read_signed(&bytes)?).map_err(|_| INTEGER),
        }
    }
}

macro_rules! deterministic {
    ($($int:ty),*) => {$(
        impl ExactPlaintext for $int {}
        impl DeterministicPlaintext for $int {}
    )*};
}

// Not the 8-bit ones: 256 values are counted at a glance.
deterministic!(i16, i32, i64, i128, isize, u16, u32, u64, u128, usize);

macro_rules! floats {
    ($($float:ty, $kind:ident, $expected:literal);*) => {$(
        impl ToPlaintext for $float {
            type Plain = Self;

            fn write(&self, out: &mut PlaintextWriter<'_>) {
                out.write(&self.to_be_bytes());
            }

            fn size_hint(&self) -> usize {
                size_of::<Self>()
            }
        }

        impl FromPlaintext for $float {
            const KIND: PlaintextKind = PlaintextKind::$kind;

            fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
                let bits = (*bytes).try_into().map_err(|_| PlaintextError::new($expected))?;
                Ok(Self::from_be_bytes(bits))
            }
        }
    )*};
}

floats!(f32, Float32, "a 32-bit float"; f64, Float64, "a 64-bit float");
