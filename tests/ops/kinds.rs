//! Plaintext columns of every type, encrypted into columns of their own, and back.
