//! What a key is for, and where it stands in its life.

use core::fmt;

/// What a data key is for. The two lives are separate: a search key that changes, changes stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stored as a byte; another purpose is a change of the format")]
pub enum Purpose {
    /// Randomized values. Rotates freely.
    Encrypt,
    /// Deterministic values and indexes. Long-lived: another key means other bytes for equal values.
    Search,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 2] = [Self::Encrypt, Self::Search];

    /// As it stands in key records and encryption contexts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Search => "search",
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Encrypt => 1,
            Self::Search => 2,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "stored as a byte; another state is a change of the format")]
pub enum KeyState {
    /// Known to readers, not written with yet.
    Pending,
    /// Written with. One for each tenant and purpose.
    Active,
    /// Reads what it wrote.
    DecryptOnly,
    /// No value names it any more; kept for backups.
    Retired,
    /// The wrapped key is gone; the record remains, so that the id is never given out again.
    Destroyed,
    /// Known to be in wrong hands: reads, for re-encryption, and never writes.
    Compromised,
}

impl KeyState {
    /// Every state, in the order of a key's life.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Active, Self::DecryptOnly, Self::Retired, Self::Destroyed, Self::Compromised];

    /// As it stands in key records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::DecryptOnly => "decrypt-only",
            Self::Retired => "retired",
            Self::Destroyed => "destroyed",
            Self::Compromised => "compromised",
        }
    }

    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Pending => 1,
            Self::Active => 2,
            Self::DecryptOnly => 3,
            Self::Retired => 4,
            Self::Destroyed => 5,
            Self::Compromised => 6,
        }
    }

    /// Whether a key may come from this state into another by its owner's word alone; promotion is another matter.
    pub(crate) const fn may_become(self, to: Self) -> bool {
        matches!(
            (self, to),
            (Self::DecryptOnly | Self::Compromised, Self::Retired)
                | (Self::Retired, Self::DecryptOnly | Self::Destroyed)
                | (Self::Pending | Self::DecryptOnly | Self::Retired, Self::Compromised)
        )
    }

    /// Whether values under the key can be opened.
    #[must_use]
    pub const fn can_open(self) -> bool {
        !matches!(self, Self::Retired | Self::Destroyed)
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
