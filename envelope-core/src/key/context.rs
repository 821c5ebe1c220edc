//! What a wrapped key is bound to (FORMAT.md#encryption-context).

use std::sync::Arc;

use super::{KeyId, Purpose, Tenant, push};

/// What a wrapped key is bound to: the provider authenticates it on every call (FORMAT.md#encryption-context).
///
/// Not a secret: key services write it to their audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptionContext {
    application: Arc<str>,
    tenant: Tenant,
    id: KeyId,
    purpose: Purpose,
}

impl EncryptionContext {
    pub(crate) const fn new(application: Arc<str>, tenant: Tenant, id: KeyId, purpose: Purpose) -> Self {
        Self { application, tenant, id, purpose }
    }

    /// The application's name.
    #[must_use]
    pub fn application(&self) -> &str {
        &self.application
    }

    /// Whose key it is.
    #[must_use]
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Which key it is.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    /// What the key is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Name and value of each part, sorted by name. The empty tenant has no part: key services refuse empty values.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, String)> {
        [
            Some(("envelope:application", self.application.to_string())),
            Some(("envelope:key-id", self.id.to_string())),
            Some(("envelope:purpose", self.purpose.to_string())),
            (!self.tenant.is_default()).then(|| ("envelope:tenant", self.tenant.as_str().to_owned())),
        ]
        .into_iter()
        .flatten()
    }

    /// The same as bytes, for providers that authenticate a byte string: `lp(name) || lp(value)` for each pair.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, value) in self.pairs() {
            push(&mut out, name.as_bytes());
            push(&mut out, value.as_bytes());
        }
        out
    }
}
