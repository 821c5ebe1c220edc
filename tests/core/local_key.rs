//! The local key file: who may read it, what may stand in it, and that it is never written over.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::{FileExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::Barrier,
    thread,
};

use envelope_core::{FileStore, KeyError, Keyring, LocalKey, ProviderError};
use tempfile::TempDir;

use super::columns::UserNote;

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.key");
    (directory, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Writes a file that only its owner can read.
fn write(path: &Path, contents: &[u8]) {
    fs::write(path, contents).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

fn is_damaged(path: &Path) -> bool {
    matches!(LocalKey::open(path), Err(ProviderError::KeyFileDamaged(named)) if named == path)
}

#[test]
fn a_new_file_is_for_its_owner_only() {
    let (directory, path) = directory();
    let key = LocalKey::create(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(LocalKey::open(&path).unwrap().name(), key.name());
    // Nothing else is left beside it, such as a copy under a temporary name.
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_that_others_can_use_is_refused() {
    let (_directory, path) = directory();
    LocalKey::create(&path).unwrap();
    for others in (0o001..=0o077).chain([0o044, 0o066]) {
        fs::set_permissions(&path, Permissions::from_mode(0o600 | others)).unwrap();
        let found = 0o600 | others;
        for result in [LocalKey::open(&path), LocalKey::open_or_create(&path)] {
            let error = result.unwrap_err();
            assert!(
                matches!(&error, ProviderError::KeyFileExposed { mode, .. } if *mode == found),
                "{error}"
            );
            let message = error.to_string();
            assert!(message.contains(&format!("{found:04o}")) && message.contains("chmod 600"), "{message}");
        }
    }
    for owner in [0o600, 0o400, 0o700] {
        fs::set_permissions(&path, Permissions::from_mode(owner)).unwrap();
        LocalKey::open(&path).unwrap();
    }
}

/// The file itself counts, not the name by which it is reached.
#[test]
fn a_link_to_an_exposed_file_is_refused() {
    let (directory, path) = directory();
    LocalKey::create(&path).unwrap();
    let link = directory.path().join("link");
    symlink(&path, &link).unwrap();
    LocalKey::open(&link).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(LocalKey::open(&link), Err(ProviderError::KeyFileExposed { .. })));
}

#[test]
fn a_missing_file_is_said_to_be_missing() {
    let (directory, path) = directory();
    let error = LocalKey::open(&path).unwrap_err();
    assert!(matches!(&error, ProviderError::KeyFileMissing(named) if *named == path), "{error}");
    assert!(
        error.to_string().contains("app.key") && error.to_string().contains("LocalKey::create"),
        "{error}"
    );
    assert!(!path.exists());
    // A directory that is missing is another matter, and no key is made elsewhere.
    let deep = directory.path().join("missing").join("app.key");
    assert!(matches!(LocalKey::create(&deep), Err(ProviderError::KeyFileIo { .. })));
    assert!(matches!(LocalKey::open(directory.path()), Err(ProviderError::KeyFileDamaged(_))));
}

#[test]
fn a_truncated_file_is_damaged() {
    let (_directory, path) = directory();
    LocalKey::create(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    // All but the line feed, which FORMAT.md#local-key-file lets readers do without.
    for length in 0..whole.len() - 1 {
        write(&path, &whole[..length]);
        assert!(is_damaged(&path), "{length} bytes");
    }
    write(&path, &whole[..whole.len() - 1]);
    LocalKey::open(&path).unwrap();
}

#[test]
fn a_file_with_a_changed_character_is_damaged() {
    let (_directory, path) = directory();
    LocalKey::create(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    // Changed in place: a file that is emptied and written again is forced to disk by some file systems.
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    for (at, own) in (0..).zip(whole) {
        for byte in (0..=u8::MAX).filter(|byte| *byte != own) {
            file.write_all_at(&[byte], at).unwrap();
            assert!(is_damaged(&path), "character {at} made {byte:02x}");
        }
        file.write_all_at(&[own], at).unwrap();
    }
    LocalKey::open(&path).unwrap();
}

#[test]
fn other_contents_are_damage() {
    let (_directory, path) = directory();
    LocalKey::create(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let contents: [&[u8]; 10] = [
        b"",
        b"\n",
        b"hello",
        &[0; 95],
        &[0xFF; 95],
        &[&whole[..], b"\n"].concat(),
        &[&whole[..], &whole[..]].concat(),
        &[b" ", &whole[..]].concat(),
        &whole[..whole.len() - 1].iter().copied().chain(*b"\r\n").collect::<Vec<_>>(),
        // A character that the end of what is read would cut in two.
        &[&[b'x'; 255][..], "é".as_bytes()].concat(),
    ];
    for contents in contents {
        write(&path, contents);
        assert!(is_damaged(&path), "{contents:02x?}");
    }
}

/// A path that names something else, a database say, is not read to its end.
#[test]
fn a_huge_file_is_damage() {
    let (_directory, path) = directory();
    write(&path, b"");
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    assert!(is_damaged(&path));
    let whole = {
        let (_directory, path) = directory();
        LocalKey::create(&path).unwrap();
        fs::read(&path).unwrap()
    };
    write(&path, &[&whole[..], &vec![b'\n'; 1 << 20]].concat());
    assert!(is_damaged(&path));
}

#[test]
fn create_never_overwrites() {
    let (directory, path) = directory();
    let key = LocalKey::create(&path).unwrap();
    let contents = fs::read(&path).unwrap();
    let error = LocalKey::create(&path).unwrap_err();
    assert!(matches!(&error, ProviderError::KeyFileExists(named) if *named == path), "{error}");
    assert_eq!(fs::read(&path).unwrap(), contents);
    assert_eq!(LocalKey::open_or_create(&path).unwrap().name(), key.name());
    // Nor a file that is damaged or empty: it may be all that is left.
    for other in [&contents[..40], b""] {
        write(&path, other);
        assert!(matches!(LocalKey::create(&path), Err(ProviderError::KeyFileExists(_))));
        assert!(matches!(LocalKey::open_or_create(&path), Err(ProviderError::KeyFileDamaged(_))));
        assert_eq!(fs::read(&path).unwrap(), other);
    }
    // Nor through a link that leads nowhere.
    let link = directory.path().join("link");
    symlink(directory.path().join("nowhere"), &link).unwrap();
    assert!(matches!(LocalKey::create(&link), Err(ProviderError::KeyFileExists(_))));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[test]
fn threads_that_start_at_once_agree_on_one_key() {
    for _ in 0..20 {
        let (directory, path) = directory();
        let start = Barrier::new(8);
        let names: BTreeSet<_> = thread::scope(|scope| {
            let open = || {
                start.wait();
                LocalKey::open_or_create(&path).unwrap().name().to_owned()
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(names.len(), 1);
        assert_eq!(LocalKey::open(&path).unwrap().name(), names.first().unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}

#[test]
fn keys_have_names_of_their_own() {
    let names: BTreeSet<_> = (0..100).map(|_| LocalKey::ephemeral().unwrap().name().to_owned()).collect();
    assert_eq!(names.len(), 100);
    for name in names {
        let digits = name.strip_prefix("local:").unwrap();
        assert!(
            digits.len() == 16 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
            "{name}"
        );
    }
}

/// The message tells a wrong key file from a damaged store: it names the key that is needed and the one that is there.
#[test]
fn a_wrong_local_key_is_named_and_so_is_the_right_one() {
    let (directory, path) = directory();
    let store = directory.path().join("keys.json");
    let right = LocalKey::create(&path).unwrap();
    let right_name = right.name().to_owned();
    let keyring = Keyring::builder(right, FileStore::new(&store)).open_blocking().unwrap();
    let value = keyring.seal(UserNote, "x").unwrap();
    let records = fs::read(&store).unwrap();

    let wrong = LocalKey::ephemeral().unwrap();
    let wrong_name = wrong.name().to_owned();
    let error = Keyring::builder(wrong, FileStore::new(&store)).open_blocking().unwrap_err();
    assert!(matches!(error, KeyError::NotUnwrapped { .. }), "{error}");
    assert!(!error.is_transient());
    let message = error.to_string();
    assert!(message.contains(&right_name) && message.contains(&wrong_name), "{message}");
    // The store was not written to, so the right key still opens everything.
    assert_eq!(fs::read(&store).unwrap(), records);
    let again =
        Keyring::builder(LocalKey::open(&path).unwrap(), FileStore::new(&store)).open_blocking().unwrap();
    assert_eq!(again.open(UserNote, &value).unwrap(), "x");
}
