//! Values that were encrypted by other means: read, so that they stay readable until they are encrypted anew. Nothing here writes.

#[cfg(feature = "import")]
mod fernet;
#[cfg(feature = "import")]
mod rails;
#[cfg(feature = "import")]
mod raw;

use core::fmt;

use thiserror::Error;

#[cfg(feature = "import")]
pub use self::{fernet::FernetImport, rails::RailsImport, raw::RawImport};
use crate::plaintext::PlaintextBytes;

/// Reads values that something else encrypted, in a column that is moving to this crate.
///
/// With [`KeyringBuilder::import`](crate::KeyringBuilder::import) such values open like others: whatever does not open as a value of the column is handed to
/// it. There is no writing half: new values are sealed as the column is declared, and re-encrypting the table seals the old ones.
///
/// # Example
///
/// ```
/// use envelope_core::{Import, ImportError, PlaintextBytes};
///
/// /// Not encrypted at all, but written backwards.
/// #[derive(Debug)]
/// struct Backwards;
///
/// impl Import for Backwards {
///     fn open(&self, stored: &[u8]) -> Result<PlaintextBytes, ImportError> {
///         let text = stored.strip_prefix(b"rev:").ok_or(ImportError::Form)?;
///         Ok(text.iter().rev().copied().collect::<Vec<u8>>().into())
///     }
/// }
/// ```
///
/// # Security
///
/// Such values are bound to no column and no row, whatever they are moved to; they are as safe as the means that made them.
pub trait Import: fmt::Debug + Send + Sync + 'static {
    /// The plaintext of a stored value, in the encoding of the column's type; of text that is UTF-8.
    ///
    /// # Errors
    ///
    /// [`ImportError::Form`] for bytes that are not of this form, and [`ImportError::NotAuthentic`] for those that are and do not open.
    fn open(&self, stored: &[u8]) -> Result<PlaintextBytes, ImportError>;
}

/// A value that an [`Import`] does not open, or a key that makes none. Says nothing of either.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImportError {
    /// The bytes have not the form that is imported.
    #[error("the value is neither of this application nor of the form that is imported")]
    Form,
    /// The value has the form, and does not authenticate.
    #[error("the imported value is not authentic under its key")]
    NotAuthentic,
    /// What was given as a key is none.
    #[error("the key of the values that are imported has not the form or length of one")]
    Key,
}
