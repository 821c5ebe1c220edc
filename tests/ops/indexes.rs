//! Terms of indexes, written by the operations: for rows that have none, and again when the search key changes.

use std::collections::BTreeSet;

use envelope_core::{Column as _, KeyState, Purpose};
use envelope_sqlx::{
    Encrypted, TermsExt as _,
    ops::{Plan, RunOptions, TableReport},
};

use crate::world::{KINDS, Kind, World};

#[derive(Encrypted)]
#[encrypt(table = "people", index(columns = (birth, name = "casefold"), column = name_birth))]
#[expect(dead_code, reason = "rows are written by SQL")]
struct Person {
    id: i64,
    #[encrypt(
        plaintext = "read",
        index(column = email_index, normalize = "email"),
        index(column = email_next, normalize = "email", shadow)
    )]
    email: String,
    #[encrypt(
        plaintext = "read",
        index(column = name_start, prefix = 3, normalize = "casefold"),
        index(table = person_words, row = person_id, words)
    )]
    name: Option<String>,
    #[encrypt(index(column = birth_bucket, bucket = 10, first = 1900, last = 2100))]
    birth: i32,
}

async fn people(kind: Kind) -> World {
    let tables = "CREATE TABLE people (id BIGINT PRIMARY KEY, email <bytes>, email_index <short> UNIQUE, email_next <short> UNIQUE,
                                       name <bytes>, name_start <short>, name_birth <short>, birth_plain INT, birth <bytes>,
                                       birth_bucket <short>);
                  CREATE TABLE person_words (person_id BIGINT NOT NULL, term <short> NOT NULL, PRIMARY KEY (term, person_id))";
    let mut world = World::new(kind, tables, []).await;
    world.operations = world.operations.declare::<Person>();
    world.sql(
        "INSERT INTO people (id, email, name, birth_plain) VALUES (1, 'JOHN@EXAMPLE.COM', 'John Doe', 1970),
         (2, 'ada@example.com', NULL, 1815), (3, 'eve@example.com', '!?', 2001)",
    );
    world
}

const COLUMNS: [&str; 5] = ["email_index", "email_next", "name_start", "name_birth", "birth_bucket"];

/// What the application would store for a person in these columns, nothing for `NULL`, and as rows of the table of words.
fn of_person(world: &World, email: &str, name: Option<&str>, birth: i32) -> ([Vec<u8>; 5], Vec<Vec<u8>>) {
    let ring = &world.keyring;
    let start = name.map(|name| ring.seal_field(&PersonNameStart::FIELD, name).unwrap());
    let both = name.map(|name| ring.seal_field(&PersonNameBirth::FIELD, &(birth, name)).unwrap());
    let words = name.map(|name| ring.with(|| Person::NAME_WORDS.terms(name).unwrap())).unwrap_or_default();
    let columns = [
        ring.seal_field(&PersonEmailIndex::FIELD, email).unwrap(),
        ring.seal_field(&PersonEmailNext::FIELD, email).unwrap(),
        start.unwrap_or_default(),
        both.unwrap_or_default(),
        ring.seal_field(&PersonBirthBucket::FIELD, &birth).unwrap(),
    ];
    (columns, words.into_iter().map(|term| term.into_bytes()).collect())
}

fn assert_as_written_by_the_application(world: &World, john: &str) {
    let people = [
        of_person(world, john, Some("John Doe"), 1970),
        of_person(world, "ada@example.com", None, 1815),
        of_person(world, "eve@example.com", Some("!?"), 2001),
    ];
    for (index, column) in COLUMNS.into_iter().enumerate() {
        let expected: Vec<_> = people.iter().map(|(columns, _)| columns[index].clone()).collect();
        assert_eq!(world.stored("people", column, "id"), expected, "{:?} {column}", world.kind);
    }
    let words: BTreeSet<_> = people[0].1.iter().cloned().collect();
    assert_eq!(words.len(), 2);
    let stored = world.stored("person_words", "term", "term");
    assert_eq!(stored.iter().cloned().collect::<BTreeSet<_>>(), words, "{:?}", world.kind);
    assert_eq!(
        world.database.texts("SELECT DISTINCT CAST(person_id AS CHAR(4)) AS text FROM person_words")[0]
            .trim(),
        "1"
    );
}

fn counts(report: &TableReport) -> Vec<(String, u64, u64, Option<u64>)> {
    report
        .terms
        .iter()
        .map(|terms| (terms.columns.join(","), terms.changed, terms.failed, terms.remaining))
        .collect()
}

const OWN: &str = "email_index,email_next,name_start,name_birth,birth_bucket";
const WORDS: &str = "person_words.term";

#[tokio::test]
async fn what_is_encrypted_gets_its_terms() {
    for kind in KINDS {
        let world = people(kind).await;
        let plan = Plan::new().plaintext_in("birth", "birth_plain");
        let report = world.encrypt("people", &plan).await;
        assert!(report.is_complete(), "{kind:?} {report:?}");
        let expected = [(OWN.to_owned(), 3, 0, Some(0)), (WORDS.to_owned(), 1, 0, Some(0))];
        assert_eq!(counts(&report), expected, "{kind:?}");
        assert_as_written_by_the_application(&world, "JOHN@EXAMPLE.COM");
        // A second time there is nothing to do.
        let report = world.encrypt("people", &plan).await;
        assert!(report.is_complete() && report.terms.iter().all(|terms| terms.changed == 0), "{report:?}");
        // A value that is taken away takes its terms with it, and one that was written by who knows no index gets them.
        world.sql("UPDATE people SET name = NULL WHERE id = 1");
        let email = world.keyring.seal_field(&PersonEmail::FIELD, "john@doe.example").unwrap();
        let digits: String = email.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = if kind == Kind::Postgres { format!("'\\x{digits}'") } else { format!("x'{digits}'") };
        world.sql(&format!(
            "UPDATE people SET email = {value}, email_index = NULL, email_next = NULL WHERE id = 1"
        ));
        let report = world.operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert!(report.is_complete(), "{kind:?} {report:?}");
        let (john, _) = of_person(&world, "john@doe.example", None, 1970);
        let stored = COLUMNS.map(|column| world.stored("people", column, "id")[0].clone());
        assert_eq!(stored, john, "{kind:?}");
        assert!(world.stored("person_words", "term", "term").is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn terms_follow_the_search_key() {
    for kind in KINDS {
        let world = people(kind).await;
        let plan = Plan::new().plaintext_in("birth", "birth_plain");
        world.encrypt("people", &plan).await;
        let before = world.stored("people", "email_index", "id");
        // While the next key waits, only the shadow is ahead.
        world.keyring.rotate(Purpose::Search).await.unwrap();
        let all = RunOptions::new();
        let report = world.operations.reencrypt("people", &Plan::new(), &all).await.unwrap();
        assert_eq!(counts(&report)[0], (OWN.to_owned(), 3, 0, Some(0)), "{kind:?}");
        assert_eq!(world.stored("people", "email_index", "id"), before);
        assert_ne!(world.stored("people", "email_next", "id"), before);
        assert_as_written_by_the_application(&world, "JOHN@EXAMPLE.COM");
        world.rotate(&world.keyring, Purpose::Search).await;
        let dry = world.operations.reencrypt("people", &Plan::new(), &all.clone().dry_run()).await.unwrap();
        assert_eq!((dry.terms[0].changed, dry.terms[1].changed), (3, 1), "{kind:?} {dry:?}");
        assert_eq!(world.stored("people", "email_index", "id"), before, "{kind:?}: a dry run wrote");
        let report = world.operations.reencrypt("people", &Plan::new(), &all).await.unwrap();
        let expected = [(OWN.to_owned(), 3, 0, Some(0)), (WORDS.to_owned(), 1, 0, Some(0))];
        assert_eq!(counts(&report), expected, "{kind:?}");
        assert!(report.is_complete());
        assert_as_written_by_the_application(&world, "JOHN@EXAMPLE.COM");
        let keys = world.keyring.keys().await.unwrap();
        let old = keys.iter().find(|key| key.state == KeyState::DecryptOnly).unwrap();
        assert!(world.operations.uses(old.id).await.unwrap().is_empty(), "{kind:?}");
    }
}

#[tokio::test]
async fn a_duplicate_is_told() {
    for kind in KINDS {
        let world = people(kind).await;
        world.sql("INSERT INTO people (id, email, birth_plain) VALUES (4, 'john@example.com', 1)");
        let report = world.encrypt("people", &Plan::new().plaintext_in("birth", "birth_plain")).await;
        assert_eq!((report.failed, report.remaining), (0, Some(0)), "{kind:?}");
        let terms = &report.terms[0];
        assert_eq!((terms.failed, terms.remaining), (1, Some(1)), "{kind:?} {report:?}");
        assert!(!report.is_complete());
    }
}

#[derive(Encrypted)]
#[encrypt(table = "letters", bind = id, tenant = org_id)]
struct Letter {
    id: i64,
    org_id: String,
    #[encrypt(
        encoding = "text",
        plaintext = "read",
        index(column = body_index, bits = 24),
        index(table = letter_trigrams, row = letter_id, trigrams)
    )]
    body: String,
}

#[tokio::test]
async fn tenants_bound_rows_and_text() {
    for kind in KINDS {
        let mut world = World::new(
            kind,
            "CREATE TABLE letters (id BIGINT PRIMARY KEY, org_id VARCHAR(20) NOT NULL, body <text>, body_index VARCHAR(60));
             CREATE TABLE letter_trigrams (letter_id BIGINT NOT NULL, term VARCHAR(60) NOT NULL)",
            [],
        )
        .await;
        world.operations = world.operations.declare::<Letter>();
        let long: String = ('!'..='~').filter(|letter| *letter != '\'' && *letter != '\\').collect();
        world.sql(&format!("INSERT INTO letters (id, org_id, body) VALUES (1, 'acme', 'dear all'), (2, 'globex', '{long}{long}')"));
        let report = world.encrypt("letters", &Plan::new()).await;
        assert!(report.is_complete() && report.terms.len() == 2, "{kind:?} {report:?}");
        let of = |org: &str, field: &envelope_core::Field, text: &str| {
            world
                .keyring
                .tenant(org)
                .unwrap()
                .terms_at(field, &envelope_core::Place::default().of_tenant(org), text)
                .unwrap()
        };
        let stored = world.stored("letters", "body_index", "id");
        assert_eq!(
            stored,
            [
                of("acme", &LetterBodyIndex::FIELD, "dear all"),
                of("globex", &LetterBodyIndex::FIELD, &(long.clone() + &long))
            ]
            .concat()
        );
        let mut expected = of("acme", &LetterBodyTrigrams::FIELD, "dear all");
        let globex = of("globex", &LetterBodyTrigrams::FIELD, &(long.clone() + &long));
        assert!(globex.len() > 90, "more than a statement inserts");
        expected.extend(globex);
        expected.sort();
        let mut stored = world.stored("letter_trigrams", "term", "term");
        stored.sort();
        assert_eq!(stored, expected, "{kind:?}");
        // One tenant's search key changes, and the other's terms stay.
        let acme = world.keyring.tenant("acme").unwrap();
        world.rotate(&acme, Purpose::Search).await;
        let report = world.operations.reencrypt("letters", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((report.terms[0].changed, report.terms[1].changed), (1, 1), "{kind:?} {report:?}");
        assert!(report.is_complete(), "{report:?}");
        assert_eq!(
            world.stored("letters", "body_index", "id")[0],
            of("acme", &LetterBodyIndex::FIELD, "dear all")[0]
        );
    }
}
