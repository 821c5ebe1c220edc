//! Where the database has no domains: the patch that gives `schema.rs` its encrypted types.

use std::{fs, process::Command};

use super::cli::{Project, guide, read};

/// Where a migration changed what a patch changes, there is no schema rather than one without encryption.
#[test]
fn a_patch_that_does_not_fit_is_an_error() {
    let project = Project::new();
    project.succeeds(&["migration", "run"]);
    let before = project.schema();
    let migration = project.0.folder().join("migrations/2026-02-03-000000_phone");
    fs::create_dir(&migration).unwrap();
    fs::write(migration.join("up.sql"), "ALTER TABLE users ADD COLUMN phone INTEGER; ALTER TABLE users DROP COLUMN note;").unwrap();
    for arguments in [["migration", "run"], ["print-schema", "--locked-schema"]] {
        let output = project.diesel(&arguments);
        assert!(!output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("table!"), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("Failed to apply patch"), "{output:?}");
        assert_eq!(project.schema(), before);
    }
}

/// How a patch is made, as the guide says.
#[test]
fn the_patch_is_the_difference_of_two_schemas() {
    let project = Project::new();
    let patch = project.0.folder().join("src/schema.patch");
    fs::write(&patch, "").unwrap();
    project.succeeds(&["migration", "run"]);
    assert!(!project.schema().contains("UserEmail"));
    fs::write(project.0.folder().join("new.rs"), read(guide().join("schema.rs"))).unwrap();
    let difference = Command::new("diff")
        .args(["-U3", "--label", "a/src/schema.rs", "--label", "b/src/schema.rs", "src/schema.rs", "new.rs"])
        .current_dir(project.0.folder())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(difference.stdout).unwrap(), read(guide().join("schema.patch")));
}
