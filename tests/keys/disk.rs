//! A disk that is full, and a process that is killed at any moment, while keys are written: to a file, and to a table by either ORM.
//!
//! The child is this test's own program. The operating system gives it files of a bounded size, so that it is the one who says no.

use std::{
    env, fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use envelope_core::{FileStore, KeyStore, Keyring, LocalKey, SealError};
use envelope_tests::database::Kind;
use pollster::block_on;
use tempfile::TempDir;

use crate::{
    support::{Email, Note},
    tables::{Orm, migration},
};

const CHILD: &str = "ENVELOPE_TEST_DISK_CHILD";

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    File,
    Table(Orm),
}

const PLACES: [Place; 3] = [Place::File, Place::Table(Orm::Diesel), Place::Table(Orm::Sqlx)];

impl Place {
    fn open(self, folder: &Path) -> Keyring {
        let store: Arc<dyn KeyStore> = match self {
            Self::File => Arc::new(FileStore::new(folder.join("keys.json"))),
            Self::Table(orm) => orm.store_in(&folder.join("app.sqlite")),
        };
        let key = LocalKey::open_or_create(folder.join("local.key")).unwrap();
        Keyring::builder(key, store).open_blocking().unwrap()
    }

    fn folder(self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        if let Self::Table(_) = self {
            let path = folder.path().join("app.sqlite");
            let mut database = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
            database.batch_execute(migration(Kind::Sqlite)).unwrap();
        }
        folder
    }

    fn child(self, folder: &Path, task: &str, first: usize, program: &mut Command) -> std::process::Child {
        let task = format!("{self:?}\n{}\n{task}\n{first}", folder.display());
        program.env(CHILD, task).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
    }
}

const ARGUMENTS: [&str; 4] = ["disk::child", "--exact", "--nocapture", "--test-threads=1"];

/// Makes keys for one tenant after the other, and says what it sealed.
#[test]
fn child() {
    let Ok(task) = env::var(CHILD) else { return };
    let [place, folder, task, first] = task.split('\n').collect::<Vec<_>>()[..] else { panic!("{task}") };
    let place = PLACES.into_iter().find(|other| format!("{other:?}") == place).unwrap();
    let keyring = place.open(Path::new(folder));
    println!();
    for n in first.parse::<usize>().unwrap()..20_000 {
        let tenant = keyring.tenant(&format!("tenant-{n}")).unwrap();
        for value in [tenant.seal(Note, "x"), tenant.seal(Email, "x")] {
            match value {
                Ok(value) => println!("sealed {n} {}", hex(&value)),
                Err(SealError::Key { source, .. }) if task == "full" => {
                    println!("refused {n} {source:?}");
                    // What is in memory goes on; the process is as good as before.
                    keyring.open(Note, &keyring.seal(Note, "y").unwrap()).unwrap();
                    return;
                }
                Err(error) => panic!("{n}: {error:?}"),
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The last tenant of whom something was sealed. All that was, opens.
fn check(keyring: &Keyring, lines: &[String], at: &str) -> usize {
    let mut last = 0;
    for line in lines.iter().filter_map(|line| line.strip_prefix("sealed ")) {
        let (n, value) = line.split_once(' ').unwrap();
        last = n.parse().unwrap();
        let tenant = keyring.tenant(&format!("tenant-{n}")).unwrap();
        let value = unhex(value);
        let opened = if value[1] == 0x01 { tenant.open(Note, &value) } else { tenant.open(Email, &value) };
        assert_eq!(opened.unwrap_or_else(|error| panic!("{at}: {error:?}")), "x");
    }
    last
}

#[test]
fn a_full_disk_loses_nothing() {
    for place in PLACES {
        let folder = place.folder();
        // The application starts while there is room.
        drop(place.open(folder.path()));
        let files = || {
            let mut names: Vec<_> =
                fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = files();
        let largest =
            fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len());
        // Blocks of 512 bytes. Whoever writes on gets `EFBIG`, which a full disk's `ENOSPC` is treated as; without the trap a signal
        // would end the process.
        let blocks = largest.max().unwrap() / 512 + 12;
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut program = Command::new("sh");
        program.args(["-c", &script]).arg(env::current_exe().unwrap()).args(ARGUMENTS);
        let Output { status, stdout, .. } =
            place.child(folder.path(), "full", 0, &mut program).wait_with_output().unwrap();
        let said = String::from_utf8(stdout).unwrap();
        assert!(status.success(), "{place:?}: {said}");
        let lines: Vec<_> = said.lines().map(str::to_owned).collect();
        let refused = lines.iter().find_map(|line| line.strip_prefix("refused ")).expect(&said);
        assert!(refused.contains("Store("), "{place:?}: {refused}");
        let cause = match place {
            Place::File => "File too large",
            Place::Table(_) => "disk",
        };
        assert!(refused.contains(cause), "{place:?}: {refused}");
        assert!(lines.iter().any(|line| line.starts_with("sealed ")), "{place:?}: {said}");
        // No file is left that was begun.
        assert_eq!(files(), before, "{place:?}");
        let keyring = place.open(folder.path());
        check(&keyring, &lines, &format!("{place:?}"));
        // There is room again.
        let (n, _) = refused.split_once(' ').unwrap();
        let tenant = keyring.tenant(&format!("tenant-{n}")).unwrap();
        assert!(
            block_on(tenant.keys()).unwrap().len() <= 1,
            "{place:?}: a key that was refused is not there"
        );
        let value = tenant.seal(Email, "x").unwrap();
        assert_eq!(
            place.open(folder.path()).tenant(&format!("tenant-{n}")).unwrap().open(Email, &value).unwrap(),
            "x"
        );
    }
}

/// Killed by the operating system, with no chance to say anything, in whatever it is doing.
#[test]
fn a_killed_process_loses_nothing() {
    for place in PLACES {
        let folder = place.folder();
        let mut first = 0;
        let mut lines = Vec::new();
        for kill in 0..12 {
            let mut program = Command::new(env::current_exe().unwrap());
            let mut child = place.child(folder.path(), "killed", first, program.args(ARGUMENTS));
            let said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
            // When so much was sealed it is in the midst of what comes next.
            let sealed = said.filter(|line| line.starts_with("sealed ")).take(1 + kill % 5);
            let sealed: Vec<_> = sealed.collect();
            child.kill().unwrap();
            child.wait().unwrap();
            let at = format!("{place:?}, kill {kill}");
            assert_eq!(sealed.len(), 1 + kill % 5, "{at}: the child ended by itself");
            lines.extend(sealed);
            first = 1 + check(&place.open(folder.path()), &lines, &at);
        }
    }
}
