//! The types of comparisons, for signatures.
//!
//! As in [`diesel::dsl`], a type has the name of the method that returns it. That of `users::email.eq(…)` is `Matches<users::email, _>`.
//!
//! All of `diesel::dsl` is here too, so that `#[auto_type]` finds both:
//!
//! ```standalone_crate
//! # mod schema { diesel::table! { users { id -> Integer, email -> crate::UserEmail } } }
//! # use schema::users;
//! use diesel::{dsl::auto_type, prelude::*};
//! use envelope_diesel::{Encrypted, EncryptedExpressionMethods};
//!
//! #[derive(Encrypted, Queryable)]
//! #[diesel(table_name = users)]
//! pub struct User {
//!     pub id: i32,
//!     #[encrypt(deterministic)]
//!     pub email: String,
//! }
//!
//! #[auto_type(dsl_path = "envelope_diesel::dsl")]
//! fn with_email<'a>(email: &'a str) -> _ {
//!     users::table.filter(users::email.matches::<&'a str>(email))
//! }
//! # fn main() { let _ = with_email("ada@example.com"); }
//! ```

#[doc(no_inline)]
pub use diesel::dsl::*;

pub use crate::{
    compare::{Comparison, Different, Is, IsNot, Polarity, Same},
    lookup::{AnyOf, Maybe, One, Operand, OperandKind},
    shared::{IntoColumn, Retyped, SharedWith},
};

/// The return type of [`expression.matches(value)`](crate::EncryptedExpressionMethods::matches).
pub type Matches<E, V> = Comparison<E, One<V>, Is>;

/// The return type of [`expression.not_matches(value)`](crate::EncryptedExpressionMethods::not_matches).
pub type NotMatches<E, V> = Comparison<E, One<V>, IsNot>;

/// The return type of [`expression.matches_any(values)`](crate::EncryptedExpressionMethods::matches_any).
pub type MatchesAny<E, I> = Comparison<E, AnyOf<<I as IntoIterator>::Item>, Is>;

/// The return type of [`expression.matches_none(values)`](crate::EncryptedExpressionMethods::matches_none).
pub type MatchesNone<E, I> = Comparison<E, AnyOf<<I as IntoIterator>::Item>, IsNot>;

/// The return type of [`expression.matches_nullable(value)`](crate::EncryptedExpressionMethods::matches_nullable).
pub type MatchesNullable<E, V> = Comparison<E, Maybe<V>, Same>;

/// The return type of [`expression.not_matches_nullable(value)`](crate::EncryptedExpressionMethods::not_matches_nullable).
pub type NotMatchesNullable<E, V> = Comparison<E, Maybe<V>, Different>;
