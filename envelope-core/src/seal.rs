//! Seal, open, look up: what a keyring does with a value.

use std::borrow::Cow;

use crate::{
    envelope::{Stored, Suite, header, parse, text},
    error::{OpenError, PlaceError, SealError},
    field::{BoundColumn, Encoding, Field, Mode, PlaintextRows, SearchableColumn, UnboundColumn},
    import::{Import, ImportError},
    key::{KeyId, Purpose},
    keyring::{Keyring, Unusable},
    normalize::normalize,
    plaintext::{FromPlaintext, PlaintextBytes, ToPlaintext, encode},
    row::{Flaw, Place, RowKey},
    search,
    suite::{ColumnKey, Fresh, NotAuthentic, SealFailure},
    terms,
};

impl Keyring {
    /// Encrypts a value for a column, with the tenant's active key.
    ///
    /// The bytes are those that the column holds; in a column of text they are the text's. The terms of the column's indexes are the
    /// caller's to write: [`seal_field`](Self::seal_field) with each of `Column::FIELD.indexes()`.
    ///
    /// # Errors
    ///
    /// When the tenant's keys cannot be had, or the plaintext has no encoding or more than 2^30 bytes.
    pub fn seal<C: UnboundColumn>(
        &self,
        column: C,
        value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        let _ = column;
        self.seal_field(&C::FIELD, value)
    }

    /// Decrypts a value that was sealed for a column (or one of the same context), with the key that the value names.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; whatever the bytes are, this does not panic.
    pub fn open<C: UnboundColumn>(&self, column: C, value: &[u8]) -> Result<C::Plain, OpenError> {
        let _ = column;
        self.open_field(&C::FIELD, value)
    }

    /// As [`seal`](Self::seal), for a column that is bound to its row.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal), and when a part of the row's id has more than 65,535 bytes.
    pub fn seal_in_row<C: BoundColumn>(
        &self,
        column: C,
        row: &RowKey,
        value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        let _ = column;
        self.seal_at(&C::FIELD, &Place::default().in_row(row.clone()), value)
    }

    /// As [`open`](Self::open), for a column that is bound to its row.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open). A value of another row is [`OpenError::NotAuthentic`].
    pub fn open_in_row<C: BoundColumn>(
        &self,
        column: C,
        row: &RowKey,
        value: &[u8],
    ) -> Result<C::Plain, OpenError> {
        let _ = column;
        self.open_at(&C::FIELD, &Place::default().in_row(row.clone()), value)
    }

    /// What a column's stored bytes are if they hold this value: one candidate for each live search key, the active
    /// one first. A query compares the column with all of them.
    ///
    /// # Errors
    ///
    /// When the tenant's keys cannot be had.
    pub fn lookup<C: SearchableColumn>(
        &self,
        column: C,
        value: &(impl ToPlaintext<Plain = C::Plain> + ?Sized),
    ) -> Result<Vec<Vec<u8>>, SealError> {
        let _ = column;
        self.lookup_field(&C::FIELD, value)
    }

    /// What all values that are written to a column under one key begin with, and no others of the column but those from before it was declared with (or
    /// without) `xaes`: 6 bytes, or 12 characters in a column of
    /// text, for `LIKE 'env:/hAAAAAH%'`.
    #[must_use]
    pub fn stored_prefix(field: &Field, key: KeyId) -> Vec<u8> {
        let header = header(Suite::of(field), key);
        match field.stored_as() {
            Encoding::Bytes => header.to_vec(),
            Encoding::Text => text::encode(&header),
        }
    }

    /// As [`seal`](Self::seal), for code that has a column's description and not its type.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal), and [`PlaceError::NoRow`] for a column that is bound to its row.
    pub fn seal_field(
        &self,
        field: &Field,
        value: &(impl ToPlaintext + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        self.seal_at(field, &Place::default(), value)
    }

    /// As [`open`](Self::open), for code that has a column's description and not its type.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`PlaceError::NoRow`] for a column that is bound to its row.
    pub fn open_field<P: FromPlaintext>(&self, field: &Field, value: &[u8]) -> Result<P, OpenError> {
        self.open_at(field, &Place::default(), value)
    }

    /// As [`seal_field`](Self::seal_field), for a value in a place: a row that it is bound to, a tenant that the row names.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal), and [`SealError::Place`].
    pub fn seal_at(
        &self,
        field: &Field,
        place: &Place,
        value: &(impl ToPlaintext + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        let name = field.name();
        let of_place = |source| SealError::Place { field: name, source };
        let keyring = self.of_place(field, place).map_err(of_place)?;
        let row = row_of(field, place).map_err(of_place)?;
        keyring
            .with_active(purpose(field.mode()), field, |column| seal_with(field, column, row, value))
            .map_err(|source| SealError::Key { field: name, source })?
    }

    /// As [`open_field`](Self::open_field), for a value in a place. A value that is handed over (`Vec<u8>`) is decrypted in its
    /// own buffer.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`OpenError::Place`].
    pub fn open_at<'v, P: FromPlaintext>(
        &self,
        field: &Field,
        place: &Place,
        value: impl Into<Cow<'v, [u8]>>,
    ) -> Result<P, OpenError> {
        let plaintext = self.open_bytes(field, place, value.into())?;
        P::read(plaintext).map_err(|source| OpenError::Plaintext { field: field.name(), source })
    }

    /// As [`lookup`](Self::lookup), for code that has a column's description and not its type.
    ///
    /// # Errors
    ///
    /// As [`lookup`](Self::lookup), and [`SealError::NotSearchable`] for a randomized column.
    pub fn lookup_field(
        &self,
        field: &Field,
        value: &(impl ToPlaintext + ?Sized),
    ) -> Result<Vec<Vec<u8>>, SealError> {
        let mut candidates = Vec::with_capacity(1);
        self.lookup_each(field, value, |candidate| candidates.push(candidate))?;
        Ok(candidates)
    }

    /// As [`lookup_field`](Self::lookup_field), one candidate after the other, without a list of them.
    ///
    /// # Errors
    ///
    /// As [`lookup_field`](Self::lookup_field); some candidates may have been told before.
    pub fn lookup_each(
        &self,
        field: &Field,
        value: &(impl ToPlaintext + ?Sized),
        mut each: impl FnMut(Vec<u8>),
    ) -> Result<(), SealError> {
        let name = field.name();
        if field.mode() == Mode::Randomized || field.index().is_some_and(|index| !index.is_exact()) {
            return Err(SealError::NotSearchable { field: name });
        }
        let mut outcome = Ok(());
        self.of_place(field, &Place::default())
            .map_err(|source| SealError::Place { field: name, source })?
            .with_searchable(field, |column| match seal_with(field, column, None, value) {
                Ok(candidate) => each(candidate),
                Err(error) => outcome = Err(error),
            })
            .map_err(|source| SealError::Key { field: name, source })?;
        outcome
    }

    fn open_bytes(
        &self,
        field: &Field,
        place: &Place,
        stored: Cow<'_, [u8]>,
    ) -> Result<PlaintextBytes, OpenError> {
        let name = field.name();
        let of_place = |source| OpenError::Place { field: name, source };
        let keyring = self.of_place(field, place).map_err(of_place)?;
        let row = row_of(field, place).map_err(of_place)?;
        if field.mode() == Mode::Index {
            return Err(OpenError::Index { field: name });
        }
        if let Some(importer) = self.importer(field.context()) {
            return keyring.open_or_import(field, row, &stored, &**importer);
        }
        keyring.open_stored(field, row, stored)
    }

    /// Bytes of others may begin like a value by chance, so whatever does not open as one is tried as theirs.
    fn open_or_import(
        &self,
        field: &Field,
        row: Option<&RowKey>,
        stored: &[u8],
        importer: &dyn Import,
    ) -> Result<PlaintextBytes, OpenError> {
        let strict = field.plaintext_rows(PlaintextRows::Refuse);
        let error = match self.open_foreign(&strict, row, stored) {
            Ok(opened) => return Ok(opened),
            // An outage, or a key that was retired, says nothing about the bytes.
            Err(error @ (OpenError::Key { .. } | OpenError::KeyRetired { .. })) => return Err(error),
            Err(error) => error,
        };
        let is_foreign = matches!(error, OpenError::NotAnEnvelope { .. } | OpenError::WrongEncoding { .. });
        match importer.open(stored) {
            Ok(opened) => Ok(opened),
            Err(ImportError::Form) if is_foreign => self.open_foreign(field, row, stored),
            Err(source) if is_foreign => Err(OpenError::Import { field: field.name(), source }),
            Err(_) => Err(error),
        }
    }

    fn open_foreign(
        &self,
        field: &Field,
        row: Option<&RowKey>,
        stored: &[u8],
    ) -> Result<PlaintextBytes, OpenError> {
        self.open_stored(field, row, Cow::Borrowed(stored))
    }

    // Inlined, as is what it calls: what is moved from frame to frame for each value takes longer than all else here.
    #[inline(always)]
    fn open_stored(
        &self,
        field: &Field,
        row: Option<&RowKey>,
        stored: Cow<'_, [u8]>,
    ) -> Result<PlaintextBytes, OpenError> {
        let (id, suite, decoded) = match parse(field, &stored)? {
            Stored::Plaintext => return Ok(PlaintextBytes::of(stored)),
            Stored::Value(id, suite) => (id, suite, None),
            Stored::Text(id, suite, value) => (id, suite, Some(value)),
        };
        let opened = self.with_key(id, suite, field, |column| match (decoded, stored) {
            (Some(value), _) | (None, Cow::Owned(value)) => column.open_in_place(row, value),
            (None, Cow::Borrowed(value)) => column.open(row, value),
        });
        match opened {
            Ok(Ok(plaintext)) => Ok(plaintext),
            Ok(Err(NotAuthentic)) => Err(OpenError::NotAuthentic { field: field.name(), key: id }),
            Err(unusable) => Err(self.open_error(field, id, unusable)),
        }
    }

    /// The keyring for a value in a place. One of a tenant is for the rows of that tenant only, so that a request which is
    /// scoped to a tenant never opens what is another's.
    pub(crate) fn of_place<'k>(&'k self, field: &Field, place: &Place) -> Result<Cow<'k, Self>, PlaceError> {
        let own = self.tenant_name();
        match place.tenant() {
            None if field.tenant_column().is_some() && own.is_default() => Err(PlaceError::NoTenant),
            None => Ok(Cow::Borrowed(self)),
            Some(Err(error)) => Err(PlaceError::TenantName(*error)),
            Some(Ok(row)) if row == own => Ok(Cow::Borrowed(self)),
            Some(Ok(row)) if own.is_default() => Ok(Cow::Owned(self.of(row.clone()))),
            Some(Ok(row)) => Err(PlaceError::OtherTenant { row: row.clone(), keyring: own.clone() }),
        }
    }
}

impl Keyring {
    pub(crate) fn open_error(&self, field: &Field, key: KeyId, unusable: Unusable) -> OpenError {
        let field = field.name();
        match unusable {
            Unusable::Unknown => OpenError::UnknownKey { field, key, tenant: self.tenant_name().clone() },
            Unusable::Closed(state) => OpenError::KeyRetired { field, key, state },
            Unusable::Key(source) => OpenError::Key { field, key, source },
        }
    }
}

fn seal_with(
    field: &Field,
    column: &ColumnKey,
    row: Option<&RowKey>,
    value: &(impl ToPlaintext + ?Sized),
) -> Result<Vec<u8>, SealError> {
    let plaintext = |source| SealError::Plaintext { field: field.name(), source };
    let made_alike = |steps: &[_]| {
        let encoded = encode(value).map_err(plaintext)?;
        normalize(steps, &encoded).map_err(plaintext)
    };
    if let Some(index) = field.index() {
        let encoded = encode(value).map_err(plaintext)?;
        if terms::is_of_encoding(index) {
            let term = column.term_in_place(index, encoded);
            return Ok(match field.stored_as() {
                Encoding::Bytes => term,
                Encoding::Text => text::encode(&term),
            });
        }
        return match &*terms::texts(index, &encoded).map_err(plaintext)? {
            [text] => Ok(search::term(field, index, column, text)),
            _ => Err(SealError::NotSearchable { field: field.name() }),
        };
    }
    let sealed = match field.normalizers() {
        [] => column.seal(row, Fresh, value),
        steps => column.seal(row, Fresh, made_alike(steps)?.as_slice()),
    };
    let value = sealed.map_err(|failure| seal_error(field, failure))?;
    Ok(match field.stored_as() {
        Encoding::Bytes => value,
        Encoding::Text => text::encode(&value),
    })
}

/// The row that a value is bound to; none if its column is not bound to rows, whatever is known of the row.
fn row_of<'p>(field: &Field, place: &'p Place) -> Result<Option<&'p RowKey>, PlaceError> {
    if field.row_columns().is_empty() {
        return Ok(None);
    }
    let row = place.row().ok_or(PlaceError::NoRow)?;
    match row.flaw() {
        None => Ok(Some(row)),
        Some(Flaw::TooLong(length)) => Err(PlaceError::RowTooLong(*length)),
        Some(Flaw::Refused(source)) => Err(PlaceError::RowId(source.clone())),
    }
}

pub(crate) fn seal_error(field: &Field, failure: SealFailure) -> SealError {
    match failure {
        SealFailure::NoEncoding(source) => SealError::Plaintext { field: field.name(), source },
        SealFailure::TooLong(length) => SealError::TooLong { field: field.name(), length },
        SealFailure::Random(source) => SealError::Random { field: field.name(), source },
    }
}

const fn purpose(mode: Mode) -> Purpose {
    match mode {
        Mode::Randomized => Purpose::Encrypt,
        Mode::Deterministic | Mode::Index => Purpose::Search,
    }
}
