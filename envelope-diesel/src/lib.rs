//! Encrypted columns for Diesel.
