//! What `envelope.toml` says of columns: how values are made alike, and where the terms of indexes stand.

use std::fs;

use envelope_core::{Encoding, KeyId, LocalKey, Mode, ValueHeader};
use envelope_tests::database::{Database, Kind};
use serde_json::Value;

use crate::{
    tool::Tool,
    world::{KINDS, url},
};

/// A table `people` with a deterministic `email` and terms in two places, and what the file says of it.
fn tool(kind: Kind, email: &str) -> Tool {
    let database = Database::new(kind);
    database.sql(crate::shop::migration(kind));
    let bytes = if kind == Kind::Postgres { "BYTEA" } else { "VARBINARY(200)" };
    database.sql(&format!(
        "CREATE TABLE people (id INT PRIMARY KEY, email {bytes}, email_index {bytes});
         CREATE TABLE words (person INT, term {bytes}, PRIMARY KEY (person, term));
         INSERT INTO people VALUES (1, ' Ada@Example.COM', NULL), (2, 'ada@example.com ', NULL)"
    ));
    let tool = Tool { database };
    LocalKey::create(tool.database.folder().join("app.key")).unwrap();
    declare(&tool, &format!("[[table]]\nname = \"people\"\n[[table.column]]\nname = \"email\"\n{email}"));
    tool
}

fn declare(tool: &Tool, tables: &str) {
    let folder = tool.database.folder();
    let config = format!(
        "[database]\nurl = \"{}\"\n[keyring]\napplication = \"shop\"\n\
         provider = {{ kind = \"local-key\", path = \"{}/app.key\" }}\n{tables}\n",
        url(&tool.database),
        folder.display()
    );
    fs::write(folder.join("envelope.toml"), config).unwrap();
}

#[test]
fn a_declaration_that_does_not_fit_is_refused() {
    for (email, expected) in [
        ("mode = \"deterministic\"\nnormalize = \"casefold,shout\"", "`casefold`, `lowercase`"),
        ("normalize = \"casefold\"", "deterministic text"),
        ("mode = \"deterministic\"\nkind = \"integer\"\nnormalize = \"trim\"", "deterministic text"),
        ("mode = \"deterministic\"\nindex = [{ column = \"email_index\", words = true }]", "`table`"),
    ] {
        let said = tool(Kind::Sqlite, email).run("encrypt-table people");
        assert_eq!(said.code, 2, "{email}: {}", said.err);
        assert!(said.err.contains(expected) && said.err.contains("people.email"), "{email}: {}", said.err);
    }
}

#[test]
fn values_are_made_alike_as_the_application_makes_them() {
    for kind in KINDS {
        let tool =
            tool(kind, "mode = \"deterministic\"\nplaintext = \"read\"\nnormalize = \"casefold,trim\"");
        tool.ok("encrypt-table people");
        let query =
            "SELECT CASE WHEN COUNT(DISTINCT email) = 1 THEN 'alike' ELSE 'unlike' END AS text FROM people";
        assert_eq!(tool.database.texts(query), ["alike"], "{kind:?}");
        assert!(tool.ok("verify").contains("email: 2 opened"));
    }
}

#[test]
fn a_key_that_terms_name_is_not_retired() {
    for kind in KINDS {
        let tool = tool(kind, "mode = \"deterministic\"\nplaintext = \"read\"");
        tool.ok("encrypt-table people");
        let listed = tool.ok("--json keys list");
        let key = listed
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .find(|key| key["purpose"] == "search")
            .unwrap()["key"]
            .as_str()
            .unwrap()
            .to_owned();
        let id: KeyId = key.parse().unwrap();
        let start = ValueHeader::new(id, Mode::Index, Encoding::Bytes).prefix();
        let digits: String = start.iter().map(|byte| format!("{byte:02x}")).collect();
        let term = match kind {
            Kind::Postgres => format!("'\\x{digits}00'::bytea"),
            _ => format!("x'{digits}00'"),
        };
        tool.database.sql(&format!("UPDATE people SET email_index = {term} WHERE id = 1"));
        tool.database.sql(&format!("INSERT INTO words VALUES (1, {term}), (2, {term})"));
        declare(
            &tool,
            "[[table]]\nname = \"people\"\n[[table.column]]\nname = \"email\"\nmode = \"deterministic\"\n\
             plaintext = \"read\"\nindex = [{ column = \"email_index\", normalize = \"casefold,trim\" }, { table = \"words\", row = \"person\", words = true }]",
        );
        for verb in ["retire KEY", "destroy KEY --yes"] {
            let said = tool.run(&verb.replace("KEY", &key));
            assert_eq!(said.code, 1, "{kind:?} {}", said.err);
            for place in ["1 row of people.email_index", "2 rows of words.term", "2 rows of people.email,"] {
                assert!(said.err.contains(place), "{kind:?}: {place}: {}", said.err);
            }
        }
        // Their terms would be missing.
        tool.database.sql("INSERT INTO people VALUES (3, 'eve@example.com', NULL)");
        let said = tool.run("encrypt-table people");
        assert!(said.code == 2 && said.err.contains("has an index"), "{kind:?}: {}", said.err);
        tool.database.sql("DELETE FROM people WHERE id = 3");
        // What is not declared is not looked at.
        declare(&tool, "");
        for verb in ["retire KEY", "destroy KEY --yes"] {
            let said = tool.run(&verb.replace("KEY", &key));
            assert_eq!(said.code, 2, "{kind:?} {}", said.err);
            assert!(said.err.contains("no `[[table]]` is declared"), "{kind:?}: {}", said.err);
        }
    }
}
