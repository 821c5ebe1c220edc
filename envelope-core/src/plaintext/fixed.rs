//! Types whose encoding has one length.

/// Writes the traits for types that are encoded by a `fn(&T) -> [u8; N]` and decoded by a `fn([u8; N]) -> Option<T>`.
macro_rules! fixed_length {
    ($($ty:ty, $kind:ident: $length:expr, $expected:literal, $encode:expr, $decode:expr;)*) => {$(
        impl $crate::plaintext::ToPlaintext for $ty {
            type Plain = Self;

            fn write(&self, out: &mut $crate::plaintext::PlaintextWriter<'_>) {
                let encode: fn(&Self) -> [u8; $length] = $encode;
                out.write(&*zeroize::Zeroizing::new(encode(self)));
            }

            fn size_hint(&self) -> usize {
                $length
            }
        }

        impl $crate::plaintext::FromPlaintext for $ty {
            const KIND: $crate::plaintext::PlaintextKind = $crate::plaintext::PlaintextKind::$kind;

            fn read(
                bytes: $crate::plaintext::PlaintextBytes,
            ) -> Result<Self, $crate::plaintext::PlaintextError> {
                let decode: fn([u8; $length]) -> Option<Self> = $decode;
                (*bytes)
                    .try_into()
                    .ok()
                    .and_then(decode)
                    .ok_or(const { $crate::plaintext::PlaintextError::new($expected) })
            }
        }

        impl $crate::plaintext::ListItem for $ty {}
    )*};
}
