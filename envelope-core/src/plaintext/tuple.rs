//! FORMAT.md#tuples: several values as one, of which a compound index is.

use super::{
    DeterministicPlaintext, ExactPlaintext, FromPlaintext, PlaintextBytes, PlaintextError, PlaintextWriter,
    ToPlaintext,
};

const TUPLE: PlaintextError = PlaintextError::new("as many values as the tuple has");

const LENGTH_LEN: usize = size_of::<u32>();

/// The encodings of the values in a tuple.
pub(crate) fn parts(mut encoded: &[u8]) -> impl Iterator<Item = Result<&[u8], PlaintextError>> {
    core::iter::from_fn(move || {
        if encoded.is_empty() {
            return None;
        }
        let Some((part, rest)) = split(encoded) else {
            encoded = &[];
            return Some(Err(TUPLE));
        };
        encoded = rest;
        Some(Ok(part))
    })
}

fn split(encoded: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = encoded.split_first_chunk::<LENGTH_LEN>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn next<T: FromPlaintext>(encoded: &mut &[u8]) -> Result<T, PlaintextError> {
    let (part, rest) = split(encoded).ok_or(TUPLE)?;
    *encoded = rest;
    T::read(PlaintextBytes::of(part.into()))
}

macro_rules! tuples {
    ($($($ty:ident $number:tt)*;)*) => {$(
        impl<$($ty: ToPlaintext),*> ToPlaintext for ($($ty,)*)
        where
            $($ty::Plain: 'static),*
        {
            type Plain = ($($ty::Plain,)*);

            fn write(&self, out: &mut PlaintextWriter<'_>) {
                $(out.write_with_length(&self.$number);)*
            }

            fn size_hint(&self) -> usize {
                0_usize$(.saturating_add(LENGTH_LEN).saturating_add(self.$number.size_hint()))*
            }
        }

        impl<$($ty: FromPlaintext),*> FromPlaintext for ($($ty,)*) {
            fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
                let mut rest = &*bytes;
                let read = ($(next::<$ty>(&mut rest)?,)*);
                if rest.is_empty() { Ok(read) } else { Err(TUPLE) }
            }
        }

        impl<$($ty: ExactPlaintext),*> ExactPlaintext for ($($ty,)*) {}
        impl<$($ty: DeterministicPlaintext),*> DeterministicPlaintext for ($($ty,)*) {}
    )*};
}

tuples! {
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
}
