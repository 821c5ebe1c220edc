//! What is stored of a key (FORMAT.md#key-record).

use hmac::Mac;
use sha2::{Digest, Sha256};

use super::{DataKey, EncryptionContext, KeyId, KeyState, Purpose, Tenant, WrappedKey, push};

/// One record of a key store: everything about a data key but the key itself (FORMAT.md#key-record).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "stores read and write every field")]
pub struct KeyRecord {
    /// The key's id.
    pub id: KeyId,
    /// The application that the key store belongs to.
    pub application: String,
    /// Whose key it is.
    pub tenant: Tenant,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands in its life.
    pub state: KeyState,
    /// 1 for a new record, one more with each change of state.
    pub revision: u64,
    /// When the key was made, in seconds since 1970.
    pub created_at: u64,
    /// When its state last changed, in seconds since 1970.
    pub changed_at: u64,
    /// The wrapped key; `None` once it was destroyed.
    pub wrapped: Option<WrappedKey>,
    /// The same key, wrapped by further providers: another region, an offline key. In the order in which they are asked.
    pub further_wraps: Vec<WrappedKey>,
    /// Binds all of the above but `wrapped` to the data key. Empty once it was destroyed.
    pub check: Vec<u8>,
}

const RECORD_LABEL: &[u8] = b"envelope/v1/key-record";

/// The longest name of a wrapping key, in bytes (FORMAT.md#self-contained-value).
const MAX_PROVIDER_KEY: usize = 8192;

impl KeyRecord {
    /// The encryption context that binds the wrapped key to this record.
    #[must_use]
    pub fn context(&self) -> EncryptionContext {
        EncryptionContext::new(self.application.as_str().into(), self.tenant.clone(), self.id, self.purpose)
    }

    /// Whether its names are of lengths that the format has, so that they may be computed with and shown in errors.
    pub(crate) fn is_bounded(&self) -> bool {
        let mut wraps = self.wrapped.iter().chain(&self.further_wraps);
        self.application.len() <= 255 && wraps.all(|wrap| wrap.provider_key().len() <= MAX_PROVIDER_KEY)
    }

    /// Writes the check, after the record was made or changed.
    pub(crate) fn sign(&mut self, key: &DataKey) {
        self.check = key.mac(RECORD_LABEL, &self.signed_bytes()).finalize().into_bytes().to_vec();
    }

    /// Whether the check fits the record and the key, in constant time.
    pub(crate) fn is_signed_by(&self, key: &DataKey) -> bool {
        key.mac(RECORD_LABEL, &self.signed_bytes()).verify_slice(&self.check).is_ok()
    }

    fn signed_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        push(&mut out, RECORD_LABEL);
        out.extend_from_slice(&self.id.get().to_be_bytes());
        push(&mut out, self.application.as_bytes());
        push(&mut out, self.tenant.as_str().as_bytes());
        out.extend_from_slice(&[self.purpose.code(), self.state.code()]);
        out.extend_from_slice(&self.revision.to_be_bytes());
        out.extend_from_slice(&self.created_at.to_be_bytes());
        out.extend_from_slice(&self.changed_at.to_be_bytes());
        // As many as the format counts; a record has one for each further provider of the configuration.
        let count = u16::try_from(self.further_wraps.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&count.to_be_bytes());
        for wrap in self.further_wraps.iter().take(count.into()) {
            out.extend_from_slice(&Sha256::digest(wrap.provider_key()));
            out.extend_from_slice(&Sha256::digest(wrap.bytes()));
        }
        out
    }
}
