//! What can be stored in a column, and looked up in it.

use envelope_core::{Column, Keyring, SealError, ToPlaintext};

/// What can be stored in the column `M`, and looked up in it: any form of its plaintext, or the wrapper.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of the encrypted column `{M}`",
    label = "the column's plaintext has another type"
)]
pub trait Value<M: Column> {
    /// The stored bytes, under the active key.
    #[doc(hidden)]
    fn seal(&self, keyring: &Keyring) -> Result<Vec<u8>, SealError>;

    /// The stored bytes under each key that may have written them.
    #[doc(hidden)]
    fn lookup(&self, keyring: &Keyring) -> Result<Vec<Vec<u8>>, SealError>;
}

impl<M: Column, V: ToPlaintext<Plain = M::Plain>> Value<M> for V {
    fn seal(&self, keyring: &Keyring) -> Result<Vec<u8>, SealError> {
        keyring.seal_field(&M::FIELD, self)
    }

    fn lookup(&self, keyring: &Keyring) -> Result<Vec<Vec<u8>>, SealError> {
        keyring.lookup_field(&M::FIELD, self)
    }
}
