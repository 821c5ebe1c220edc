//! Generated code means what it says wherever it stands: no name of its surroundings changes it, and it is accepted
//! wherever Rust accepts a struct.

#[path = "hygiene/both.rs"]
#[expect(missing_docs, clippy::exhaustive_enums, clippy::exhaustive_structs, reason = "the models are tests")]
pub mod both;
#[path = "hygiene/names.rs"]
#[expect(
    missing_docs,
    missing_debug_implementations,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "the models are tests"
)]
pub mod names;
#[path = "hygiene/placed.rs"]
#[expect(
    missing_docs,
    missing_debug_implementations,
    clippy::exhaustive_structs,
    reason = "the models are tests"
)]
pub mod placed;
#[path = "hygiene/places.rs"]
#[expect(missing_docs, missing_debug_implementations, reason = "the models are tests")]
pub mod places;
#[path = "hygiene/shadowed.rs"]
#[expect(
    missing_docs,
    missing_debug_implementations,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "the models are tests"
)]
pub mod shadowed;
#[path = "hygiene/strict.rs"]
pub mod strict;
