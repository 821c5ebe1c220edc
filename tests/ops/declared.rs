//! What `envelope.toml` says of columns: how values are made alike, and where the terms of indexes stand.

use std::fs;

use chrono::NaiveDate;
use envelope_core::{Column as _, Encoding, FileStore, KeyId, Keyring, LocalKey, Mode, ValueHeader};
use envelope_sqlx::Encrypted;
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
        "[database]\nurl = \"{0}\"\n[keyring]\napplication = \"shop\"\ncache_ttl_seconds = 1\n\
         store = {{ kind = \"file\", path = \"{1}/keys.json\" }}\n\
         provider = {{ kind = \"local-key\", path = \"{1}/app.key\" }}\n{tables}\n",
        url(&tool.database),
        folder.display()
    );
    fs::write(folder.join("envelope.toml"), config).unwrap();
}

/// A table with indexes of three kinds.
const TABLE: &str = "[[table]]
name = \"people\"

[[table.column]]
name = \"email\"
mode = \"deterministic\"
plaintext = \"read\"
index = [
    { column = \"email_index\", normalize = \"casefold,trim\" },
    { table = \"words\", row = \"person\", words = true, normalize = \"casefold\" },
]
";

#[test]
fn a_declaration_that_does_not_fit_is_refused() {
    for (email, expected) in [
        ("mode = \"deterministic\"\nnormalize = \"casefold,shout\"", "`casefold`, `lowercase`"),
        ("normalize = \"casefold\"", "deterministic text"),
        ("mode = \"deterministic\"\nkind = \"integer\"\nnormalize = \"trim\"", "deterministic text"),
        ("index = [{ column = \"email_index\", words = true }]", "`table`"),
        ("index = [{ column = \"email_index\", prefix = 3, bucket = 3 }]", "one of `prefix`"),
        ("index = [{ column = \"email_index\", bucket = 3 }]", "integers, dates and times"),
        ("kind = \"integer\"\nindex = [{ column = \"email_index\", bucket = 0 }]", "1 wide"),
        (
            "kind = \"date\"\nindex = [{ column = \"email_index\", bucket = 9, first = \"soon\" }]",
            "1900-01-01",
        ),
        ("kind = \"integer\"\nindex = [{ column = \"email_index\", prefix = 3 }]", "only text"),
        ("index = [{ column = \"email_index\", prefix = 3, normalize = \"email\" }]", "whole values"),
        ("index = [{ column = \"email_index\", bits = 3 }]", "4 to 256"),
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
        declare(&tool, TABLE);
        for verb in ["retire KEY", "destroy KEY --yes"] {
            let said = tool.run(&verb.replace("KEY", &key));
            assert_eq!(said.code, 1, "{kind:?} {}", said.err);
            for place in ["1 row of people.email_index", "2 rows of words.term", "2 rows of people.email,"] {
                assert!(said.err.contains(place), "{kind:?}: {place}: {}", said.err);
            }
        }
        // How these terms are made only the application knows.
        let unknown = TABLE.replace("words = true", "words = true, made_by_application = true");
        declare(&tool, &unknown);
        let said = tool.run("encrypt-table people");
        assert!(said.code == 2 && said.err.contains("words.term"), "{kind:?}: {}", said.err);
        assert!(tool.run(&format!("retire {key}")).err.contains("2 rows of words.term"));
        // What is not declared is not looked at.
        declare(&tool, "");
        for verb in ["retire KEY", "destroy KEY --yes"] {
            let said = tool.run(&verb.replace("KEY", &key));
            assert_eq!(said.code, 2, "{kind:?} {}", said.err);
            assert!(said.err.contains("no `[[table]]` is declared"), "{kind:?}: {}", said.err);
        }
    }
}

/// What the tool writes, an application that declares the same finds.
#[derive(Encrypted)]
#[encrypt(table = "people", index(columns = (birth, name = "casefold"), column = pair))]
#[expect(dead_code, reason = "rows are written by SQL")]
struct Person {
    id: i64,
    #[encrypt(index(column = name_start, prefix = 3, normalize = "casefold"))]
    name: String,
    #[encrypt(index(column = decade, bucket = 3653, first = "1900-01-01", last = "2099-12-31"))]
    birth: NaiveDate,
}

#[tokio::test]
async fn terms_are_those_of_the_application() {
    const PEOPLE: &str = "[[table]]
name = \"people\"
index = [{ column = \"pair\", columns = [{ name = \"birth\" }, { name = \"name\", normalize = \"casefold\" }] }]

[[table.column]]
name = \"name\"
plaintext = \"read\"
index = [{ column = \"name_start\", prefix = 3, normalize = \"casefold\" }]

[[table.column]]
name = \"birth\"
kind = \"date\"
index = [{ column = \"decade\", bucket = 3653, first = \"1900-01-01\", last = \"2099-12-31\" }]
";
    for kind in KINDS {
        let tool = tool(kind, "");
        let bytes = if kind == Kind::Postgres { "BYTEA" } else { "VARBINARY(200)" };
        tool.database.sql(&format!(
            "DROP TABLE people;
             CREATE TABLE people (id INT PRIMARY KEY, name {bytes}, name_start {bytes}, plain DATE, birth {bytes}, decade {bytes},
                                  pair {bytes});
             INSERT INTO people (id, name, plain) VALUES (1, 'Ada Lovelace', '1915-12-10')",
        ));
        declare(&tool, PEOPLE);
        // The columns of one at a time: terms of both are written when both are there.
        let said = tool.run("encrypt-table people --plaintext-in birth=plain --column name --column birth");
        assert!(
            said.code == 0 && said.out.contains("0 rows without their terms left"),
            "{kind:?} {}{}",
            said.out,
            said.err
        );
        let folder = tool.database.folder();
        let open = || {
            let provider = LocalKey::open(folder.join("app.key")).unwrap();
            Keyring::builder(provider, FileStore::new(folder.join("keys.json"))).application("shop").open()
        };
        let keyring = open().await.unwrap();
        let (name, birth) = ("Ada Lovelace", NaiveDate::from_ymd_opt(1915, 12, 10).unwrap());
        let expected = [
            ("name_start", keyring.seal_field(&PersonNameStart::FIELD, name).unwrap()),
            ("decade", keyring.seal_field(&PersonDecade::FIELD, &birth).unwrap()),
            ("pair", keyring.seal_field(&PersonPair::FIELD, &(birth, name)).unwrap()),
        ];
        for (column, term) in &expected {
            let stored = crate::world::stored(&tool.database, "people", column, "id");
            assert_eq!(stored, core::slice::from_ref(term), "{kind:?} {column}");
        }
        // And anew under another key, by one command.
        let said = tool.run("rotate --purpose search --rewrite");
        assert_eq!(said.code, 0, "{kind:?} {}", said.err);
        assert!(said.out.contains("3 of 3 rows") || said.out.contains("1 of 1 rows written"), "{}", said.out);
        assert!(said.out.contains("all searched columns are under search key"), "{}", said.out);
        let keyring = open().await.unwrap();
        for (column, before) in &expected {
            let stored = crate::world::stored(&tool.database, "people", column, "id");
            assert_ne!(stored, core::slice::from_ref(before), "{kind:?} {column}");
        }
        let both = keyring.seal_field(&PersonPair::FIELD, &(birth, name)).unwrap();
        assert_eq!(crate::world::stored(&tool.database, "people", "pair", "id"), [both], "{kind:?}");
        let old = KeyId::new(u32::from_be_bytes(expected[0].1[2..6].try_into().unwrap())).unwrap();
        tool.retire(&old.to_string());
        assert_eq!(tool.run("rotate --rewrite").code, 2, "of encrypt keys");
    }
}
