//! Seal, open, look up: what a keyring does with a value.

use crate::{
    envelope::{Envelope, ParseError, Suite},
    error::{OpenError, SealError},
    field::{Column, Field, Mode, PlaintextRows, SearchableColumn},
    key::Purpose,
    keyring::{Keyring, LoadedKey, Need},
    plaintext::{FromPlaintext, PlaintextBytes, ToPlaintext},
    suite::{Fresh, NotAuthentic, Row, SealFailure},
};

impl Keyring {
    /// Encrypts a value for a column, with the tenant's active key.
    ///
    /// # Errors
    ///
    /// When the tenant's keys cannot be had, or the plaintext has more than 2^30 bytes.
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
        let purpose = purpose(field.mode());
        self.with_keys(Need::Write, |keys| seal_with(field, keys.active(purpose), value))
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
        self.with_keys(Need::Write, |keys| {
            keys.searchable().map(|key| seal_with(field, Ok(key), value)).collect()
        })
        .map_err(|source| SealError::Key { field: field.name(), source })?
    }

    fn open_bytes(&self, field: &Field, value: &[u8]) -> Result<PlaintextBytes, OpenError> {
        let name = field.name();
        let envelope = match Envelope::parse(value) {
            Ok(envelope) => envelope,
            Err(ParseError::NotAnEnvelope) if field.plaintext_rule() == PlaintextRows::Read => {
                return Ok(PlaintextBytes::copy(value));
            }
            Err(ParseError::NotAnEnvelope) => return Err(OpenError::NotAnEnvelope { field: name }),
            Err(ParseError::Malformed(reason)) => return Err(OpenError::Malformed { field: name, reason }),
        };
        // FORMAT.md#rules-for-readers, rule 3: no downgrade to the other mode.
        let (found, declared) = (envelope.suite.mode(), field.mode());
        if found != declared {
            return Err(OpenError::WrongMode { field: name, found, declared });
        }
        let id = envelope.key;
        let of_key = |source| OpenError::Key { field: name, key: id, source };
        self.with_keys(Need::Read, |keys| {
            let Some(key) = keys.find(id) else {
                return Err(OpenError::UnknownKey {
                    field: name,
                    key: id,
                    tenant: self.tenant_name().clone(),
                });
            };
            if !key.state().can_open() {
                return Err(OpenError::KeyRetired { field: name, key: id, state: key.state() });
            }
            key.with_column(envelope.suite, field.context(), |column| column.open(Row::Unbound, &envelope))
                .map_err(of_key)?
                .map_err(|NotAuthentic| OpenError::NotAuthentic { field: name, key: id })
        })
        .map_err(of_key)?
    }
}

fn seal_with(
    field: &Field,
    key: Result<&LoadedKey, crate::error::KeyError>,
    value: &(impl ToPlaintext + ?Sized),
) -> Result<Vec<u8>, SealError> {
    let name = field.name();
    let suite = Suite::of(field.mode());
    let of_key = |source| SealError::Key { field: name, source };
    key.map_err(of_key)?
        .with_column(suite, field.context(), |column| column.seal(Row::Unbound, Fresh, value))
        .map_err(of_key)?
        .map_err(|failure| match failure {
            SealFailure::TooLong(length) => SealError::TooLong { field: name, length },
            SealFailure::Random(source) => SealError::Random { field: name, source },
        })
}

const fn purpose(mode: Mode) -> Purpose {
    match mode {
        Mode::Randomized => Purpose::Encrypt,
        Mode::Deterministic => Purpose::Search,
    }
}
