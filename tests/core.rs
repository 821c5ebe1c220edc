//! The core through its public interface: the stored format, tampering, keys, scopes, and what must never be printed.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]
#![expect(clippy::unwrap_in_result, reason = "what a test returns is what it examines; all else may panic")]

#[path = "core/analyze.rs"]
mod analyze;
#[path = "core/columns.rs"]
mod columns;
#[path = "core/debug.rs"]
mod debug;
#[path = "core/every_type.rs"]
mod every_type;
#[path = "core/faults.rs"]
mod faults;
#[path = "core/file_store.rs"]
mod file_store;
#[path = "core/index.rs"]
mod index;
#[path = "core/key_calls.rs"]
mod key_calls;
#[path = "core/local_key.rs"]
mod local_key;
#[path = "core/meaning.rs"]
mod meaning;
#[path = "core/normalize.rs"]
mod normalize;
#[path = "core/place.rs"]
mod place;
#[path = "core/plaintext.rs"]
mod plaintext;
#[path = "core/plaintext_types.rs"]
mod plaintext_types;
#[path = "core/records.rs"]
mod records;
#[path = "core/scope.rs"]
mod scope;
#[path = "core/search.rs"]
mod search;
#[path = "core/shared_store.rs"]
mod shared_store;
#[path = "core/spec.rs"]
mod spec;
#[path = "core/tamper.rs"]
mod tamper;
#[path = "core/text.rs"]
mod text;
#[path = "core/xaes.rs"]
mod xaes;
#[path = "core/vector.rs"]
mod vector;
