//! The consoles of `docs/operations.md`, run one after the other.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use envelope_tests::database::Kind;

use crate::{tool::Tool, world::url};

const GUIDE: &str = include_str!("../../docs/operations.md");

/// A command, and the lines that it prints.
fn consoles() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
    for block in GUIDE.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command, Vec::new())),
                None => commands.last_mut().unwrap().1.push(line),
            }
        }
    }
    commands
}

#[test]
fn the_guide_says_what_the_tool_does() {
    let tool = Tool::new(Kind::Postgres);
    let folder = tool.database.folder();
    let (_, config) = GUIDE.split_once("```toml\n").unwrap();
    fs::write(folder.join("envelope.toml"), config.split("```").next().unwrap()).unwrap();
    let binary = envelope_tests::envelope();
    let tools = Path::new(binary.get_program()).parent().unwrap();
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    // The ids in the guide, and those of this run.
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let commands = consoles();
    assert!(commands.len() > 30, "{}", commands.len());
    for (written, expected) in commands {
        let command =
            ids.iter().fold(written.to_owned(), |command, (guide, real)| command.replace(guide, real));
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{command} 2>&1")]).current_dir(folder);
        let output = shell.env("PATH", &path).env("DATABASE_URL", url(&tool.database)).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let is_auto = written.starts_with("envelope promote") && said.contains("no pending");
        let said: Vec<_> = said.lines().collect();
        assert!(
            is_auto || matches(&expected, &said, &mut ids),
            "`{command}` said\n{}\nand not\n{}",
            said.join("\n"),
            expected.join("\n")
        );
    }
}

/// `…` stands for anything in a line, and alone for any lines. An id stands for one id.
fn matches(expected: &[&str], said: &[&str], ids: &mut BTreeMap<String, String>) -> bool {
    match (expected, said) {
        ([], []) => true,
        (["…", rest @ ..], _) => (0..=said.len()).any(|skipped| {
            let mut tried = ids.clone();
            let fits = matches(rest, &said[skipped..], &mut tried);
            if fits {
                ids.clone_from(&tried);
            }
            fits
        }),
        ([first, rest @ ..], [line, lines @ ..]) => fits(first, line, ids) && matches(rest, lines, ids),
        _ => false,
    }
}

fn fits(expected: &str, line: &str, ids: &mut BTreeMap<String, String>) -> bool {
    let is_id = |word: &str| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut learnt = ids.clone();
    let (mut expected_words, mut words) = (Vec::new(), Vec::new());
    if !expected.contains('…') {
        expected_words.extend(expected.split([' ', ':', '`']));
        words.extend(line.split([' ', ':', '`']));
        if expected_words.len() != words.len() {
            return false;
        }
        for (expected, word) in expected_words.into_iter().zip(words) {
            let real = is_id(expected) && is_id(word);
            if real && learnt.entry(expected.to_owned()).or_insert_with(|| word.to_owned()) == word {
                continue;
            }
            if real || expected != word {
                return false;
            }
        }
        *ids = learnt;
        return true;
    }
    let expected = ids.iter().fold(expected.to_owned(), |text, (guide, real)| text.replace(guide, real));
    let Some((start, rest_expected)) = expected.split_once('…') else { return false };
    let Some(mut rest) = line.strip_prefix(start) else { return false };
    let parts: Vec<_> = rest_expected.split('…').collect();
    let Some((last, between)) = parts.split_last() else { return false };
    for part in between {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}
