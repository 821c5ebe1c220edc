//! After a fork, parent and child use nonces of their own: in one process of the operating system that becomes two.

use std::{
    collections::BTreeSet,
    env,
    io::{Read, Write, pipe},
    process::{Command, exit},
};

use envelope_core::{Keyring, LocalKey, MemoryStore};

use crate::support::Note;

const CHILD: &str = "ENVELOPE_TEST_FORK_CHILD";

/// More than a generator makes from one seed, twice over.
const VALUES: usize = 700;

/// Key and nonce of so many new values.
fn nonces(keyring: &Keyring) -> Vec<u8> {
    (0..VALUES).flat_map(|_| keyring.seal(Note, "x").unwrap()[2..18].to_vec()).collect()
}

/// The process that is forked: alone, with one thread that seals.
#[test]
#[cfg(unix)]
fn child() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    let keyring =
        Keyring::builder(LocalKey::ephemeral().unwrap(), MemoryStore::new()).open_blocking().unwrap();
    let mut all = nonces(&keyring);
    let (mut from_child, mut to_parent) = pipe().unwrap();
    #[expect(unsafe_code, reason = "there is no other way to fork")]
    // SAFETY: the new process uses nothing that another thread of the old one may have been changing: its keys are in memory, and it
    // ends without running anything of the test's.
    match unsafe { libc::fork() } {
        -1 => panic!("no fork"),
        0 => {
            let written = to_parent.write_all(&nonces(&keyring));
            exit(i32::from(written.is_err()));
        }
        _ => {
            drop(to_parent);
            all.extend(nonces(&keyring));
            from_child.read_to_end(&mut all).unwrap();
        }
    }
    let count = all.len() / 16;
    let different: BTreeSet<_> = all.chunks_exact(16).collect();
    let keys: BTreeSet<_> = all.chunks_exact(16).map(|one| &one[..4]).collect();
    println!("\n{count} values, {} different nonces, {} keys", different.len(), keys.len());
}

#[test]
#[cfg(unix)]
fn no_nonce_is_used_by_parent_and_child() {
    let output = Command::new(env::current_exe().unwrap())
        .args(["fork::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let expected = format!("{0} values, {0} different nonces, 1 keys", 3 * VALUES);
    assert!(text.contains(&expected), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
