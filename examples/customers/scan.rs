//! Looks for plaintext in the database's files.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::model::Customer;

/// How many encrypted values stand readable in the database file, its journal or its write-ahead log.
///
/// A word can be secret in one column and plain in another (the city Dublin and the state Dublin), so the plain columns are
/// blotted out first, where they stand side by side as SQLite stores them.
pub(crate) fn plaintext_values(database: &Path, customers: &[Customer]) -> io::Result<usize> {
    let plain: BTreeSet<String> = customers.iter().flat_map(Customer::plain_runs).collect();
    let mut found = BTreeSet::new();
    for path in files_of(database) {
        let mut text = fs::read(path)?;
        for run in plain.iter().filter(|run| !run.is_empty()) {
            for start in occurrences(&text, run.as_bytes()) {
                text.iter_mut().skip(start).take(run.len()).for_each(|byte| *byte = 0);
            }
        }
        let secrets = customers.iter().flat_map(Customer::secrets).filter(|secret| !secret.is_empty());
        found.extend(secrets.filter(|secret| !occurrences(&text, secret.as_bytes()).is_empty()));
    }
    Ok(found.len())
}

fn files_of(database: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-journal", "-wal"]
        .into_iter()
        .map(move |suffix| {
            let mut name = OsString::from(database);
            name.push(suffix);
            PathBuf::from(name)
        })
        .filter(|path| path.exists())
}

fn occurrences(text: &[u8], needle: &[u8]) -> Vec<usize> {
    let windows = text.windows(needle.len()).enumerate();
    windows.filter(|(_, window)| *window == needle).map(|(start, _)| start).collect()
}
