//! Searching by an index: the terms that a row has if it has what is searched, and the comparison after decryption that leaves
//! no other row.

mod check;
mod find;

use core::{fmt, marker::PhantomData};

pub(crate) use self::check::Check;
pub use self::find::Find;

use crate::{
    envelope::text,
    error::SealError,
    field::{Column, Encoding, Field, Index, IndexedColumn, Mode},
    keyring::Keyring,
    plaintext::{ToPlaintext, encode},
    row::Place,
    suite::ColumnKey,
    terms,
};

/// The most terms under one key that a search names. More would find most of the table, slowly.
pub(crate) const MAX_TERMS: usize = 1000;

/// Lists of terms.
type Groups = Vec<Vec<Vec<u8>>>;

/// A search by the index `C`: which terms its rows may have, and what is compared after decryption.
///
/// Rows with one of these terms are *candidates*: an index with short terms, of a part of the value, or of buckets gives some
/// that are not meant. [`matching`](Self::matching) leaves those out.
pub struct Search<C> {
    /// A row has one term of each of these lists.
    groups: Groups,
    check: Check,
    column: PhantomData<fn() -> C>,
}

/// A row that has the value which the index `C` is of: what the derive emits for each struct with the field.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not have the value that the index `{C}` is of",
    label = "what is found by this index has to be compared after decryption",
    note = "load a struct with the encrypted field, and name the index there too, as in `#[encrypt(index(column = …))]`"
)]
pub trait Found<C: Column> {
    /// Whether the row is what was searched. `NULL` is not.
    fn is_found(&self, search: &Search<C>) -> bool;
}

impl<C: Column> Search<C> {
    /// The stored terms: a row is a candidate if it has one of each list. No list has none: nothing is found then.
    #[must_use]
    pub fn groups(&self) -> &[Vec<Vec<u8>>] {
        &self.groups
    }

    /// Whether a value is what was searched.
    #[must_use]
    pub fn is_match(&self, value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized)) -> bool {
        encode(value).is_ok_and(|encoded| self.check.is_match(&encoded))
    }

    /// Those candidates that are what was searched.
    #[must_use]
    pub fn matching<R: Found<C>>(&self, candidates: impl IntoIterator<Item = R>) -> Vec<R> {
        candidates.into_iter().filter(|row| row.is_found(self)).collect()
    }
}

impl<C: Column> fmt::Debug for Search<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms: usize = self.groups.iter().map(Vec::len).sum();
        write!(f, "Search({}, {terms} terms)", C::FIELD.name())
    }
}

impl<C> Clone for Search<C> {
    fn clone(&self) -> Self {
        Self { groups: self.groups.clone(), check: self.check.clone(), column: PhantomData }
    }
}

impl Keyring {
    /// A search by an index.
    ///
    /// # Errors
    ///
    /// When the tenant's keys cannot be had, and [`SealError::Search`]: for a text that is too short for the index, a range of
    /// more than 1,000 buckets, an index that does not find this.
    pub fn search<C: IndexedColumn>(&self, column: C, find: &Find<C::Plain>) -> Result<Search<C>, SealError> {
        let _ = column;
        let (groups, check) = self.search_field(&C::FIELD, find)?;
        Ok(Search { groups, check, column: PhantomData })
    }

    /// The stored terms of a value: what a row of the index has, or, of an index of words or trigrams, each of its rows. Sorted, and
    /// each once.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal), and for a field that is no index.
    pub fn terms_field(
        &self,
        field: &Field,
        value: &(impl ToPlaintext + ?Sized),
    ) -> Result<Vec<Vec<u8>>, SealError> {
        self.terms_at(field, &Place::default(), value)
    }

    /// As [`terms_field`](Self::terms_field), for a row of a tenant.
    ///
    /// # Errors
    ///
    /// As [`terms_field`](Self::terms_field).
    pub fn terms_at(
        &self,
        field: &Field,
        place: &Place,
        value: &(impl ToPlaintext + ?Sized),
    ) -> Result<Vec<Vec<u8>>, SealError> {
        let name = field.name();
        let index = field.index().ok_or(SealError::NotSearchable { field: name })?;
        let plaintext = |source| SealError::Plaintext { field: name, source };
        let texts = terms::texts(index, &encode(value).map_err(plaintext)?).map_err(plaintext)?;
        self.of_place(field, place)
            .map_err(|source| SealError::Place { field: name, source })?
            .with_active(crate::key::Purpose::Search, field, |column| {
                sorted(texts.iter().map(|text| term(field, index, column, text)).collect())
            })
            .map_err(|source| SealError::Key { field: name, source })
    }

    fn search_field<P>(&self, field: &Field, find: &Find<P>) -> Result<(Groups, Check), SealError> {
        let name = field.name();
        let Some(index) = field.index().filter(|_| field.mode() == Mode::Index) else {
            return Err(SealError::NotSearchable { field: name });
        };
        let (texts, check) = find.plan(index).map_err(|source| SealError::Search { field: name, source })?;
        let keyring = self
            .of_place(field, &Place::default())
            .map_err(|source| SealError::Place { field: name, source })?;
        let mut groups = vec![Vec::new(); texts.len()];
        keyring
            .with_searchable(field, |column| {
                for (group, texts) in groups.iter_mut().zip(&texts) {
                    group.extend(texts.iter().map(|text| term(field, index, column, text)));
                }
            })
            .map_err(|source| SealError::Key { field: name, source })?;
        Ok((sorted(groups.into_iter().map(sorted).collect()), check))
    }
}

/// In the order of the terms, which is none of what they are of: the order of words, or of buckets, would tell what the terms hide.
/// Short terms of different texts may be equal.
fn sorted<T: Ord>(mut terms: Vec<T>) -> Vec<T> {
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// A term as it is stored.
pub(crate) fn term(field: &Field, index: &Index, column: &ColumnKey, text: &[u8]) -> Vec<u8> {
    let term = column.term(index, text);
    match field.stored_as() {
        Encoding::Bytes => term,
        Encoding::Text => text::encode(&term),
    }
}
