//! Mistakes that must not compile, one a file, named after the mistake.
//!
//! A line `//: text` says what the compiler has to tell about it; the `.stderr` beside it is all that it does tell.
//! `TRYBUILD=overwrite cargo test -p envelope-ui` writes those anew.

use std::{
    fs,
    path::{Path, PathBuf},
};

const READABLE: &str = "the cases are readable";

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("*/*.rs");
}

/// Who blesses new messages must not lose what makes them useful.
#[test]
fn every_message_names_the_mistake_and_the_remedy() {
    for case in cases() {
        let told = fs::read_to_string(case.with_extension("stderr")).unwrap();
        let source = fs::read_to_string(&case).unwrap();
        let mut wanted = source.lines().filter_map(|line| line.strip_prefix("//: ")).peekable();
        assert!(wanted.peek().is_some(), "{} says nothing of its message", case.display());
        for text in wanted {
            // The compiler breaks no lines, so a message is one line, or a note of its own.
            assert!(told.contains(text), "{} does not say: {text}", case.display());
        }
    }
}

fn cases() -> Vec<PathBuf> {
    let entries = |path: &Path| -> Vec<PathBuf> {
        fs::read_dir(path).expect(READABLE).map(|entry| entry.expect(READABLE).path()).collect()
    };
    let themes = entries(Path::new(env!("CARGO_MANIFEST_DIR")));
    let files = themes.iter().filter(|theme| theme.is_dir()).flat_map(|theme| entries(theme));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}
