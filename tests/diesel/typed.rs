//! Models with fields of the types of other crates.

#[path = "typed/dates.rs"]
pub(crate) mod dates;
#[path = "typed/newtypes.rs"]
pub(crate) mod newtypes;
#[path = "typed/secrets.rs"]
pub(crate) mod secrets;
#[path = "typed/values.rs"]
pub(crate) mod values;
