//! Keys fetched ahead of the codecs that need them, so that these never wait.

use futures_util::future::join_all;

use super::{
    Fetch, Keyring,
    want::{Missing, Want},
};
use crate::{
    envelope,
    error::KeyError,
    key::{KeyId, Purpose},
};

impl Keyring {
    /// The key that a stored value names, if opening the value would have to wait for it.
    ///
    /// `None` as well when the bytes are no value, when the key is known not to be there, and when it was refused a moment ago:
    /// opening the value then fails at once, and says why.
    #[must_use]
    pub fn missing_key(&self, value: &[u8]) -> Option<KeyId> {
        let id = envelope::named_key(value)?;
        self.is_missing(Want::Key(id)).then_some(id)
    }

    /// Fetches a key that [`missing_key`](Self::missing_key) found missing. It is no error if the tenant has no such key.
    ///
    /// # Errors
    ///
    /// When the key provider or the key store fails.
    pub async fn fetch_key(&self, id: KeyId) -> Result<(), KeyError> {
        self.fetch_if_missing(Want::Key(id)).await
    }

    /// Fetches those keys of these that are missing, all at once. It is no error if the tenant has no such key.
    ///
    /// # Errors
    ///
    /// When the key provider or the key store fails, with the key for which it did.
    pub(crate) async fn fetch_keys(
        &self,
        ids: impl IntoIterator<Item = KeyId>,
    ) -> Result<(), (KeyId, KeyError)> {
        let fetch = async |id| self.fetch_key(id).await.map_err(|error| (id, error));
        join_all(ids.into_iter().map(fetch)).await.into_iter().collect()
    }

    /// Fetches what sealing a value for a column of this purpose needs; for [`Purpose::Search`] also what a lookup needs. Returns at
    /// once when it is in memory.
    ///
    /// # Errors
    ///
    /// When the key provider or the key store fails.
    pub async fn warm_for(&self, purpose: Purpose) -> Result<(), KeyError> {
        match purpose {
            Purpose::Encrypt => self.fetch_if_missing(Want::Active(purpose)).await,
            Purpose::Search => self.fetch_if_missing(Want::Searchable).await,
        }
    }

    async fn fetch_if_missing(&self, want: Want) -> Result<(), KeyError> {
        if self.is_missing(want) {
            self.run(Fetch::new(&self.ring, &self.keys).run(want)).await?;
        }
        Ok(())
    }

    /// Whether there is something to wait for.
    fn is_missing(&self, want: Want) -> bool {
        let now = self.ring.clock.now();
        let Some(set) = self.keys.set.load_full() else { return true };
        match want.check(&set, now, &self.ring.lifetimes) {
            Ok(()) | Err(Missing::Failed(_)) => false,
            Err(Missing::Unknown(id)) => !self.keys.is_believed_unknown(id, now, self.ring.lifetimes.unknown),
            Err(Missing::Records | Missing::Purposes(_) | Missing::Keys(_)) => true,
        }
    }
}
