//! Key files, of the store and of a local key: an error or records, and the file stays as it is.
#![no_main]

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::PathBuf,
    sync::LazyLock,
};

use envelope_core::{FileStore, KeyStore as _, LocalKey, Tenant};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    // In memory, where there is such a place.
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    folder.expect("a temporary folder")
});

fuzz_target!(|contents: &[u8]| {
    let path = FOLDER.path().join("keys.json");
    fs::write(&path, contents).expect("the folder is there");
    let store = FileStore::new(&path);
    match pollster::block_on(store.tenants()) {
        Ok(tenants) => {
            for tenant in tenants {
                let records = pollster::block_on(store.load(&tenant)).expect("it was read a moment ago");
                assert!(records.iter().all(|record| record.tenant == tenant));
                let _ = format!("{records:?}");
            }
        }
        Err(error) => {
            let _ = (error.to_string(), format!("{error:?}"));
            pollster::block_on(store.load(&Tenant::default())).expect_err("it does not become better");
        }
    }
    assert_eq!(fs::read(&path).expect("it is there"), contents);

    let path = FOLDER.path().join("local.key");
    fs::write(&path, contents).expect("the folder is there");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("it is ours");
    let key = LocalKey::open(&path);
    let _ = format!("{key:?}");
});
