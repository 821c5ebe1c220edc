//! The shape of the sources: sizes, the order of modules, names, and that what the documents promise is there.
#![cfg(test)]
#![expect(clippy::arithmetic_side_effects, reason = "the tests compute with small numbers")]

#[path = "tidy/supply.rs"]
mod supply;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Files that are longer than [`MOST_LINES`], with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

const MOST_LINES: usize = 400;

/// They say nothing of what is in them.
const FORBIDDEN_NAMES: [&str; 4] = ["utils", "common", "helpers", "misc"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file of the repository with its path from the root, but for what Git and Cargo keep.
fn files() -> BTreeMap<String, PathBuf> {
    fn walk(directory: &Path, name: &str, files: &mut BTreeMap<String, PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let own = path.file_name().unwrap().to_str().unwrap().to_owned();
            if own.starts_with('.') || own == "target" {
                continue;
            }
            let name = if name.is_empty() { own } else { format!("{name}/{own}") };
            if path.is_dir() {
                walk(&path, &name, files);
            } else {
                files.insert(name, path);
            }
        }
    }
    let mut files = BTreeMap::new();
    walk(&root(), "", &mut files);
    assert!(files.contains_key("envelope-core/src/lib.rs"), "{:?}", files.keys());
    files
}

fn sources() -> impl Iterator<Item = (String, String)> {
    files()
        .into_iter()
        .filter(|(name, _)| name.ends_with(".rs"))
        .map(|(name, path)| (name, fs::read_to_string(path).unwrap()))
}

#[test]
fn no_file_is_too_long() {
    let mut reasons: BTreeSet<_> = LONG_FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut long = Vec::new();
    for (name, text) in sources() {
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        if lines > MOST_LINES && !reasons.remove(&name) {
            long.push(format!("{name}: {lines} lines"));
        }
    }
    assert!(long.is_empty(), "split them, or give a reason in LONG_FILES: {long:#?}");
    assert!(reasons.is_empty(), "these are not too long, or not there: {reasons:?}");
}

#[test]
fn names_say_something() {
    for name in files().keys() {
        let mut parts = name.split('/').map(|part| part.split('.').next().unwrap());
        assert!(!parts.any(|part| FORBIDDEN_NAMES.contains(&part)), "{name}");
        assert!(!name.ends_with("/mod.rs"), "{name}: a module `x` is `x.rs` beside the directory `x`");
    }
}

/// Callers before callees: a module of the core uses only what stands below it in the list of `lib.rs`.
#[test]
fn modules_of_the_core_use_only_what_stands_below_them() {
    let lib = without_comments(&fs::read_to_string(root().join("envelope-core/src/lib.rs")).unwrap());
    let modules: Vec<_> = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect();
    assert!(modules.len() > 10, "{modules:?}");
    let place = |module: &str| modules.iter().position(|other| other == module);
    let exports = exports(&lib);
    let mut seen = 0;
    for (name, text) in sources() {
        let Some(path) = name.strip_prefix("envelope-core/src/") else { continue };
        let module = path.split(['/', '.']).next().unwrap();
        let Some(own) = place(module) else {
            assert_eq!(module, "lib", "{name} is in no module of lib.rs");
            continue;
        };
        for used in uses_of_the_crate(&without_comments(&text)) {
            let Some(module) = place(&used).map(|_| &used).or_else(|| exports.get(&used)) else {
                panic!("{name} uses `crate::{used}`, which is no module and no export of lib.rs");
            };
            seen += 1;
            assert!(
                place(module).is_some_and(|place| place > own) || modules[own] == *module,
                "{name} uses `crate::{used}`, and `{module}` stands above `{}` in lib.rs",
                modules[own],
            );
        }
    }
    assert!(seen > 50, "only {seen} uses were found");
}

/// The public names of `lib.rs` and the modules that they come from.
fn exports(lib: &str) -> BTreeMap<String, String> {
    let mut exports = BTreeMap::new();
    for statement in lib.split("pub use ").skip(1) {
        let (path, _) = statement.split_once(';').unwrap();
        let (module, names) = path.split_once("::").unwrap();
        for name in names.trim_matches(['{', '}']).split(',').map(str::trim).filter(|name| !name.is_empty()) {
            exports.insert(name.to_owned(), module.to_owned());
        }
    }
    exports
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The first name behind each `crate::`, or each of them where it is a group.
fn uses_of_the_crate(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            used.push(identifier(rest));
            continue;
        };
        let mut depth = 1_i32;
        let mut is_start = true;
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => is_start = true,
                _ if is_start && !character.is_whitespace() => {
                    used.push(identifier(&group[at..]));
                    is_start = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    used
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Where code cites a rule of the format, the rule is there.
#[test]
fn cited_sections_of_the_format_exist() {
    let format = fs::read_to_string(root().join("FORMAT.md")).unwrap();
    let anchors: BTreeSet<_> = format
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect();
    let mut seen = 0;
    for (name, path) in files() {
        let is_text = [".rs", ".py", ".md", ".toml"].iter().any(|ending| name.ends_with(ending));
        if !is_text || name == "tests/tidy.rs" {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let marker = if name == "FORMAT.md" { "](#" } else { "FORMAT.md#" };
        for rest in text.split(marker).skip(1) {
            let cited: String =
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
            assert!(anchors.contains(&cited), "{name} cites {marker}{cited}");
            seen += 1;
        }
    }
    assert!(seen > 20, "only {seen} citations were found");
}

/// The anchor that a heading gets where Markdown is rendered.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    kept.chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

/// An example that no document mentions is found by nobody.
#[test]
fn every_example_is_mentioned() {
    let files = files();
    let documents: String = files
        .iter()
        .filter(|(name, _)| name.ends_with(".md") && !name.contains("CHANGELOG"))
        .map(|(_, path)| fs::read_to_string(path).unwrap())
        .collect();
    let manifest = fs::read_to_string(root().join("examples/Cargo.toml")).unwrap();
    let mut seen = 0;
    for section in manifest.split("[[example]]").skip(1) {
        let value = |key: &str| {
            let (_, rest) = section.split_once(&format!("{key} = \"")).unwrap();
            rest.split_once('"').unwrap().0
        };
        let (command, link) = (format!("--example {}", value("name")), format!("examples/{}", value("path")));
        let is_mentioned = documents.contains(&command) || documents.contains(&link);
        assert!(is_mentioned, "no document has `{command}` or `{link}`");
        seen += 1;
    }
    assert!(seen > 0);
}
