//! The examples as their users run them. Of `customers`: bad input, and what is left behind.
#![cfg(test)]

#[path = "examples/analyze.rs"]
mod analyze;
#[path = "examples/diesel_applications.rs"]
mod diesel_applications;
#[path = "examples/services.rs"]
mod services;

use std::{fs, path::Path, process::Output};

const HEADER: &str = "CustomerId,FirstName,LastName,Company,Address,City,State,Country,PostalCode,Phone,Fax,Email,SupportRepId";
const GOOD: &str = "1,A,B,,1 Secret Street,Zürich,,,8001,+41 44 000 00 00,,one@example.com,3";

fn customers(arguments: &[&str]) -> Output {
    envelope_tests::example("customers").args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_malformed_row_is_named_by_line_and_column_and_nothing_is_stored() {
    for (bad, expected) in [
        ("x,A,B,,,,,,,,,two@example.com,3", "line 3, column CustomerId: is not a whole number of 32 bits"),
        ("2,A,B,,,,,,,,,two@example.com", "line 3, column SupportRepId: the row has 12 cells instead of 13"),
        ("2,A,B,,,,,,,,,,3", "line 3, column Email: is empty"),
        ("2,A,B,,,,,,,,,one@example.com,3", "line 3, column Email: occurs twice"),
        ("1,A,B,,,,,,,,,two@example.com,3", "line 3, column CustomerId: occurs twice"),
        (
            "2,A,B,,,,,,,,,two@example.com,many",
            "line 3, column SupportRepId: is not a whole number of 32 bits",
        ),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (csv, db) = (dir.path().join("in.csv"), dir.path().join("out.sqlite"));
        fs::write(&csv, format!("{HEADER}\n{GOOD}\n{bad}\n")).unwrap();
        let output = customers(&[text(&csv), "--db", text(&db)]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{bad} was accepted");
        assert!(stderr.contains(expected), "{bad}: {stderr}");
        assert!(!stderr.contains("two@example.com") && !stderr.contains("many"), "{stderr} quotes a cell");
        assert!(!db.exists(), "{bad}: something was stored");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let (csv, db) = (dir.path().join("in.csv"), dir.path().join("out.sqlite"));
    let mut bytes = format!("{HEADER}\n{GOOD}\n").into_bytes();
    bytes.extend_from_slice(b"2,A,\xff,,,,,,,,,two@example.com,3\n");
    fs::write(&csv, bytes).unwrap();
    let output = customers(&[text(&csv), "--db", text(&db)]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("line 3, column LastName: is not UTF-8"), "{stderr}");
    assert!(!db.exists());
}

#[test]
fn a_database_is_left_with_its_keys_and_is_not_written_twice() {
    let dir = tempfile::tempdir().unwrap();
    let (csv, db) = (dir.path().join("in.csv"), dir.path().join("out.sqlite"));
    fs::write(&csv, format!("{HEADER}\n{GOOD}\n")).unwrap();
    let output = customers(&[text(&csv), "--db", text(&db)]);
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "stored 1 customers, found 1 by email, plaintext values found in the database file: 0\n",
    );
    let stored = fs::read(&db).unwrap();
    assert!(stored.windows(2).any(|pair| pair == [0xfe, 0x10]), "no deterministic value is in the file");
    assert!(dir.path().join("out.sqlite.key").exists() && dir.path().join("out.sqlite.keys.json").exists());

    let again = customers(&[text(&csv), "--db", text(&db)]);
    assert!(!again.status.success());
    assert_eq!(fs::read(&db).unwrap(), stored);
}
