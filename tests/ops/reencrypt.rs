//! From old keys, modes, encodings and contexts to those of the declaration.
