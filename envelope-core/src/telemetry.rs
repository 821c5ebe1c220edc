//! What operators see: `tracing` events and counters of the `metrics` facade. Names and ids, never values or keys.
//!
//! | Metric | Kind | Labels |
//! |---|---|---|
//! | `envelope_provider_calls_total` | counter | `operation`, `outcome` |
//! | `envelope_provider_seconds` | histogram | `operation` |
//! | `envelope_key_hits_total` | counter | told when a key leaves the memory |
//! | `envelope_key_misses_total` | counter | |
//! | `envelope_key_refreshes_total` | counter | `outcome` |
//! | `envelope_stale_keys_total` | counter | |

use core::time::Duration;

use metrics::{counter, histogram};

use crate::{
    error::{KeyError, ProviderError},
    key::{KeyId, KeyRecord, KeyState, Tenant},
};

/// What a provider's own events are told under.
pub(crate) fn provider_span(operation: &'static str, tenant: &Tenant, key: KeyId) -> tracing::Span {
    tracing::debug_span!("envelope.provider", operation, tenant = tenant.as_str(), %key)
}

/// A provider answered, or did not.
pub(crate) fn provider_called(
    operation: &'static str,
    tenant: &Tenant,
    key: KeyId,
    error: Option<&ProviderError>,
    took: Duration,
) {
    let outcome = match error {
        None => "ok",
        Some(ProviderError::Unreachable(_)) => "unreachable",
        Some(ProviderError::Throttled(_)) => "throttled",
        Some(ProviderError::Denied(_)) => "denied",
        Some(ProviderError::Disabled(_)) => "disabled",
        Some(ProviderError::NotFound(_)) => "not-found",
        Some(_) => "error",
    };
    counter!("envelope_provider_calls_total", "operation" => operation, "outcome" => outcome).increment(1);
    histogram!("envelope_provider_seconds", "operation" => operation).record(took.as_secs_f64());
    match error {
        None => tracing::debug!(operation, tenant = tenant.as_str(), %key, ?took, "key provider answered"),
        Some(error) => {
            tracing::warn!(operation, tenant = tenant.as_str(), %key, ?took, %error, "key provider failed");
        }
    }
}

/// A column's key leaves the memory, where it was found so many times.
pub(crate) fn hits(count: u64) {
    counter!("envelope_key_hits_total").increment(count);
}

/// A key was asked for again before its time was over, and is good for another.
pub(crate) fn renewed(record: &KeyRecord) {
    counter!("envelope_key_refreshes_total", "outcome" => "ok").increment(1);
    tracing::debug!(tenant = record.tenant.as_str(), key = %record.id, "key was renewed");
}

/// A codec found a key that is not in memory.
pub(crate) fn missed(tenant: &Tenant) {
    counter!("envelope_key_misses_total").increment(1);
    tracing::debug!(tenant = tenant.as_str(), "a key was not in memory");
}

pub(crate) fn records_read(tenant: &Tenant, keys: usize) {
    tracing::debug!(tenant = tenant.as_str(), keys, "key records read");
}

pub(crate) fn records_failed(tenant: &Tenant, error: &KeyError) {
    tracing::warn!(tenant = tenant.as_str(), %error, "key records could not be read again");
}

pub(crate) fn unwrap_failed(record: &KeyRecord, error: &KeyError) {
    tracing::error!(tenant = record.tenant.as_str(), key = %record.id, %error, "key cannot be used");
}

/// A key could not be renewed and will be tried again.
pub(crate) fn renewal_failed(record: &KeyRecord, error: &KeyError) {
    counter!("envelope_key_refreshes_total", "outcome" => "failed").increment(1);
    tracing::warn!(tenant = record.tenant.as_str(), key = %record.id, %error, "key could not be renewed yet");
}

/// A key came into a state.
pub(crate) fn state_changed(record: &KeyRecord, from: Option<KeyState>) {
    tracing::info!(
        tenant = record.tenant.as_str(),
        key = %record.id,
        purpose = record.purpose.as_str(),
        from = from.map(KeyState::as_str),
        to = record.state.as_str(),
        "key changed its state"
    );
}

pub(crate) fn promotion_failed(tenant: &Tenant, error: &dyn core::error::Error) {
    tracing::warn!(tenant = tenant.as_str(), %error, "a pending key could not be promoted yet");
}

pub(crate) fn rewrapped(record: &KeyRecord) {
    let provider_key = record.wrapped.as_ref().map(crate::key::WrappedKey::provider_key);
    tracing::info!(tenant = record.tenant.as_str(), key = %record.id, provider_key, "key was rewrapped");
}

/// A key is used beyond its time, as the configuration permits.
pub(crate) fn stale(tenant: &Tenant, key: KeyId) {
    counter!("envelope_stale_keys_total").increment(1);
    tracing::warn!(tenant = tenant.as_str(), %key, "a key is used beyond its time: its provider is out of reach");
}

/// A process sealed so many values of one column that it asked for a new key.
pub(crate) fn worn_out(tenant: &Tenant, error: Option<&KeyError>) {
    match error {
        None => tracing::info!(
            tenant = tenant.as_str(),
            "many values were sealed with one key: a new one was made"
        ),
        Some(error) => {
            tracing::error!(tenant = tenant.as_str(), %error, "many values were sealed with one key; rotate it");
        }
    }
}
