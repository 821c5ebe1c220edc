//! What several test binaries share; and the code of the README and of the guides, as tests.

#![expect(clippy::missing_panics_doc, clippy::panic, reason = "a test fails by a panic")]

pub mod application;
pub mod database;

/// A command that runs an example, which `./tests/run` has built.
#[must_use]
pub fn example(name: &str) -> std::process::Command {
    let example = built(2).join("examples").join(name);
    assert!(
        example.exists(),
        "no {}; `cargo build --workspace --all-features --examples` builds it",
        example.display()
    );
    std::process::Command::new(example)
}

/// A command that runs a tool, which `./tests/run` has installed.
#[must_use]
pub fn tool(name: &str) -> std::process::Command {
    let tool = built(3).join("test-tools/bin").join(name);
    assert!(tool.exists(), "no {}; `./tests/run` installs it", tool.display());
    std::process::Command::new(tool)
}

/// A folder above this test's: of its profile, and of everything that is built.
fn built(above: usize) -> std::path::PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    test.ancestors().nth(above).unwrap_or(&test).to_owned()
}

/// The command-line tool `envelope`, which `./tests/run` has built.
#[must_use]
pub fn envelope() -> std::process::Command {
    let tool = built(2).join("envelope");
    assert!(
        tool.exists(),
        "no {}; `cargo build --workspace --all-features --bin envelope` builds it",
        tool.display()
    );
    std::process::Command::new(tool)
}
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[derive(Debug)]
pub struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../docs/keys.md")]
#[derive(Debug)]
pub struct Keys;

#[cfg(doctest)]
#[doc = include_str!("../../docs/sqlx.md")]
#[derive(Debug)]
pub struct Sqlx;

#[cfg(doctest)]
#[doc = include_str!("../../docs/diesel.md")]
#[derive(Debug)]
pub struct Diesel;

#[cfg(doctest)]
#[doc = include_str!("../../docs/sealed.md")]
#[derive(Debug)]
pub struct SealedStructs;

#[cfg(doctest)]
#[doc = include_str!("../../docs/search.md")]
#[derive(Debug)]
pub struct Search;
