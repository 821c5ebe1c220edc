//! Encrypted columns for SQLx.
