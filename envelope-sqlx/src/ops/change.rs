//! What becomes of one value.

use envelope_core::{Encoding, Field, Import, Keyring, OpenError, Place, PlaintextKind, Tenant, ValueHeader};
use zeroize::Zeroizing;

use super::{
    batch::Row,
    cell::Cell,
    convert::{self, Encoded, Plain},
    dialect::Dialect,
    error::OpsError,
    keys::Keys,
    same::is_same,
    target::{Target, Verb},
};

/// How the rest of the run wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) dialect: Dialect,
    /// Try everything but the sealing, which may need a key that does not exist yet.
    pub(crate) is_dry: bool,
}

/// What is written.
#[derive(Clone, Debug)]
pub(crate) enum New {
    /// Into the target's sink.
    Cell(Cell),
    /// Into a table of terms, in the place of those that are there.
    Terms(Vec<Cell>),
}

/// The value's cause of failure, for people. Names no value.
pub(crate) type Cause = String;

impl Target {
    /// What a row gets in the place of this target, of that number; `None` if it stays as it is.
    pub(crate) fn outcome(
        &self,
        keys: &Keys,
        manner: Manner,
        tenant: &Tenant,
        place: &Place,
        (index, row): (usize, &Row),
    ) -> Result<Option<New>, Cause> {
        if self.verb == Verb::Index {
            return self.index(keys, manner, tenant, place, (index, row));
        }
        let Some((source, sink)) = row.values.get(index) else { return Ok(None) };
        Ok(self.change(keys, manner, tenant, place, source, sink)?.map(New::Cell))
    }

    /// The new value; `None` if the old one stays.
    fn change(
        &self,
        keys: &Keys,
        manner: Manner,
        tenant: &Tenant,
        place: &Place,
        source: &Cell,
        sink: &Cell,
    ) -> Result<Option<Cell>, Cause> {
        if self.verb == Verb::Decrypt && source.is_null() && !sink.is_null() && !self.is_in_place() {
            return Err(
                "the encrypted column is NULL and the plaintext column is not: one of them is stale; \
                        set the wrong one"
                    .into(),
            );
        }
        if source.is_null() || (self.verb != Verb::Decrypt && !self.is_in_place() && !sink.is_null()) {
            return Ok(None);
        }
        match self.verb {
            Verb::Encrypt => self.encrypt(keys, manner, place, source),
            Verb::Reencrypt => self.reencrypt(keys, manner, tenant, place, source),
            Verb::Decrypt => self.decrypt(keys, manner, place, source, sink),
            Verb::Index => Ok(None),
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
                Some(importer) => self.imported(&**importer, source)?,
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
            return self.seal(keys.keyring(), manner, place, &self.imported(&**importer, source)?);
        }
        if is_begun(stored) {
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
                Some(importer) => {
                    self.seal(keys.keyring(), manner, place, &self.imported(&**importer, source)?)
                }
                None if ValueHeader::is_begun_by(stored, self.field.stored_as()) => {
                    Err("begins as encrypted values do and is none".into())
                }
                // Plaintext is for `encrypt-table`.
                None => Ok(None),
            };
        };
        let is_declared = header.mode() == self.field.mode() && header.encoding() == self.field.stored_as();
        let is_current = header.is_of(&self.field) && keys.wanted(tenant, &self.field) == Some(header.key());
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
        let sealed =
            keys.keyring().seal_at(&self.field, place, &opened).map_err(|error| error.to_string())?;
        Ok(Some(self.sealed(sealed)?))
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
        sink: &Cell,
    ) -> Result<Option<Cell>, Cause> {
        let stored = source.bytes().ok_or("neither text nor bytes")?;
        let plain = match (self.header(keys, stored), &self.importer) {
            (Some(header), _) => {
                let as_found = |field: &Field| field.as_found(header.mode(), header.encoding());
                let opened = match (open(keys.keyring(), &as_found(&self.field), place, stored), &self.former)
                {
                    (Err(OpenError::NotAuthentic { .. }), Some(former)) => {
                        open(keys.keyring(), &as_found(former), place, stored)
                    }
                    (opened, _) => opened,
                };
                let opened = opened.map_err(|error| error.to_string())?;
                convert::decode(self.kind, opened.0).map_err(|error| error.to_string())?
            }
            (None, Some(importer)) => self.imported(&**importer, source)?,
            (None, None) if is_begun(stored) => {
                return Err("begins as encrypted values do and is none".into());
            }
            (None, None) if self.is_in_place() => return Ok(None),
            (None, None) => {
                let opened =
                    open(keys.keyring(), &self.field, place, stored).map_err(|error| error.to_string())?;
                convert::decode(self.kind, opened.0).map_err(|error| error.to_string())?
            }
        };
        if let Plain::Bytes(bytes) = &plain
            && self.is_in_place()
            && (is_begun(bytes) || str::from_utf8(bytes).is_err())
        {
            return Err(
                "the plaintext could not be told from an encrypted value; decrypt it into another column"
                    .into(),
            );
        }
        if !self.is_in_place() && !sink.is_null() {
            if is_same(self.kind, &plain, sink) {
                return Ok(None);
            }
            return Err(
                "the plaintext column holds another value than the encrypted one, and one of them is stale; \
                        set the plaintext to NULL to have it written anew"
                    .into(),
            );
        }
        let new = convert::write(&plain, self.sink.class, manner.dialect)?;
        // An offset of seconds, for one, has no text.
        if !is_same(self.kind, &plain, &new) {
            return Err("a column of this type cannot hold the value; decrypt it into one of text".into());
        }
        Ok(Some(new))
    }

    /// Whether the sink, as it was read after it was written, holds what was written.
    pub(crate) fn is_kept(&self, written: &Cell, found: &Cell) -> bool {
        let plain = match (self.kind, written.bytes()) {
            (PlaintextKind::JsonText, _) | (_, None) => convert::read(self.kind, written),
            (
                PlaintextKind::Text | PlaintextKind::Bytes | PlaintextKind::Custom | PlaintextKind::List,
                Some(bytes),
            ) => Ok(Plain::Bytes(bytes.to_vec().into())),
            (_, Some(_)) => convert::read(self.kind, written),
        };
        plain.is_ok_and(|plain| is_same(self.kind, &plain, found))
    }

    /// Refuses a sink that makes something else of what it is given.
    pub(crate) fn check_sink(&self, dialect: Dialect, table: &str) -> Result<(), OpsError> {
        let refuse = |reason: &str| {
            Err(OpsError::Plan {
                table: table.into(),
                column: self.field.name().column().into(),
                reason: reason.into(),
            })
        };
        if self.verb == Verb::Decrypt && self.is_in_place() && self.importer.is_some() {
            return refuse(
                "a value that something else encrypted cannot be told from one that is decrypted already; `reencrypt` it and remove \
                 `import`, or name a second column",
            );
        }
        let is_text = matches!(
            self.kind,
            PlaintextKind::Text | PlaintextKind::DecimalNumber | PlaintextKind::Custom | PlaintextKind::Bytes
        );
        if self.verb != Verb::Decrypt || dialect != Dialect::Sqlite || !is_text || !is_numeric(&self.sink.ty)
        {
            return Ok(());
        }
        Err(OpsError::ColumnType {
            table: table.into(),
            column: self.sink.name.clone(),
            found: self.sink.ty.clone(),
            expected: "a column of text or bytes",
            advice: "SQLite makes numbers of text there, and 00123 becomes 123; name a second column, of type TEXT".into(),
        })
    }

    /// What an importer opens has to be an encoding of the column's type, since that is what the application reads it as.
    fn imported(&self, importer: &dyn Import, source: &Cell) -> Result<Plain, Cause> {
        const TEXT: &str = "what the importer opened is the text of a value, and has to be the encoding of the column's type";
        let stored = source.bytes().ok_or("neither text nor bytes")?;
        let opened = importer.open(stored).map_err(|error| error.to_string())?;
        let bytes = Zeroizing::new(opened.into_vec());
        match self.kind {
            PlaintextKind::Text | PlaintextKind::Bytes | PlaintextKind::Custom | PlaintextKind::List => {}
            PlaintextKind::JsonText => {
                return convert::read(self.kind, &Cell::Bytes(bytes.to_vec()))
                    .map_err(|not| format!("what the importer opened is {not}"));
            }
            _ => {
                // Of some values both are possible: `42` is the text of 42, and the encoding of 13362.
                let text = String::from_utf8(bytes.to_vec()).ok().map(Cell::Text);
                if text.is_some_and(|text| convert::read(self.kind, &text).is_ok()) {
                    return Err(TEXT.into());
                }
            }
        }
        convert::decode(self.kind, bytes.to_vec().into())
            .map_err(|error| format!("what the importer opened is not of the column's type: {error}"))?;
        Ok(Plain::Bytes(bytes))
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
        let sealed = keyring.seal_at(&self.field, place, plain).map_err(|error| error.to_string())?;
        Ok(Some(self.sealed(sealed)?))
    }

    pub(super) fn sealed(&self, value: Vec<u8>) -> Result<Cell, Cause> {
        Ok(match self.field.stored_as() {
            Encoding::Bytes => Cell::Bytes(value),
            Encoding::Text => Cell::Text(String::from_utf8(value).map_err(|_| "text that is none")?),
        })
    }
}

fn open(keyring: &Keyring, field: &Field, place: &Place, stored: &[u8]) -> Result<Encoded, OpenError> {
    keyring.open_at(field, place, stored)
}

pub(super) fn is_begun(stored: &[u8]) -> bool {
    [Encoding::Bytes, Encoding::Text].iter().any(|form| ValueHeader::is_begun_by(stored, *form))
}

/// By the rules of SQLite: such a column makes a number of text that looks like one.
fn is_numeric(declared: &str) -> bool {
    let declared = declared.to_ascii_lowercase();
    let is = |name: &str| declared.contains(name);
    let keeps = is("char") || is("clob") || is("text") || is("blob") || declared.trim().is_empty();
    is("int") || !keeps
}
