//! How values were encrypted before, in `envelope.toml`. Keys stand in files of their own.

use std::{fs, io, path::PathBuf};

use envelope_core::{FernetImport, ImportError, KeyringBuilder, RailsImport, RawImport};
use serde::Deserialize;
use thiserror::Error;
use zeroize::Zeroizing;

/// `import = { format = "…", … }`.
#[derive(Debug, Deserialize)]
#[serde(tag = "format", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum ImportConfig {
    /// The file holds 64 hexadecimal digits.
    #[serde(rename = "aes-256-gcm")]
    Gcm(Raw),
    #[serde(rename = "chacha20-poly1305")]
    ChaCha(Raw),
    /// The file holds a key a line, as `Fernet.generate_key()` makes it.
    Fernet { key_file: PathBuf },
    /// The files hold the texts of the application's credentials.
    Rails {
        key_file: PathBuf,
        salt_file: PathBuf,
        #[serde(default)]
        sha1: bool,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    key_file: PathBuf,
    #[serde(default)]
    base64: bool,
    associated_data: Option<String>,
}

/// Why nothing is imported.
#[derive(Debug, Error)]
pub(super) enum ImportFailed {
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Import(#[from] ImportError),
}

impl ImportConfig {
    pub(super) fn add(
        &self,
        builder: KeyringBuilder,
        context: String,
    ) -> Result<KeyringBuilder, ImportFailed> {
        Ok(match self {
            Self::Gcm(raw) => builder.import(context, raw.finish(RawImport::aes_256_gcm(&raw.key()?)?)),
            Self::ChaCha(raw) => {
                builder.import(context, raw.finish(RawImport::chacha20_poly1305(&raw.key()?)?))
            }
            Self::Fernet { key_file } => {
                builder.import(context, FernetImport::new(read(key_file)?.split_whitespace())?)
            }
            Self::Rails { key_file, salt_file, sha1 } => {
                let (key, salt) = (read(key_file)?, read(salt_file)?);
                let make = if *sha1 { RailsImport::with_sha1 } else { RailsImport::new };
                builder.import(context, make(key.trim(), salt.trim())?)
            }
        })
    }
}

impl Raw {
    fn key(&self) -> Result<Zeroizing<Vec<u8>>, ImportFailed> {
        let text = read(&self.key_file)?;
        let digits = text.trim().as_bytes();
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        let key: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
        Ok(Zeroizing::new(key.ok_or(ImportError::Key)?))
    }

    fn finish(&self, import: RawImport) -> RawImport {
        let import = if self.base64 { import.base64() } else { import };
        match &self.associated_data {
            Some(text) => import.associated_data(text.as_bytes()),
            None => import,
        }
    }
}

fn read(path: &PathBuf) -> Result<Zeroizing<String>, ImportFailed> {
    let text = fs::read_to_string(path);
    text.map(Zeroizing::new).map_err(|source| ImportFailed::Read { path: path.clone(), source })
}
