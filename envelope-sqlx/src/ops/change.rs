//! What becomes of one value.

use envelope_core::{Encoding, Field, Import, Keyring, OpenError, Place, PlaintextKind, Tenant, ValueHeader};
use zeroize::Zeroizing;

use super::{
    cell::Cell,
    convert::{self, Encoded, Plain},
    dialect::Dialect,
    keys::Keys,
    target::{Target, Verb},
};

/// How the rest of the run wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) dialect: Dialect,
    /// Try everything but the sealing, which may need a key that does not exist yet.
    pub(crate) is_dry: bool,
}

/// The value's cause of failure, for people. Names no value.
pub(crate) type Cause = String;

impl Target {
    /// The new value; `None` if the old one stays.
    pub(crate) fn change(
        &self,
        keys: &Keys,
        manner: Manner,
        tenant: &Tenant,
        place: &Place,
        source: &Cell,
        sink: &Cell,
    ) -> Result<Option<Cell>, Cause> {
        if source.is_null() || (!self.is_in_place() && !sink.is_null()) {
            return Ok(None);
        }
        match self.verb {
            Verb::Encrypt => self.encrypt(keys, manner, place, source),
            Verb::Reencrypt => self.reencrypt(keys, manner, tenant, place, source),
            Verb::Decrypt => self.decrypt(keys, manner, place, source),
        }
    }

    fn encrypt(
        &self,
        keys: &Keys,
        manner: Manner,
        place: &Place,
        source: &Cell,
    ) -> Result<Option<Cell>, Cause> {
        if !self.is_in_place() {
            let plain = match &self.importer {
                Some(importer) => imported(&**importer, source)?,
                None => convert::read(self.kind, source).map_err(|not| format!("the plaintext is {not}"))?,
            };
            return self.seal(keys.keyring(), manner, place, &plain);
        }
        let stored = source.bytes().ok_or("neither text nor bytes; encrypt it into another column")?;
        if let Some(header) = self.header(keys, stored) {
            if header.encoding() == self.field.stored_as() && header.mode() == self.field.mode() {
                return Ok(None);
            }
            return Err("encrypted in another way than the column is declared; `reencrypt` it".into());
        }
        if let Some(importer) = &self.importer {
            return self.seal(keys.keyring(), manner, place, &imported(&**importer, source)?);
        }
        if [Encoding::Bytes, Encoding::Text].iter().any(|form| ValueHeader::is_begun_by(stored, *form)) {
            return Err("begins as encrypted values do and is none".into());
        }
        // What a reader takes for the plaintext, in this state of the column, is what is sealed.
        if self.kind != PlaintextKind::Custom {
            convert::read(self.kind, source).map_err(|not| format!("the plaintext is {not}"))?;
        }
        let plain = Plain::Bytes(Zeroizing::new(stored.to_vec()));
        self.seal(keys.keyring(), manner, place, &plain)
    }

    fn reencrypt(
        &self,
        keys: &Keys,
        manner: Manner,
        tenant: &Tenant,
        place: &Place,
        source: &Cell,
    ) -> Result<Option<Cell>, Cause> {
        let stored = source.bytes().ok_or("neither text nor bytes")?;
        let Some(header) = self.header(keys, stored) else {
            return match &self.importer {
                Some(importer) => self.seal(keys.keyring(), manner, place, &imported(&**importer, source)?),
                None if ValueHeader::is_begun_by(stored, self.field.stored_as()) => {
                    Err("begins as encrypted values do and is none".into())
                }
                // Plaintext is for `encrypt-table`.
                None => Ok(None),
            };
        };
        let is_declared = header.mode() == self.field.mode() && header.encoding() == self.field.stored_as();
        let is_current = is_declared && keys.active(tenant, header.mode()) == Some(header.key());
        let opened = match &self.former {
            None if is_current => return Ok(None),
            None => {
                // Between encodings and modes the key and the context are the same, so the value opens as what it is.
                let as_found = self.field.as_found(header.mode(), header.encoding());
                open(keys.keyring(), &as_found, place, stored)
            }
            Some(former) => {
                let declared = is_declared.then(|| open(keys.keyring(), &self.field, place, stored));
                match declared {
                    Some(Ok(_)) if is_current => return Ok(None),
                    Some(Ok(opened)) => Ok(opened),
                    Some(Err(error)) if !matches!(error, OpenError::NotAuthentic { .. }) => Err(error),
                    _ => open(
                        keys.keyring(),
                        &former.as_found(header.mode(), header.encoding()),
                        place,
                        stored,
                    ),
                }
            }
        };
        let opened = opened.map_err(|error| error.to_string())?;
        if manner.is_dry {
            return Ok(Some(Cell::Null));
        }
        self.sealed(keys.keyring().seal_at(&self.field, place, &opened).map_err(|error| error.to_string())?)
    }

    /// The header of a value of ours. Foreign bytes may begin like one by chance, but hardly with the id of a key that there is.
    fn header(&self, keys: &Keys, stored: &[u8]) -> Option<ValueHeader> {
        let header = ValueHeader::of(stored)?;
        (self.importer.is_none() || keys.knows(header.key())).then_some(header)
    }

    fn decrypt(
        &self,
        keys: &Keys,
        manner: Manner,
        place: &Place,
        source: &Cell,
    ) -> Result<Option<Cell>, Cause> {
        let stored = source.bytes().ok_or("neither text nor bytes")?;
        let is_plaintext = !ValueHeader::is_begun_by(stored, self.field.stored_as());
        if is_plaintext && self.is_in_place() {
            return Ok(None);
        }
        let opened = open(keys.keyring(), &self.field, place, stored).map_err(|error| error.to_string())?;
        let plain = convert::decode(self.kind, opened.0).map_err(|error| error.to_string())?;
        if let Plain::Bytes(bytes) = &plain
            && self.is_in_place()
            && (ValueHeader::is_begun_by(bytes, self.field.stored_as()) || str::from_utf8(bytes).is_err())
        {
            return Err(
                "the plaintext could not be told from an encrypted value; decrypt it into another column"
                    .into(),
            );
        }
        Ok(Some(convert::write(&plain, self.sink.class, manner.dialect)?))
    }

    fn seal(
        &self,
        keyring: &Keyring,
        manner: Manner,
        place: &Place,
        plain: &Plain,
    ) -> Result<Option<Cell>, Cause> {
        if manner.is_dry {
            return Ok(Some(Cell::Null));
        }
        self.sealed(keyring.seal_at(&self.field, place, plain).map_err(|error| error.to_string())?)
    }

    fn sealed(&self, value: Vec<u8>) -> Result<Option<Cell>, Cause> {
        Ok(Some(match self.field.stored_as() {
            Encoding::Bytes => Cell::Bytes(value),
            Encoding::Text => Cell::Text(String::from_utf8(value).map_err(|_| "text that is none")?),
        }))
    }
}

fn open(keyring: &Keyring, field: &Field, place: &Place, stored: &[u8]) -> Result<Encoded, OpenError> {
    keyring.open_at(field, place, stored)
}

fn imported(importer: &dyn Import, source: &Cell) -> Result<Plain, Cause> {
    let stored = source.bytes().ok_or("neither text nor bytes")?;
    let opened = importer.open(stored).map_err(|error| error.to_string())?;
    Ok(Plain::Bytes(Zeroizing::new(opened.into_vec())))
}
