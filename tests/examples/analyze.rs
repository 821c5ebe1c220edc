//! `analyze`: what it says of a file, and that it prints no cell.

use std::{fmt::Write as _, fs, process::Output};

fn analyze(arguments: &[&str]) -> Output {
    envelope_tests::example("analyze").args(arguments).output().unwrap()
}

fn stdout(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_file_that_cannot_be_read_is_said_by_line_and_not_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("in.csv");
    let path = file.to_str().unwrap();
    for (contents, arguments, expected) in [
        (&b"id,name\n1,secret,more\n"[..], &[path][..], "line 2 is not a row"),
        (b"id,name\n1,secret\xff\n", &[path], "line 2 is not a row"),
        (b"id,name\n1,secret\n", &[path, "email"], "has no column `email`"),
        (b"", &["/nowhere.csv"], "No such file"),
    ] {
        fs::write(&file, contents).unwrap();
        let output = analyze(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(expected), "{stderr}");
        assert!(!stderr.contains("secret"), "{stderr}");
    }
}

#[test]
fn each_column_is_judged_by_its_values() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("in.csv");
    let mut rows = String::from("id,country,name,note\n");
    for number in 0..3_000 {
        let country = if number % 10 < 9 { "Atlantis" } else { "Lemuria" };
        let name =
            if number % 2 == 0 { format!("NAME{}", number / 2) } else { format!("name{}", number / 2) };
        writeln!(rows, "{number},{country},{name},").unwrap();
    }
    fs::write(&file, rows).unwrap();
    let printed = stdout(analyze(&[file.to_str().unwrap()]));
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
    for value in ["Atlantis", "Lemuria", "NAME7", "name7", "2999"] {
        assert!(!printed.contains(value), "{value} is printed");
    }
    let part = |name: &str| {
        let (_, rest) = printed.split_once(&format!("{name}\n")).unwrap();
        rest.split_once("\n\n").map_or(rest, |(part, _)| part)
    };
    assert!(part("id").contains("unique "), "{printed}");
    assert!(
        part("country").contains("90.0 %, 10.0 %") && part("country").contains("none: too few"),
        "{printed}"
    );
    assert!(part("\nname").contains("distinct        3000"), "{printed}");
    assert!(part("name, casefolded and trimmed").contains("distinct        1500"), "{printed}");
    assert!(part("note").contains("values          0"), "{printed}");

    let printed = stdout(analyze(&[file.to_str().unwrap(), "country"]));
    assert!(printed.starts_with("country\n") && !printed.contains("\nid\n"), "{printed}");
}
