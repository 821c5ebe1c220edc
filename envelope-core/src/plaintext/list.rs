//! FORMAT.md#lists: `Vec<T>`.

use super::{
    DeterministicPlaintext, ExactPlaintext, FromPlaintext, PlaintextBytes, PlaintextError, PlaintextKind,
    PlaintextWriter, ToPlaintext, wipe,
};

/// A type of which a `Vec` is a plaintext.
///
/// All types of this crate but `u8`, `Vec<T>` and [`Json`](crate::Json): a `Vec<u8>` is bytes, and lists in lists are better JSON.
/// `#[derive(Plaintext)]` writes it too.
#[diagnostic::on_unimplemented(
    message = "a `Vec` of `{Self}` has no plaintext encoding",
    label = "no encoding for a list of this type",
    note = "for a newtype or an enum of unit variants add `#[derive(Plaintext)]`; for a list of anything else use `Json<Vec<…>>`"
)]
pub trait ListItem: ToPlaintext<Plain = Self> + FromPlaintext {}

const LIST: PlaintextError = PlaintextError::new("a list of values of the field's type");

const LENGTH_LEN: usize = size_of::<u32>();

impl<T: ToPlaintext<Plain: ListItem + 'static>> ToPlaintext for [T] {
    type Plain = Vec<T::Plain>;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        match u32::try_from(self.len()) {
            Ok(count) => out.write(&count.to_be_bytes()),
            Err(_) => out.refuse(PlaintextError::new("a list of less than 2^32 values")),
        }
        for item in self {
            out.write_with_length(item);
        }
    }

    fn size_hint(&self) -> usize {
        self.iter()
            .fold(LENGTH_LEN, |sum, item| sum.saturating_add(LENGTH_LEN).saturating_add(item.size_hint()))
    }
}

impl<T: ListItem + 'static> FromPlaintext for Vec<T> {
    const KIND: PlaintextKind = PlaintextKind::List;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        let (count, mut rest) = length(&bytes)?;
        // Each item takes its length at least, so a count that is not true asks for no memory.
        if count > rest.len() / LENGTH_LEN {
            return Err(LIST);
        }
        let mut items = Self::with_capacity(count);
        let mut read = || {
            for _ in 0..count {
                let (length, behind) = length(rest)?;
                let (item, behind) = behind.split_at_checked(length).ok_or(LIST)?;
                items.push(T::read(PlaintextBytes::of(item.into()))?);
                rest = behind;
            }
            if rest.is_empty() { Ok(()) } else { Err(LIST) }
        };
        match read() {
            Ok(()) => Ok(items),
            Err(error) => {
                wipe(&mut items);
                Err(error)
            }
        }
    }
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), PlaintextError> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_LEN>().ok_or(LIST)?;
    Ok((usize::try_from(u32::from_be_bytes(*length)).map_err(|_| LIST)?, rest))
}

/// Forms of a list that differ only in who owns it.
macro_rules! same_as_a_slice {
    ($(($($generics:tt)*) $form:ty;)*) => {$(
        impl<T: ToPlaintext<Plain: ListItem + 'static>, $($generics)*> ToPlaintext for $form {
            type Plain = Vec<T::Plain>;

            fn write(&self, out: &mut PlaintextWriter<'_>) {
                <[T] as ToPlaintext>::write(self, out);
            }

            fn size_hint(&self) -> usize {
                <[T] as ToPlaintext>::size_hint(self)
            }
        }
    )*};
}

same_as_a_slice! {
    () Vec<T>;
    (const N: usize) [T; N];
}

impl<T: ExactPlaintext + ListItem> ExactPlaintext for Vec<T> {}
impl<T: DeterministicPlaintext + ListItem> DeterministicPlaintext for Vec<T> {}

macro_rules! items {
    ($($item:ty),* $(,)?) => {$(impl ListItem for $item {})*};
}

items! {
    String, Box<str>, Vec<u8>, Box<[u8]>, bool, f32, f64,
    i8, i16, i32, i64, i128, isize, u16, u32, u64, u128, usize,
}

impl<const N: usize> ListItem for [u8; N] {}
