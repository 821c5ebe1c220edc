//! What is built from: no `unsafe` of ours, no dependency that asks for a newer compiler, packages that are whole.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;

use super::{root, sources, without_comments};

/// What is published.
const PACKAGES: [&str; 4] = ["envelope-core", "envelope-derive", "envelope-diesel", "envelope-sqlx"];

/// Of this machine's platform: those of others need not be there.
fn metadata() -> Value {
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version=1", "--all-features"])
        .args(["--filter-platform", host.trim()])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().unwrap().iter()
}

/// The one file with a call that is unsafe: the C library is asked to tell of forks.
const FORKS: &str = "envelope-core/src/random/fork.rs";

/// The lint is of every member, and the published crates say it themselves, wherever their sources are copied to.
#[test]
fn one_call_of_ours_is_unsafe() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"deny\""));
    let metadata = metadata();
    let members: Vec<_> = packages(&metadata).filter(|package| package["source"].is_null()).collect();
    assert!(members.len() > PACKAGES.len());
    for member in members {
        let manifest = fs::read_to_string(member["manifest_path"].as_str().unwrap()).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", member["name"]);
    }
    for package in PACKAGES {
        let lib = fs::read_to_string(root().join(package).join("src/lib.rs")).unwrap();
        let level = if package == "envelope-core" { "deny" } else { "forbid" };
        assert!(lib.lines().any(|line| line == format!("#![{level}(unsafe_code)]")), "{package}");
    }
    for (name, text) in sources().filter(|(name, _)| name.starts_with("envelope-")) {
        let text = without_comments(&text);
        let count = |word: &str| text.matches(word).count();
        let blocks = usize::from(name == FORKS);
        assert_eq!((count("unsafe {"), count("expect(unsafe")), (blocks, blocks), "{name}");
        for forbidden in ["unsafe fn", "unsafe impl", "allow(unsafe"] {
            assert!(!text.contains(forbidden), "{name}: {forbidden}");
        }
    }
}

/// Standard library items that are too new are `clippy::incompatible_msrv`'s.
#[test]
fn no_dependency_asks_for_a_newer_compiler() {
    let metadata = metadata();
    let version = |text: &str| {
        let mut parts = text.split('.').map(|part| part.parse::<u32>().unwrap());
        [(); 3].map(|()| parts.next().unwrap_or_default())
    };
    let mut of_published = BTreeSet::new();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let id = |name: &str| {
        let package = packages(&metadata).find(|package| package["name"] == name);
        package.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut waiting: Vec<_> = PACKAGES.map(id).into();
    while let Some(next) = waiting.pop() {
        if !of_published.insert(next.clone()) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == *next).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            let is_built = |kind: &Value| kind["kind"] != "dev";
            if dependency["dep_kinds"].as_array().unwrap().iter().any(is_built) {
                waiting.push(dependency["pkg"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(of_published.len() > 100, "{of_published:?}");
    let own = packages(&metadata).find(|package| package["name"] == PACKAGES[0]).unwrap();
    let own = version(own["rust_version"].as_str().unwrap());
    for package in
        packages(&metadata).filter(|package| of_published.contains(package["id"].as_str().unwrap()))
    {
        let Some(needed) = package["rust_version"].as_str() else { continue };
        assert!(version(needed) <= own, "{} needs {needed}", package["name"]);
    }
}

/// Each package carries its licences, which registries show and the licences ask for.
#[test]
fn every_package_carries_its_licences() {
    for package in PACKAGES {
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let own = fs::read_to_string(root().join(package).join(name));
            assert_eq!(own.ok(), fs::read_to_string(root().join(name)).ok(), "{package}/{name}");
        }
    }
}
