//! A search in a deterministic column: what its stored bytes can be, if they hold the value.

use core::{fmt, marker::PhantomData};

use envelope_core::{Encoding, FieldName, SealError, SearchableColumn, ToPlaintext};
use sqlx::{Database, Encode, Type, encode::IsNull, error::BoxDynError};
use thiserror::Error;

use crate::{current, sealed::Sealed};

/// One candidate for each live search key, that of the active key first. A query has to compare the column with all of them.
///
/// Usually there is one. While the search key is rotated there are two, as rows are under the old key and the new one;
/// so a query that only has room for one candidate is refused rather than answered by half:
///
/// - PostgreSQL takes all of them as an array: `WHERE email = ANY($1)` with `.bind(lookup)`, by the feature `postgres`. No other
///   database has arrays, so there this does not compile.
/// - [`push_lookup`](crate::QueryBuilderExt::push_lookup) writes `= ?` or `IN (?, …)` on any database.
/// - For SQL that is fixed, [`array`](Self::array) fills the places of `IN (?, ?)`, and [`one`](Self::one)
///   that of `= ?`; both are errors when the candidates are more than the places.
///
/// `User::EMAIL.lookup(value)?` makes one, with the keyring in force.
#[derive(Clone)]
#[must_use = "a lookup does nothing until it is bound"]
pub struct Lookup<C> {
    candidates: Vec<Vec<u8>>,
    column: PhantomData<fn() -> C>,
}

/// A lookup has more candidates than the query has places for them, and would miss rows.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "a lookup in {field} has {candidates} candidates, one for each live search key, and the query has {places} places \
     for them: write `IN (?, …)` and bind `lookup.array::<{candidates}>()?`, or use `QueryBuilder` and `push_lookup`"
)]
#[non_exhaustive]
pub struct LookupError {
    /// The column.
    pub field: FieldName,
    /// How many the lookup has.
    pub candidates: usize,
    /// How many the query compares with.
    pub places: usize,
}

impl<C: SearchableColumn> Lookup<C> {
    /// For the one place in `email = ?`.
    ///
    /// # Errors
    ///
    /// When there is more than one candidate: the search key is being rotated.
    pub fn one(self) -> Result<Sealed<C>, LookupError> {
        let [candidate] = self.array()?;
        Ok(candidate)
    }

    /// For the `N` places in `email IN (?, ?)`. If there are fewer candidates, the first is repeated.
    ///
    /// # Errors
    ///
    /// When there are more candidates than places.
    pub fn array<const N: usize>(self) -> Result<[Sealed<C>; N], LookupError> {
        let error = LookupError { field: C::FIELD.name(), candidates: self.candidates.len(), places: N };
        if error.candidates > N {
            return Err(error);
        }
        let mut candidates = self.candidates;
        if let Some(first) = candidates.first().cloned() {
            candidates.resize(N, first);
        }
        let candidates = <[Vec<u8>; N]>::try_from(candidates).map_err(|_| error)?;
        Ok(candidates.map(Sealed::new))
    }

    /// Finds what either finds, as in `email = 'a' OR email = 'b'`.
    pub fn or(mut self, mut other: Self) -> Self {
        self.candidates.append(&mut other.candidates);
        self
    }

    /// The candidates, for a query that takes any number of them.
    #[must_use]
    pub fn into_candidates(self) -> Vec<Sealed<C>> {
        self.candidates.into_iter().map(Sealed::new).collect()
    }
}

impl<C: SearchableColumn> fmt::Debug for Lookup<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lookup({}, {} candidates)", C::FIELD.name(), self.candidates.len())
    }
}

impl<DB: ArrayDatabase, C: SearchableColumn> Type<DB> for Lookup<C> {
    fn type_info() -> DB::TypeInfo {
        DB::array_type_info(C::FIELD.stored_as())
    }
}

impl<'q, DB: ArrayDatabase, C: SearchableColumn> Encode<'q, DB> for Lookup<C> {
    fn encode_by_ref(&self, buf: &mut DB::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        DB::encode_array(&self.candidates, C::FIELD.stored_as(), buf)
    }
}

/// A database that takes all candidates of a lookup as one array: PostgreSQL, by the feature `postgres`.
#[diagnostic::on_unimplemented(
    message = "a lookup cannot be bound as one value: `{Self}` has no arrays",
    label = "may have several candidates",
    note = "write `QueryBuilder` and `push_lookup`, or bind `lookup.one()?` where the query says `= ?`",
    note = "on PostgreSQL turn on the feature `postgres` of envelope-sqlx"
)]
pub trait ArrayDatabase: Database {
    #[doc(hidden)]
    fn array_type_info(stored_as: Encoding) -> Self::TypeInfo;

    #[doc(hidden)]
    fn encode_array(
        candidates: &[Vec<u8>],
        stored_as: Encoding,
        buf: &mut Self::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError>;
}

#[cfg(feature = "postgres")]
impl ArrayDatabase for sqlx::Postgres {
    fn array_type_info(stored_as: Encoding) -> Self::TypeInfo {
        pg_array(stored_as)
    }

    fn encode_array(
        candidates: &[Vec<u8>],
        stored_as: Encoding,
        buf: &mut Self::ArgumentBuffer,
    ) -> Result<IsNull, BoxDynError> {
        match stored_as {
            Encoding::Bytes => <&[Vec<u8>] as Encode<'_, Self>>::encode(candidates, buf),
            Encoding::Text => {
                let texts = candidates.iter().map(|candidate| str::from_utf8(candidate));
                texts.collect::<Result<Vec<_>, _>>()?.encode(buf)
            }
        }
    }
}

/// Arrays of stored values in PostgreSQL.
#[cfg(feature = "postgres")]
pub(crate) fn pg_array(stored_as: Encoding) -> sqlx::postgres::PgTypeInfo {
    match stored_as {
        Encoding::Bytes => <Vec<u8> as sqlx::postgres::PgHasArrayType>::array_type_info(),
        Encoding::Text => <String as sqlx::postgres::PgHasArrayType>::array_type_info(),
    }
}

/// What can be looked up in the column `C`: any form of its plaintext, if the column is deterministic.
pub trait LookupValue<C> {
    /// The candidates, by the keyring in force.
    #[doc(hidden)]
    fn lookup(&self) -> Result<Lookup<C>, SealError>;
}

impl<C: SearchableColumn, V: ToPlaintext<Plain = C::Plain>> LookupValue<C> for V {
    fn lookup(&self) -> Result<Lookup<C>, SealError> {
        Ok(Lookup { candidates: current::lookup::<C>(self)?, column: PhantomData })
    }
}
