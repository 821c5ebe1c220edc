//! A value as a database gives and takes it, whichever database and type it is of.

use core::fmt;

use zeroize::Zeroize;

/// One value of one row. Holds plaintext and ciphertext, so it is wiped, and `Debug` shows neither.
#[derive(Clone, PartialEq)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// The driver could not read it; SQLite keeps text that is no UTF-8.
    Unreadable,
}

impl Cell {
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The bytes of text or bytes.
    pub(crate) const fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes.as_slice()),
            _ => None,
        }
    }

    /// As text; `None` for `NULL` and what has no text.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Null | Self::Bytes(_) | Self::Unreadable => None,
        }
    }

    pub(crate) const fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        match self {
            Self::Text(text) => text.zeroize(),
            Self::Bytes(bytes) => bytes.zeroize(),
            Self::Integer(number) => number.zeroize(),
            Self::Float(number) => number.zeroize(),
            Self::Null | Self::Unreadable => {}
        }
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Unreadable => "unreadable",
        })
    }
}

/// What a statement is given.
#[derive(Clone)]
pub(crate) enum Argument {
    Cell(Cell),
    /// PostgreSQL's `text[]`.
    Texts(Vec<Option<String>>),
    /// PostgreSQL's `bytea[]`.
    Blobs(Vec<Option<Vec<u8>>>),
}

impl fmt::Debug for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cell(cell) => cell.fmt(f),
            Self::Texts(texts) => write!(f, "{} texts", texts.len()),
            Self::Blobs(blobs) => write!(f, "{} blobs", blobs.len()),
        }
    }
}
