//! The examples that are applications of Diesel.

use std::{fs, path::Path};

fn posts(folder: &Path, arguments: &[&str]) -> String {
    let output =
        envelope_tests::example("diesel_posts").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn posts_are_written_published_shown_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| posts(folder.path(), arguments);
    assert_eq!(run(&["show"]), "displaying 0 posts\n");
    assert_eq!(run(&["write", "A title", "What nobody else may read"]), "saved draft A title with id 1\n");
    assert_eq!(run(&["show"]), "displaying 0 posts\n");
    assert_eq!(run(&["publish", "1"]), "published post A title\n");
    assert_eq!(run(&["show"]), "displaying 1 posts\nA title\n----------\nWhat nobody else may read\n");
    let stored = fs::read(folder.path().join("posts.sqlite")).unwrap();
    let is_stored = |text: &str| stored.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(is_stored("A title") && !is_stored("nobody else"));
    assert_eq!(run(&["delete", "title"]), "deleted 1 posts\n");
    assert_eq!(run(&["show"]), "displaying 0 posts\n");
}

#[test]
fn several_structs_share_a_table() {
    let output = envelope_tests::example("diesel_users").output().unwrap();
    let expected = "logged in twice   2 times, as Ada Lovelace\n\
                    contacts          Ada Lovelace, Bob\n\
                    found by e-mail   Ada Lovelace, phone +44 20 7946 0000\n\
                    forgot the phone  true\n";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
