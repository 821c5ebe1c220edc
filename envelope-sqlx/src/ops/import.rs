//! Values that were encrypted by other means, read so that they can be encrypted anew.

use core::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

/// Reads values that something else encrypted.
///
/// There is no writing half: what is read is sealed as the column is declared.
pub trait Import: fmt::Debug + Send + Sync + 'static {
    /// The plaintext of a stored value, in the encoding of the column's type (for text: UTF-8).
    ///
    /// # Errors
    ///
    /// [`ImportError`], when the bytes are not of this form or do not authenticate.
    fn open(&self, stored: &[u8]) -> Result<Zeroizing<Vec<u8>>, ImportError>;
}

/// A value that an [`Import`] does not open. Says nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The bytes have not the form that is expected.
    #[error("not a value of the form that is imported")]
    Form,
    /// The value does not authenticate under the key.
    #[error("the imported value is not authentic under its key")]
    NotAuthentic,
}

/// An importer that is shared by the workers of a run.
pub(crate) type Importer = Arc<dyn Import>;
