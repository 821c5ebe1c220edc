//! The code of the README and of the guides, as tests.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../docs/keys.md")]
#[derive(Debug)]
pub struct Keys;
