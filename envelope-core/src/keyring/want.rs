//! What a caller needs in memory, and what is missing for it.

use super::tenants::Lifetimes;
use crate::{
    cache::{Entry, KeySet, Slot},
    clock::Moment,
    error::KeyError,
    key::{KeyId, KeyState, Purpose},
};

/// What a caller needs in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// The key to write with; the tenant's first is made.
    Active(Purpose),
    /// The key that a value names, if the tenant has it.
    Key(KeyId),
    /// Every key that a stored deterministic value may be under.
    Searchable,
    /// Every key.
    All,
}

/// What has to be done before a caller has what it needs.
#[derive(Debug)]
pub(super) enum Missing {
    /// The records are unknown, or too old.
    Records,
    /// The tenant never had a key for these.
    Purposes(Vec<Purpose>),
    /// These are not in memory.
    Keys(Vec<KeyId>),
    /// No record has this id.
    Unknown(KeyId),
    /// Nothing can be done now.
    Failed(KeyError),
}

impl Want {
    /// What is missing from a snapshot.
    pub(super) fn check(self, set: &KeySet, now: Moment, lifetimes: &Lifetimes) -> Result<(), Missing> {
        if now >= set.life.hard {
            return Err(Missing::Records);
        }
        let is_old = now.saturating_sub(set.read_at) >= lifetimes.unknown;
        let needed = match self {
            Self::Active(purpose) => &[purpose][..],
            Self::Searchable => &[Purpose::Search],
            Self::All => &Purpose::ALL,
            Self::Key(_) => &[],
        };
        let never: Vec<_> = needed.iter().copied().filter(|purpose| !set.has(*purpose)).collect();
        if !never.is_empty() {
            return Err(Missing::Purposes(never));
        }
        let entries: Vec<&Entry> = match self {
            Self::Active(purpose) => match set.active(purpose) {
                Some(entry) => vec![entry],
                // Another process may be about to promote one.
                None if is_old => return Err(Missing::Records),
                // A record whose state someone else changed is found out by its key.
                None => set
                    .entries()
                    .filter(|entry| entry.record.purpose == purpose && entry.record.state.can_open())
                    .collect(),
            },
            Self::Key(id) => match set.find(id) {
                Some(entry) if entry.record.state.can_open() => vec![entry],
                Some(_) => Vec::new(),
                None => return Err(Missing::Unknown(id)),
            },
            Self::Searchable => set.searchable().filter_map(|id| set.find(id)).collect(),
            Self::All => set.entries().filter(|entry| entry.record.state.can_open()).collect(),
        };
        let mut cold = Vec::new();
        for entry in entries {
            match &entry.slot {
                Slot::Loaded(loaded) if loaded.is_usable(now) => {}
                Slot::Failed { error, retry_at } if now < *retry_at => {
                    // A damaged record of an old key does not keep the others from being warmed.
                    if self != Self::All || entry.record.state == KeyState::Active || !error.is_damage() {
                        return Err(Missing::Failed(error.clone()));
                    }
                }
                _ => cold.push(entry.record.id),
            }
        }
        if cold.is_empty() { Ok(()) } else { Err(Missing::Keys(cold)) }
    }
}
