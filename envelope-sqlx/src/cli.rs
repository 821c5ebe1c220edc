//! Feature `cli`.
