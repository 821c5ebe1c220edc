//! Columns as types: which of them can be searched, and which are bound to their rows.

use core::fmt;

use super::{Field, Mode};
use crate::plaintext::Plaintext;

/// An encrypted column, as a type: the derive emits one zero-sized type for each `#[encrypt]` field.
///
/// `User` with `#[encrypt(deterministic)] email: String` gives the type `UserEmail` and the constant `User::EMAIL`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an encrypted column",
    label = "expected a column marker such as `User::EMAIL`",
    note = "`#[derive(Encrypted)]` on `User` emits the marker `UserEmail` for its field `#[encrypt] email`"
)]
pub trait Column: Copy + Send + Sync + fmt::Debug + 'static {
    /// The plaintext's type, without `Option`: `NULL` is not encrypted.
    type Plain: Plaintext;
    /// [`Randomized`], [`Deterministic`] or [`RowBound`]; of an index [`Exact`], [`Candidates`] or [`Terms`].
    type Mode: ColumnMode;
    /// The column's description.
    const FIELD: Field;
}

/// A column whose values can be compared by the database: a deterministic one, or an index of whole values.
pub trait SearchableColumn: Column {}

impl<C: Column> SearchableColumn for C where C::Mode: SearchableMode<C> {}

/// The mode that makes the column `C` searchable. A trait of its own, since a bound on `Column::Mode` would be reported as a
/// type that differs (E0271), and not in these words.
#[diagnostic::on_unimplemented(
    message = "the encrypted column `{C}` is randomized and cannot be compared or searched",
    label = "randomized encryption: equal plaintexts have different ciphertexts",
    note = "mark the field `#[encrypt(deterministic)]` to search it; the database then learns which rows are equal",
    note = "or give it an index, `#[encrypt(index(column = …))]`; one of parts, buckets or few bits is searched by its own methods, as in `User::NAME_START.starts_with(\"Ad\")?`"
)]
pub trait SearchableMode<C>: ColumnMode {}

impl<C> SearchableMode<C> for Deterministic {}
impl<C> SearchableMode<C> for Exact {}

/// An index: a column of terms by which another column is found.
pub trait IndexedColumn: Column {}

impl<C: Column> IndexedColumn for C where C::Mode: IndexMode<C> {}

/// The mode of an index `C`.
#[diagnostic::on_unimplemented(
    message = "the column `{C}` is no index",
    label = "expected the marker of an index such as `User::EMAIL_INDEX`",
    note = "`#[encrypt(index(column = email_index))]` on the field `email` of `User` emits it"
)]
pub trait IndexMode<C>: ColumnMode {}

impl<C> IndexMode<C> for Exact {}
impl<C> IndexMode<C> for Candidates {}
impl<C> IndexMode<C> for Terms {}

/// A column whose values stand for themselves: one can be sealed and opened without the row that it is in.
pub trait UnboundColumn: Column {}

impl<C: Column> UnboundColumn for C where C::Mode: UnboundMode<C> {}

/// The mode of a column `C` that is not bound to its row. A trait of its own for the sake of its message, as [`SearchableMode`] is.
#[diagnostic::on_unimplemented(
    message = "a value of the encrypted column `{C}` cannot be sealed or opened alone",
    label = "`{Self}`: not a value alone",
    note = "`RowBound`: it is bound to its row, and needs the row's id: read and write whole structs that have the id; one with `#[encrypt(columns = …)]` says `bind = …` as the declaring struct does",
    note = "`Exact`, `Candidates`, `Terms`: it is an index, which is written with the value that it is of, by a struct that has the field",
    note = "in generic code ask for `C: UnboundColumn`; for a value alone there are `Sealed::of_row(&keyring, &RowKey::new(&id), value)` and `sealed.open_in_row(…)`"
)]
pub trait UnboundMode<C>: ColumnMode {}

impl<C> UnboundMode<C> for Randomized {}
impl<C> UnboundMode<C> for Deterministic {}

/// A column whose values are bound to their row: they open in no other.
pub trait BoundColumn: Column {}

impl<C: Column> BoundColumn for C where C::Mode: BoundMode<C> {}

/// The mode of a column `C` that is bound to its row.
#[diagnostic::on_unimplemented(
    message = "values of the encrypted column `{C}` are not bound to their row",
    label = "expected a column of a struct with `#[encrypt(bind = …)]`",
    note = "remove `bind` here, or bind the column where it is declared, which makes the values that it has unreadable"
)]
pub trait BoundMode<C>: ColumnMode {}

impl<C> BoundMode<C> for RowBound {}

/// The modes of a column, as types. Sealed.
pub trait ColumnMode: sealed::Sealed + Send + Sync + 'static {
    /// The same, as a value.
    const MODE: Mode;
}

/// Type-level [`Mode::Randomized`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Randomized;

/// Type-level [`Mode::Deterministic`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Deterministic;

/// Type-level [`Mode::Randomized`] of a column whose values are bound to their row.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RowBound;

/// Type-level [`Mode::Index`] of whole values, with terms that two values do not share: finds what is searched, and nothing else.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Exact;

/// Type-level [`Mode::Index`] of parts of values, of buckets, or with short terms: finds candidates, which are compared after
/// decryption.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Candidates;

/// Type-level [`Mode::Index`] of words or trigrams: each value has several terms, in a table of their own.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Terms;

impl ColumnMode for Randomized {
    const MODE: Mode = Mode::Randomized;
}

impl ColumnMode for Deterministic {
    const MODE: Mode = Mode::Deterministic;
}

impl ColumnMode for RowBound {
    const MODE: Mode = Mode::Randomized;
}

impl ColumnMode for Exact {
    const MODE: Mode = Mode::Index;
}

impl ColumnMode for Candidates {
    const MODE: Mode = Mode::Index;
}

impl ColumnMode for Terms {
    const MODE: Mode = Mode::Index;
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed")]
    pub trait Sealed {}
    impl Sealed for super::Randomized {}
    impl Sealed for super::Deterministic {}
    impl Sealed for super::RowBound {}
    impl Sealed for super::Exact {}
    impl Sealed for super::Candidates {}
    impl Sealed for super::Terms {}
}
