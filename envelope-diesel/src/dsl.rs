//! The types of comparisons, for signatures.
//!
//! As in [`diesel::dsl`], a type has the name of the method that returns it. That of `users::email.eq(…)` is `Matches<users::email, _>`.

pub use crate::{
    compare::{Comparison, Is, IsNot, Polarity},
    lookup::{AnyOf, Maybe, One, Operand},
};

/// The return type of [`expression.matches(value)`](crate::EncryptedExpressionMethods::matches).
pub type Matches<E, V> = Comparison<E, One<V>, Is>;

/// The return type of [`expression.not_matches(value)`](crate::EncryptedExpressionMethods::not_matches).
pub type NotMatches<E, V> = Comparison<E, One<V>, IsNot>;

/// The return type of [`expression.matches_any(values)`](crate::EncryptedExpressionMethods::matches_any).
pub type MatchesAny<E, I> = Comparison<E, AnyOf<<I as IntoIterator>::Item>, Is>;

/// The return type of [`expression.matches_none(values)`](crate::EncryptedExpressionMethods::matches_none).
pub type MatchesNone<E, I> = Comparison<E, AnyOf<<I as IntoIterator>::Item>, IsNot>;
