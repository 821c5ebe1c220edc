//! What can be stored in a column, and looked up in it.

use core::fmt;

use envelope_core::{Column, Encoded, Keyring, Place, SealError, ToPlaintext};
use smallvec::SmallVec;

/// The stored bytes that a value may have: one form for each live search key, of which there is one most of the time.
pub type Forms = SmallVec<[Vec<u8>; 1]>;

/// What can be stored in the column `M`, and looked up in it: any form of its plaintext, or the wrapper.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of the encrypted column `{M}`",
    label = "the column's plaintext has another type"
)]
pub trait Value<M: Column> {
    /// The stored bytes, under the active key, of a value in this place.
    #[doc(hidden)]
    fn seal(&self, keyring: &Keyring, place: &Place) -> Result<Vec<u8>, SealError>;

    /// The stored bytes under each key that may have written them.
    #[doc(hidden)]
    fn lookup(&self, keyring: &Keyring) -> Result<Forms, SealError>;

    /// The plaintext, for an index that is written beside the value.
    #[doc(hidden)]
    fn encoded(&self) -> Encoded<()>;
}

impl<M: Column, V: ToPlaintext<Plain = M::Plain> + ?Sized> Value<M> for V {
    fn seal(&self, keyring: &Keyring, place: &Place) -> Result<Vec<u8>, SealError> {
        keyring.seal_at(&M::FIELD, place, self)
    }

    fn lookup(&self, keyring: &Keyring) -> Result<Forms, SealError> {
        let mut forms = Forms::new();
        keyring.lookup_each(&M::FIELD, self, |form| forms.push(form))?;
        Ok(forms)
    }

    fn encoded(&self) -> Encoded<()> {
        Encoded::of(self).retyped()
    }
}

/// A value that knows its place, as generated code writes it: the row that it is bound to, the row's tenant.
pub struct At<V> {
    value: V,
    place: Place,
}

impl<V> At<V> {
    /// A value of a struct, in the place that the struct's other fields tell.
    pub fn new(value: V, place: &Place) -> Self {
        Self { value, place: place.clone() }
    }
}

impl<V> fmt::Debug for At<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("At(redacted)")
    }
}

impl<M: Column, V: Value<M>> Value<M> for At<V> {
    fn seal(&self, keyring: &Keyring, _: &Place) -> Result<Vec<u8>, SealError> {
        self.value.seal(keyring, &self.place)
    }

    fn lookup(&self, keyring: &Keyring) -> Result<Forms, SealError> {
        self.value.lookup(keyring)
    }

    fn encoded(&self) -> Encoded<()> {
        self.value.encoded()
    }
}
