//! A key file on the local disk: for development, embedded databases and single machines (FORMAT.md#local-key-file).

use core::fmt;
use std::{
    fs::{File, OpenOptions},
    future::ready,
    io::{self, Read, Write},
    path::Path,
};

use aes_gcm::{AeadInOut, Aes256Gcm, KeyInit, Nonce, Tag};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{BoxFuture, GeneratedKey, KeyProvider};
use crate::{
    error::ProviderError,
    key::{DataKey, EncryptionContext, WrappedKey, length, push},
    random,
};

const FILE_LABEL: &str = "envelope-local-key-1";
const DAMAGE_LABEL: &[u8] = b"envelope/v1/local-key";
const NAME_LABEL: &[u8] = b"envelope/v1/local-key-name";
const WRAP_LABEL: &[u8] = b"envelope/v1/local-wrap";

const WRAP_VERSION: u8 = 1;
const NONCE_LEN: usize = 12;

/// A key-encryption key in a file that only its owner can read.
///
/// # Security
///
/// Who reads the file and the key store can read all data. The file belongs in a backup of its own: without it nothing
/// opens. Use a key service where one is to be had.
///
/// # Example
///
/// ```
/// use envelope_core::LocalKey;
///
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("app.key");
/// let key = LocalKey::open_or_create(&path)?;
/// assert_eq!(key.name(), LocalKey::open(&path)?.name());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LocalKey {
    name: String,
    wrap_key: DataKey,
}

impl LocalKey {
    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// [`ProviderError::KeyFileMissing`], [`KeyFileExposed`](ProviderError::KeyFileExposed) when group or others have any
    /// permission on it, [`KeyFileDamaged`](ProviderError::KeyFileDamaged), or an error of the file system.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ProviderError> {
        let path = path.as_ref();
        let file = open_secret_file(path)?;
        let io = |source| ProviderError::KeyFileIo { path: path.into(), source };
        let mut text = Zeroizing::new(String::with_capacity(256));
        // A key file has 95 bytes; whatever else the path may name is not read to its end.
        file.take(256).read_to_string(&mut text).map_err(|source| match source.kind() {
            io::ErrorKind::InvalidData => ProviderError::KeyFileDamaged(path.into()),
            _ => io(source),
        })?;
        let key = parse(&text).ok_or_else(|| ProviderError::KeyFileDamaged(path.into()))?;
        Ok(Self::from_key(&key))
    }

    /// Makes a new key and writes it to a new file with mode 0600, on disk before this returns.
    ///
    /// # Errors
    ///
    /// [`ProviderError::KeyFileExists`] when there is a file already: a new key would make all that the old one
    /// wrapped unreadable. Otherwise an error of the file system.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, ProviderError> {
        let path = path.as_ref();
        let io = |source: io::Error| ProviderError::KeyFileIo { path: path.into(), source };
        let key = DataKey::random()?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Written under another name and linked into place, so that no half-written key file can ever be opened, and
        // an existing one is never replaced. The temporary file is created with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(io)?;
        file.write_all(render(&key).as_bytes()).map_err(io)?;
        file.as_file().sync_all().map_err(io)?;
        file.persist_noclobber(path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => ProviderError::KeyFileExists(path.into()),
            _ => io(error.error),
        })?;
        sync_directory(directory).map_err(io)?;
        Ok(Self::from_key(&key))
    }

    /// Reads the key file, or makes it when there is none.
    ///
    /// For development. A production system that starts with a wrong path should fail rather than make a new key.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open) and [`create`](Self::create).
    pub fn open_or_create(path: impl AsRef<Path>) -> Result<Self, ProviderError> {
        match Self::open(&path) {
            Err(ProviderError::KeyFileMissing(_)) => match Self::create(&path) {
                // Another process was faster.
                Err(ProviderError::KeyFileExists(_)) => Self::open(&path),
                other => other,
            },
            other => other,
        }
    }

    /// A key that exists only in this process: what it wraps is lost with it.
    ///
    /// # Errors
    ///
    /// When the operating system gives no random bytes.
    pub fn ephemeral() -> Result<Self, ProviderError> {
        Ok(Self::from_key(&DataKey::random()?))
    }

    /// The key's name, which key records carry: `local:` and 16 hexadecimal digits that reveal nothing of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn from_key(key: &DataKey) -> Self {
        let name = key.derive::<8>(&[&length(NAME_LABEL), NAME_LABEL]);
        let wrap_key = key.derive::<32>(&[&length(WRAP_LABEL), WRAP_LABEL]);
        Self {
            name: format!("local:{:016x}", u64::from_be_bytes(**name)),
            wrap_key: DataKey::from_bytes(&wrap_key),
        }
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(self.wrap_key.expose_secret().into())
    }

    fn wrap(&self, key: &DataKey, context: &EncryptionContext) -> Result<WrappedKey, ProviderError> {
        let mut nonce = [0; NONCE_LEN];
        random::fill(&mut nonce)?;
        let mut body = Zeroizing::new(*key.expose_secret());
        let tag = self
            .cipher()
            .encrypt_inout_detached(
                <&Nonce<_>>::from(&nonce),
                &associated_data(context),
                body.as_mut_slice().into(),
            )
            .map_err(|_| ProviderError::NotAuthentic)?;
        let bytes = [&[WRAP_VERSION], &nonce[..], &*body, &tag].concat();
        Ok(WrappedKey::new(self.name.clone(), bytes))
    }

    fn unwrap(&self, wrapped: &WrappedKey, context: &EncryptionContext) -> Result<DataKey, ProviderError> {
        if wrapped.provider_key() != self.name {
            let found = wrapped.provider_key().to_owned();
            return Err(ProviderError::WrongKey { found, expected: self.name.clone() });
        }
        let rest = match wrapped.bytes() {
            [WRAP_VERSION, rest @ ..] => rest,
            _ => return Err(ProviderError::NotAuthentic),
        };
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(ProviderError::NotAuthentic)?;
        let (body, tag) = rest.split_last_chunk().ok_or(ProviderError::NotAuthentic)?;
        let mut body =
            Zeroizing::new(<[u8; DataKey::LEN]>::try_from(body).map_err(|_| ProviderError::NotAuthentic)?);
        self.cipher()
            .decrypt_inout_detached(
                <&Nonce<_>>::from(nonce),
                &associated_data(context),
                body.as_mut_slice().into(),
                <&Tag>::from(tag),
            )
            .map_err(|_| ProviderError::NotAuthentic)?;
        Ok(DataKey::from_bytes(&body))
    }
}

impl KeyProvider for LocalKey {
    fn generate_key<'a>(
        &'a self,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<GeneratedKey, ProviderError>> {
        let generated = DataKey::random().map_err(ProviderError::from).and_then(|key| {
            let wrapped = self.wrap(&key, context)?;
            Ok(GeneratedKey { key, wrapped })
        });
        Box::pin(ready(generated))
    }

    fn unwrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<DataKey, ProviderError>> {
        Box::pin(ready(self.unwrap(wrapped, context)))
    }

    fn wrap_key<'a>(
        &'a self,
        key: &'a DataKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(ready(self.wrap(key, context)))
    }

    fn rewrap_key<'a>(
        &'a self,
        wrapped: &'a WrappedKey,
        context: &'a EncryptionContext,
    ) -> BoxFuture<'a, Result<WrappedKey, ProviderError>> {
        Box::pin(ready(self.unwrap(wrapped, context).and_then(|key| self.wrap(&key, context))))
    }

    /// Any local key: that it is another than this one is told by [`ProviderError::WrongKey`].
    fn knows(&self, provider_key: &str) -> bool {
        provider_key.starts_with("local:")
    }

    fn current_key(&self) -> Option<&str> {
        Some(&self.name)
    }
}

impl fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalKey({})", self.name)
    }
}

fn associated_data(context: &EncryptionContext) -> Vec<u8> {
    let mut ad = Vec::new();
    push(&mut ad, WRAP_LABEL);
    ad.extend_from_slice(&context.to_bytes());
    ad
}

fn damage_check(key: &DataKey) -> [u8; 4] {
    let digest: [u8; 32] =
        Sha256::new().chain_update(DAMAGE_LABEL).chain_update(key.expose_secret()).finalize().into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

fn render(key: &DataKey) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(256));
    text.push_str(FILE_LABEL);
    text.push(' ');
    push_hex(&mut text, key.expose_secret());
    text.push(' ');
    push_hex(&mut text, &damage_check(key));
    text.push('\n');
    text
}

/// `None` for anything but what [`render`] writes; a missing line feed is forgiven.
fn parse(text: &str) -> Option<DataKey> {
    let mut parts = text.strip_suffix('\n').unwrap_or(text).split(' ');
    let (label, key, check) = (parts.next()?, parts.next()?, parts.next()?);
    if label != FILE_LABEL || parts.next().is_some() {
        return None;
    }
    let mut bytes = Zeroizing::new([0; DataKey::LEN]);
    read_hex(key, &mut *bytes)?;
    let mut stored_check = [0; 4];
    read_hex(check, &mut stored_check)?;
    let key = DataKey::from_bytes(&bytes);
    bool::from(damage_check(&key).ct_eq(&stored_check)).then_some(key)
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).expect("four bits are a hexadecimal digit"));
        }
    }
}

fn read_hex(text: &str, out: &mut [u8]) -> Option<()> {
    if text.len() != out.len().checked_mul(2)? {
        return None;
    }
    for (pair, byte) in text.as_bytes().chunks_exact(2).zip(out) {
        let mut value = 0;
        for digit in pair {
            // Only what `push_hex` writes: a changed digit is damage, also where it would mean the same.
            let is_written = matches!(digit, b'0'..=b'9' | b'a'..=b'f');
            let digit = char::from(*digit).to_digit(16).filter(|_| is_written)?;
            value = value << 4 | u8::try_from(digit).ok()?;
        }
        *byte = value;
    }
    Some(())
}

/// A file that only its owner can use.
fn open_secret_file(path: &Path) -> Result<File, ProviderError> {
    let io_or_missing = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ProviderError::KeyFileMissing(path.into()),
        _ => ProviderError::KeyFileIo { path: path.into(), source },
    };
    // To open a pipe is to wait for its writer.
    if !path.metadata().map_err(io_or_missing)?.is_file() {
        return Err(ProviderError::KeyFileDamaged(path.into()));
    }
    let file = File::open(path).map_err(io_or_missing)?;
    refuse_exposed(&file, path)?;
    Ok(file)
}

/// Whether a file that holds a secret is there, and for its owner only.
#[cfg(feature = "age")]
pub(super) fn check_secret_file(path: &Path) -> Result<(), ProviderError> {
    open_secret_file(path).map(drop)
}

#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), ProviderError> {
    use std::os::unix::fs::PermissionsExt;

    let metadata =
        file.metadata().map_err(|source| ProviderError::KeyFileIo { path: path.into(), source })?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(ProviderError::KeyFileExposed { path: path.into(), mode }) }
}

/// Elsewhere a file's access list is its owner's affair.
#[cfg(not(unix))]
fn refuse_exposed(_: &File, _: &Path) -> Result<(), ProviderError> {
    Ok(())
}

/// Makes a new directory entry survive a power failure.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { OpenOptions::new().read(true).open(directory)?.sync_all() } else { Ok(()) }
}
