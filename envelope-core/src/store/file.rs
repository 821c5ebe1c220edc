//! Records in one JSON file (FORMAT.md#key-file).

use std::{
    fs::{self, File, OpenOptions},
    future::ready,
    io::{self, Write},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use super::{BoxFuture, Commit, KeyChange, KeyStore, apply, tenants_of};
use crate::{
    error::StoreError,
    key::{KeyRecord, KeyState, Purpose, Tenant, WrappedKey},
};

const FORMAT: &str = "envelope-keys-1";

/// Keeps records in a file, for embedded databases and single machines.
///
/// Every change replaces the file by an atomic rename, under a lock on a second file (`NAME.lock`) that other processes take
/// too; a crash leaves the old file or the new one. The file belongs in the backup, with the data.
///
/// File systems whose locks do not hold between machines are not supported.
#[derive(Debug)]
pub struct FileStore {
    path: PathBuf,
}

impl FileStore {
    /// A store in the file `path`, which the first key creates.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    fn read(&self) -> Result<Vec<KeyRecord>, StoreError> {
        match fs::read(&self.path) {
            Ok(bytes) => parse(&bytes).map_err(|reason| self.damaged(reason)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(self.io(error)),
        }
    }

    fn change(&self, changes: &[KeyChange]) -> Result<Commit, StoreError> {
        let _lock = self.lock().map_err(|error| self.io(error))?;
        let mut records = self.read()?;
        let commit = apply(&mut records, changes);
        if commit == Commit::Done {
            self.replace(&records).map_err(|error| self.io(error))?;
        }
        Ok(commit)
    }

    /// Held until the file is dropped. Its own file: the data file is replaced, and a lock with it.
    fn lock(&self) -> io::Result<File> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".lock");
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(name)?;
        lock.lock()?;
        Ok(lock)
    }

    fn replace(&self, records: &[KeyRecord]) -> io::Result<()> {
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        serde_json::to_writer_pretty(&mut file, &FileForm::from(records))?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        // The rename itself is on disk only once the directory is.
        if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
    }

    fn io(&self, source: io::Error) -> StoreError {
        StoreError::Io { path: self.path.clone(), source }
    }

    fn damaged(&self, reason: String) -> StoreError {
        StoreError::Damaged { place: self.path.display().to_string(), reason }
    }
}

impl KeyStore for FileStore {
    fn load<'a>(&'a self, tenant: &'a Tenant) -> BoxFuture<'a, Result<Vec<KeyRecord>, StoreError>> {
        let records = self.read().map(|mut records| {
            records.retain(|record| record.tenant == *tenant);
            records
        });
        Box::pin(ready(records))
    }

    fn tenants(&self) -> BoxFuture<'_, Result<Vec<Tenant>, StoreError>> {
        Box::pin(ready(self.read().map(|records| tenants_of(&records))))
    }

    fn commit<'a>(&'a self, changes: &'a [KeyChange]) -> BoxFuture<'a, Result<Commit, StoreError>> {
        Box::pin(ready(self.change(changes)))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileForm {
    format: String,
    keys: Vec<RecordForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordForm {
    id: String,
    application: String,
    tenant: String,
    purpose: String,
    state: String,
    revision: u64,
    created_at: u64,
    changed_at: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    provider_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    wrapped: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    further_wraps: Vec<WrapForm>,
    #[serde(skip_serializing_if = "String::is_empty", default)]
    check: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrapForm {
    provider_key: String,
    wrapped: String,
}

impl From<&[KeyRecord]> for FileForm {
    fn from(records: &[KeyRecord]) -> Self {
        Self { format: FORMAT.into(), keys: records.iter().map(RecordForm::from).collect() }
    }
}

impl From<&KeyRecord> for RecordForm {
    fn from(record: &KeyRecord) -> Self {
        Self {
            id: record.id.to_string(),
            application: record.application.clone(),
            tenant: record.tenant.as_str().into(),
            purpose: record.purpose.as_str().into(),
            state: record.state.as_str().into(),
            revision: record.revision,
            created_at: record.created_at,
            changed_at: record.changed_at,
            provider_key: record.wrapped.as_ref().map(|wrapped| wrapped.provider_key().into()),
            wrapped: record.wrapped.as_ref().map(|wrapped| BASE64_STANDARD.encode(wrapped.bytes())),
            further_wraps: record.further_wraps.iter().map(WrapForm::from).collect(),
            check: BASE64_STANDARD.encode(&record.check),
        }
    }
}

impl From<&WrappedKey> for WrapForm {
    fn from(wrap: &WrappedKey) -> Self {
        Self { provider_key: wrap.provider_key().into(), wrapped: BASE64_STANDARD.encode(wrap.bytes()) }
    }
}

fn parse(bytes: &[u8]) -> Result<Vec<KeyRecord>, String> {
    let form: FileForm = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if form.format != FORMAT {
        return Err(format!("format is {:?}; this version reads {FORMAT:?}", form.format));
    }
    form.keys.into_iter().enumerate().map(|(index, record)| record.parse(index)).collect()
}

impl RecordForm {
    fn parse(self, index: usize) -> Result<KeyRecord, String> {
        let bad = |field: &str| format!("keys[{index}] (id {:?}): `{field}` is not valid", self.id);
        let wrapped = match (&self.provider_key, &self.wrapped) {
            (Some(name), Some(text)) => {
                let bytes = BASE64_STANDARD.decode(text).map_err(|_| bad("wrapped"))?;
                Some(WrappedKey::new(name.clone(), bytes))
            }
            (None, None) => None,
            _ => return Err(bad("wrapped")),
        };
        let further_wraps = self.further_wraps.iter().map(|wrap| -> Result<_, String> {
            let bytes = BASE64_STANDARD.decode(&wrap.wrapped).map_err(|_| bad("further_wraps"))?;
            Ok(WrappedKey::new(wrap.provider_key.clone(), bytes))
        });
        Ok(KeyRecord {
            further_wraps: further_wraps.collect::<Result<_, _>>()?,
            id: self.id.parse().map_err(|_| bad("id"))?,
            tenant: Tenant::from_stored(&self.tenant).map_err(|_| bad("tenant"))?,
            purpose: Purpose::ALL
                .into_iter()
                .find(|p| p.as_str() == self.purpose)
                .ok_or_else(|| bad("purpose"))?,
            state: KeyState::ALL
                .into_iter()
                .find(|s| s.as_str() == self.state)
                .ok_or_else(|| bad("state"))?,
            check: BASE64_STANDARD.decode(&self.check).map_err(|_| bad("check"))?,
            application: self.application,
            revision: self.revision,
            created_at: self.created_at,
            changed_at: self.changed_at,
            wrapped,
        })
    }
}
