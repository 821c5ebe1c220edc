//! What the lint says of columns and keys; of column types, missing indexes and names the tests of the tool tell.

use core::time::Duration;

use envelope_core::{DeclaredColumn, Encoding, Field, Index, PlaintextKind, Purpose, Take};
use envelope_sqlx::ops::{Plan, RunOptions};

use crate::world::{KINDS, Kind, World, deterministic, randomized, text};

const DAY: u64 = 86_400;

async fn said(world: &World, days: u64) -> Vec<String> {
    let findings = world.operations.lint(Duration::from_secs(days * DAY)).await.unwrap();
    findings.iter().map(|finding| format!("{} {}", finding.rule, finding.place)).collect()
}

#[tokio::test]
async fn a_column_that_is_too_short_and_one_of_few_values() {
    for kind in KINDS {
        let title = Field::new("people", "title", "people.title", envelope_core::Mode::Randomized)
            .encoding(Encoding::Text);
        let columns = [
            text(title),
            text(deterministic("people", "country", "people.country")),
            text(randomized("people", "note", "people.note")),
        ];
        let create =
            "CREATE TABLE people (id INTEGER PRIMARY KEY, title VARCHAR(60), country <short>, note <bytes>);
                      CREATE INDEX people_country ON people (country)";
        let world = World::new(kind, create, columns).await;
        for id in 0..120 {
            world.sql(&format!("INSERT INTO people VALUES ({id}, 'Dr.', 'AT', NULL)"));
        }
        world.encrypt("people", &Plan::new()).await;
        assert_eq!(said(&world, 36_500).await, ["few-values people.country"], "{kind:?}");
        // As plaintext it fits, and encrypted it would not. SQLite's columns have no limit.
        world.sql(
            "UPDATE people SET title = 'Doctor of Philosophy, of the University of Vienna' WHERE id = 7",
        );
        let mut expected = vec!["few-values people.country"];
        if kind != Kind::Sqlite {
            expected.insert(0, "too-short people.title");
        }
        assert_eq!(said(&world, 36_500).await, expected, "{kind:?}");
        let report =
            world.operations.encrypt_table("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!(report.failed, u64::from(kind != Kind::Sqlite), "{kind:?}");
        // A table that is gone.
        world.sql("DROP TABLE people");
        assert!(said(&world, 36_500).await.contains(&"no-table people".to_owned()));
    }
}

#[tokio::test]
async fn keys_that_are_old_and_keys_that_nothing_names() {
    for kind in KINDS {
        let create = "CREATE TABLE people (id INTEGER PRIMARY KEY, note <bytes>)";
        let world = World::new(kind, create, [text(randomized("people", "note", "people.note"))]).await;
        world.sql("INSERT INTO people VALUES (1, 'tea')");
        world.encrypt("people", &Plan::new()).await;
        let key = |active: usize| {
            let keyring = world.keyring.clone();
            async move {
                keyring
                    .keys()
                    .await
                    .unwrap()
                    .iter()
                    .filter(|key| key.purpose == Purpose::Encrypt)
                    .nth(active)
                    .unwrap()
                    .id
            }
        };
        // The test's calendar is long ago.
        let first = key(0).await;
        assert_eq!(
            said(&world, 10).await,
            [format!("overdue-key key {first} of the default tenant")],
            "{kind:?}"
        );
        assert_eq!(said(&world, 36_500).await, [""; 0]);
        let keyring = world.keyring.clone();
        world.rotate(&keyring, Purpose::Encrypt).await;
        assert_eq!(said(&world, 36_500).await, [""; 0], "the row names the old key");
        let report = world.operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!(report.changed, 1);
        assert_eq!(said(&world, 36_500).await, [format!("unused-key key {first} of the default tenant")]);
    }
}

/// Indexes are declared with their column: they are no personal data in plaintext, they are searched, and they name keys.
#[tokio::test]
async fn indexes() {
    const INDEX: Field =
        Field::of_index("people", "email_index", "people.email_index", Index::new(Take::Whole));
    for kind in KINDS {
        let field = randomized("people", "email", "people.email").indexed_by(&[INDEX]);
        let create = "CREATE TABLE people (id INTEGER PRIMARY KEY, email <bytes>, email_index <short>)";
        let world = World::new(kind, create, [DeclaredColumn::new(field, PlaintextKind::Text)]).await;
        assert_eq!(said(&world, 36_500).await, ["no-index people.email_index"], "{kind:?}");
        world.sql("CREATE INDEX people_email_index ON people (email_index)");
        assert_eq!(said(&world, 36_500).await, [""; 0]);
        world.sql("INSERT INTO people (id) VALUES (1)");
        // A search key that a term names is in use.
        let term = world.keyring.seal_field(&INDEX, "ada@example.com").unwrap();
        let digits: String = term.iter().map(|byte| format!("{byte:02x}")).collect();
        let literal = if kind == Kind::Postgres { format!("'\\x{digits}'") } else { format!("X'{digits}'") };
        world.sql(&format!("UPDATE people SET email_index = {literal}"));
        let keys = world.keyring.keys().await.unwrap();
        let key = keys.iter().find(|key| key.purpose == Purpose::Search).unwrap().id;
        let uses = world.operations.uses(key).await.unwrap();
        assert_eq!(
            uses.iter().map(|found| (&*found.column, found.values)).collect::<Vec<_>>(),
            [("email_index", 1)]
        );
    }
}
