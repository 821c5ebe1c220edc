//! The command-line tool, as a process: what it prints, writes and exits with.

use std::{fs, process::Output};

use envelope_core::LocalKey;
use envelope_tests::database::{Database, Kind};
use serde_json::Value;

use crate::world::{KINDS, url};

const TABLES: &str = r#"
[[table]]
name = "customer"
[[table.column]]
name = "email"
mode = "deterministic"
plaintext = "read"
[[table.column]]
name = "phone"
plaintext = "read"
[[table]]
name = "employee"
[[table.column]]
name = "birth_date_enc"
context = "employee.birth_date"
kind = "date-time"
"#;

pub(crate) struct Tool {
    pub(crate) database: Database,
}

pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Tool {
    /// The tool with a database, a key file and a key table of its own, and tables of Chinook's shape.
    pub(crate) fn new(kind: Kind) -> Self {
        let database = Database::new(kind);
        database.sql(crate::shop::migration(kind));
        crate::shop::fill(&database);
        let tool = Self { database };
        let folder = tool.database.folder();
        LocalKey::create(folder.join("app.key")).unwrap();
        let config = format!(
            "[database]\nurl = \"{}\"\n[keyring]\napplication = \"shop\"\ncache_ttl_seconds = 1\n\
             provider = {{ kind = \"local-key\", path = \"{}/app.key\" }}\n",
            url(&tool.database),
            folder.display()
        );
        fs::write(folder.join("envelope.toml"), config + TABLES).unwrap();
        tool
    }

    pub(crate) fn run(&self, arguments: &str) -> Said {
        let mut command = envelope_tests::envelope();
        command.current_dir(self.database.folder()).args(arguments.split_whitespace());
        command.into_said()
    }

    /// Runs a command that goes well.
    pub(crate) fn ok(&self, arguments: &str) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{:?}: {arguments}: {}{}", self.database.kind(), said.out, said.err);
        said.out
    }

    fn json(&self, arguments: &str) -> Vec<Value> {
        let out = self.run(&format!("--json {arguments}")).out;
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs the statements of `migration`.
    pub(crate) fn migrate(&self, arguments: &str) {
        let sql = self.ok(&format!("migration {arguments}"));
        self.database.sql(&sql);
    }

    /// Promotes the pending key when every process has to know it.
    fn promote(&self, arguments: &str) {
        for _ in 0..200 {
            let said = self.run(&format!("promote {arguments}"));
            // A process that reads the records promotes an `encrypt` key that is due.
            if said.code == 0 || said.err.contains("no pending") {
                return;
            }
            assert!(said.err.contains("can be promoted in"), "{}", said.err);
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the key was never promoted");
    }

    /// Retires a key when no process may write with it any more.
    pub(crate) fn retire(&self, key: &str) {
        for _ in 0..200 {
            let said = self.run(&format!("retire {key}"));
            if said.code == 0 {
                return;
            }
            assert!(said.err.contains("can be retired in"), "{}", said.err);
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("the key was never retired");
    }
}

trait IntoSaid {
    fn into_said(self) -> Said;
}

impl IntoSaid for std::process::Command {
    fn into_said(mut self) -> Said {
        let Output { status, stdout, stderr } = self.output().unwrap();
        Said {
            code: status.code().unwrap_or(-1),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}

#[test]
fn each_command_has_an_example_in_its_help() {
    let help = |arguments: &[&str]| {
        let mut command = envelope_tests::envelope();
        let said = {
            command.args(arguments).arg("--help");
            command.into_said()
        };
        assert_eq!(said.code, 0);
        said.out
    };
    let whole = help(&[]);
    let (_, commands) = whole.split_once("Commands:").unwrap();
    let (commands, _) = commands.split_once("Options:").unwrap();
    let mut seen = 0;
    for name in
        commands.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help")
    {
        let text = help(&[name]);
        assert!(text.contains("Example") || name == "keys", "{name}: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= 200), "{name}");
        seen += 1;
    }
    assert!(seen >= 14, "{whole}");
    for name in ["list", "history"] {
        assert!(help(&["keys", name]).contains("Example"));
    }
}

#[test]
fn what_is_wrong_is_said_without_a_secret() {
    let tool = Tool::new(Kind::Sqlite);
    let config = tool.database.folder().join("envelope.toml");
    let good = fs::read_to_string(&config).unwrap();
    let cases = [
        (good.replace("[database]", "[database]\nurll = 1"), "unknown field"),
        (good.replace("mode = \"deterministic\"", "mode = \"secret\""), "line 12: unknown variant"),
        (good.replace("url = ", "url_env = \"NO_SUCH_VARIABLE\"\n# "), "NO_SUCH_VARIABLE"),
        (
            good.replace("[database]", "database = \"postgres://user:hunter2@host/shop\"\n[other]"),
            "invalid type",
        ),
        (good.replace("mode = \"deterministic\"", "mode = \"hunter2\""), "expected"),
        (good.replace("sqlite:", "oracle://user:hunter2@host/"), "has to begin with"),
    ];
    for (bad, expected) in cases {
        fs::write(&config, bad).unwrap();
        let said = tool.run("verify");
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains(expected) && !said.err.contains("hunter2"), "{expected}: {}", said.err);
    }
    fs::write(&config, &good).unwrap();
    assert_eq!(tool.run("encrypt-table nobody").code, 2);
    assert_eq!(tool.run("encrypt-table").code, 2);
    assert_eq!(tool.run("destroy 00000001").code, 2, "without --yes");
    assert_eq!(tool.run("shred --tenant nobody").code, 2, "without --yes");
    fs::remove_file(&config).unwrap();
    let said = tool.run("verify");
    assert!(said.code == 2 && said.err.contains("--config"), "{}", said.err);
}

/// The whole life of a table, by the commands that the guide shows.
#[test]
fn a_table_is_encrypted_rotated_and_verified() {
    for kind in KINDS {
        let tool = Tool::new(kind);
        tool.migrate("customer");
        tool.migrate("employee --plaintext-in birth_date_enc=birth_date");
        let said = tool.ok("encrypt-table customer --dry-run");
        assert!(said.contains("59 of 59 rows would be encrypted"), "{said}");
        let said = tool.ok("encrypt-table customer --workers 2");
        assert!(said.contains("59 of 59 rows encrypted") && said.contains("0 plaintext rows left"), "{said}");
        tool.ok("encrypt-table employee --plaintext-in birth_date_enc=birth_date");
        let said = tool.ok("verify");
        assert!(said.contains("email: 59 opened, 0 failed, 0 NULL"), "{said}");
        assert!(said.contains("birth_date_enc: 8 opened"), "{said}");

        let old: Vec<_> = keys(&tool).into_iter().map(|key| key.0).collect();
        for purpose in ["encrypt", "search"] {
            tool.ok(&format!("rotate --purpose {purpose}"));
        }
        tool.promote("--purpose encrypt");
        tool.promote("--purpose search");
        let refused = tool.run(&format!("retire {}", old[0]));
        assert_eq!(refused.code, 1, "{}", refused.err);
        assert!(refused.err.contains("rows of customer."), "{}", refused.err);
        let said = tool.ok("reencrypt customer");
        assert!(said.contains("59 of 59 rows encrypted") && said.contains("0 stale rows left"), "{said}");
        tool.ok("reencrypt employee");
        for key in &old {
            assert_eq!(tool.run(&format!("destroy {key} --yes")).code, 1, "it is not retired yet");
            tool.retire(key);
            tool.ok(&format!("destroy {key} --yes"));
        }
        tool.ok("verify");
        let states: Vec<_> = keys(&tool).into_iter().map(|key| key.1).collect();
        assert_eq!(states.iter().filter(|state| *state == "destroyed").count(), 2, "{states:?}");
        let history = tool.ok("keys history");
        assert!(history.contains("rotate") && history.contains(&format!("destroy {}", old[0])), "{history}");

        let said = tool.ok("decrypt-table customer");
        assert!(said.contains("59 of 59 rows decrypted") && said.contains("0 encrypted rows left"), "{said}");
    }
}

/// Ids and states.
fn keys(tool: &Tool) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    tool.json("keys list").iter().map(|key| (text(&key["key"]), text(&key["state"]))).collect()
}

/// Whoever changes a plaintext during the migration, and does not know of the second column, is not lost.
#[test]
fn a_plaintext_that_is_changed_later_is_encrypted_again() {
    for kind in KINDS {
        let tool = Tool::new(kind);
        tool.migrate("employee --plaintext-in birth_date_enc=birth_date");
        let command = "encrypt-table employee --plaintext-in birth_date_enc=birth_date";
        tool.ok(command);
        tool.database.sql("UPDATE employee SET birth_date = '2000-01-01 00:00:00' WHERE employee_id = 3");
        tool.database.sql("UPDATE employee SET last_name = 'X' WHERE employee_id = 4");
        let report = &tool.json(command)[0];
        assert_eq!((&report["found"], &report["changed"]), (&1.into(), &1.into()), "{kind:?}: {report}");
    }
}

#[test]
fn lint_finds_what_is_wrong() {
    for kind in KINDS {
        let tool = Tool::new(kind);
        if kind != Kind::Sqlite {
            let said = tool.run("lint");
            assert!(
                said.code == 1 && said.out.contains("error[column-type] customer.email"),
                "{}{}",
                said.out,
                said.err
            );
        }
        tool.migrate("customer");
        tool.migrate("employee --plaintext-in birth_date_enc=birth_date");
        tool.ok("encrypt-table customer");
        let said = tool.run("lint").out;
        assert!(said.contains("warning[no-index] customer.email"), "{kind:?}: {said}");
        assert!(said.contains("warning[not-encrypted] customer.fax"), "{said}");
        assert!(said.contains("warning[not-encrypted] employee.email"), "{said}");
        assert!(!said.contains("customer.phone") && !said.contains("error["), "{said}");
        tool.database.sql("CREATE INDEX customer_email ON customer (email)");
        assert!(!tool.run("lint").out.contains("no-index"));
    }
}
