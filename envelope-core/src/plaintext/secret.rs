//! The types of `secrecy`: encoded as what they keep secret, and read without a copy that is not wiped.

use secrecy::{ExposeSecret as _, SecretBox, zeroize::Zeroize};

use super::{
    DeterministicPlaintext, ExactPlaintext, FromPlaintext, ListItem, Plaintext, PlaintextBytes,
    PlaintextError, PlaintextKind, PlaintextWriter, ToPlaintext, impls::TEXT,
};

/// Boxes of what has no size, whose bytes are copied once, into a box that fits.
macro_rules! unsized_secrets {
    ($($inner:ty, $kind:ident: $read:expr;)*) => {$(
        impl ToPlaintext for SecretBox<$inner> {
            type Plain = Self;

            fn write(&self, out: &mut PlaintextWriter<'_>) {
                self.expose_secret().write(out);
            }

            fn size_hint(&self) -> usize {
                self.expose_secret().len()
            }
        }

        impl FromPlaintext for SecretBox<$inner> {
            const KIND: PlaintextKind = PlaintextKind::$kind;

            fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
                let read: fn(&[u8]) -> Result<Box<$inner>, PlaintextError> = $read;
                read(&bytes).map(Self::new)
            }
        }

        impl ListItem for SecretBox<$inner> {}
        impl ExactPlaintext for SecretBox<$inner> {}
        impl DeterministicPlaintext for SecretBox<$inner> {}
    )*};
}

unsized_secrets! {
    str, Text: |bytes| str::from_utf8(bytes).map(Box::from).map_err(|_| TEXT);
    [u8], Bytes: |bytes| Ok(Box::from(bytes));
}

impl<T: ToPlaintext<Plain = T> + FromPlaintext + Zeroize + Clone> ToPlaintext for SecretBox<T> {
    type Plain = Self;

    fn write(&self, out: &mut PlaintextWriter<'_>) {
        self.expose_secret().write(out);
    }

    fn size_hint(&self) -> usize {
        self.expose_secret().size_hint()
    }
}

impl<T: ToPlaintext<Plain = T> + FromPlaintext + Zeroize + Clone> FromPlaintext for SecretBox<T> {
    const KIND: PlaintextKind = T::KIND;

    fn read(bytes: PlaintextBytes) -> Result<Self, PlaintextError> {
        // Not moved into its box but cloned, so that what was on the stack can be wiped.
        Self::try_init_with(|| T::read(bytes))
    }
}

impl<T: Plaintext + Zeroize + Clone> ListItem for SecretBox<T> {}
impl<T: ExactPlaintext + Zeroize + Clone> ExactPlaintext for SecretBox<T> {}
impl<T: DeterministicPlaintext + Zeroize + Clone> DeterministicPlaintext for SecretBox<T> {}
