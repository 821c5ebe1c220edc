//! Seal, open, look up: what a keyring does with a value.

use crate::{
    envelope::{Envelope, ParseError},
    error::{OpenError, SealError},
    field::{Column, Field, Mode, PlaintextRows, SearchableColumn},
    key::{KeyId, Purpose},
    keyring::{Keyring, Unusable},
    plaintext::{FromPlaintext, PlaintextBytes, ToPlaintext},
    suite::{ColumnKey, Fresh, NotAuthentic, Row, SealFailure},
};

impl Keyring {
    /// Encrypts a value for a column, with the tenant's active key.
    ///
    /// # Errors
    ///
    /// When the tenant's keys cannot be had, or the plaintext has no encoding or more than 2^30 bytes.
    pub fn seal<C: Column>(
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
    pub fn open<C: Column>(&self, column: C, value: &[u8]) -> Result<C::Plain, OpenError> {
        let _ = column;
        self.open_field(&C::FIELD, value)
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

    /// As [`seal`](Self::seal), for code that has a column's description and not its type.
    ///
    /// # Errors
    ///
    /// As [`seal`](Self::seal).
    pub fn seal_field(
        &self,
        field: &Field,
        value: &(impl ToPlaintext + ?Sized),
    ) -> Result<Vec<u8>, SealError> {
        self.with_active(purpose(field.mode()), field, |column| seal_with(field, column, value))
            .map_err(|source| SealError::Key { field: field.name(), source })?
    }

    /// As [`open`](Self::open), for code that has a column's description and not its type.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_field<P: FromPlaintext>(&self, field: &Field, value: &[u8]) -> Result<P, OpenError> {
        let plaintext = self.open_bytes(field, value)?;
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
        if field.mode() != Mode::Deterministic {
            return Err(SealError::NotSearchable { field: field.name() });
        }
        self.with_searchable(field, |column| seal_with(field, column, value))
            .map_err(|source| SealError::Key { field: field.name(), source })?
            .into_iter()
            .collect()
    }

    fn open_bytes(&self, field: &Field, value: &[u8]) -> Result<PlaintextBytes, OpenError> {
        let name = field.name();
        let envelope = match Envelope::parse(value, field.mode()) {
            Ok(envelope) => envelope,
            Err(ParseError::NotAnEnvelope) if field.plaintext_rule() == PlaintextRows::Read => {
                return Ok(PlaintextBytes::copy(value));
            }
            Err(ParseError::NotAnEnvelope) => return Err(OpenError::NotAnEnvelope { field: name }),
            Err(ParseError::WrongMode(found)) => {
                return Err(OpenError::WrongMode { field: name, found, declared: field.mode() });
            }
            Err(ParseError::Malformed(reason)) => return Err(OpenError::Malformed { field: name, reason }),
        };
        let id = envelope.key;
        self.with_key(id, envelope.suite, field, |column| column.open(Row::Unbound, &envelope))
            .map_err(|unusable| self.open_error(field, id, unusable))?
            .map_err(|NotAuthentic| OpenError::NotAuthentic { field: name, key: id })
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
    value: &(impl ToPlaintext + ?Sized),
) -> Result<Vec<u8>, SealError> {
    column.seal(Row::Unbound, Fresh, value).map_err(|failure| seal_error(field, failure))
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
        Mode::Deterministic => Purpose::Search,
    }
}
