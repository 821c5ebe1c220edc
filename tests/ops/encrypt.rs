//! Plaintext becomes encrypted in its own column.

use std::num::NonZeroU32;

use envelope_core::{DeclaredColumn, Encoding, PlaintextKind, PlaintextRows};
use envelope_sqlx::{
    Encrypted,
    ops::{OpsError, Plan, RunOptions, Sample, Stop},
};

use crate::world::{KINDS, Kind, World, deterministic, randomized, text};

#[derive(Encrypted)]
#[encrypt(table = "people")]
#[expect(dead_code, reason = "its columns are what counts")]
struct Person {
    id: i64,
    #[encrypt(deterministic, plaintext = "read")]
    email: String,
    #[encrypt(plaintext = "read")]
    note: Option<String>,
}

/// As after the migration from text: the bytes of the text, in a column of bytes.
const PEOPLE: &str = "CREATE TABLE people (id BIGINT PRIMARY KEY, email <short>, note <bytes>);";

async fn people(kind: Kind, rows: u32) -> World {
    let mut world = World::new(kind, PEOPLE, []).await;
    world.operations = world.operations.declare::<Person>();
    for id in 0..rows {
        let note = if id % 3 == 0 { "NULL".into() } else { format!("'note {id} ü'") };
        world.sql(&format!("INSERT INTO people VALUES ({id}, 'p{id}@example.com', {note})"));
    }
    world
}

#[tokio::test]
async fn every_value_reads_back_and_nothing_is_left_in_plaintext() {
    for kind in KINDS {
        let world = people(kind, 100).await;
        let report = world.encrypt("people", &Plan::new()).await;
        assert_eq!(
            (report.found, report.changed, report.failed, report.remaining),
            (100, 100, 0, Some(0)),
            "{kind:?}"
        );
        assert!(report.is_complete());
        for (id, stored) in world.stored("people", "email", "id").iter().enumerate() {
            assert_eq!(stored[0], 0xFE, "{kind:?}");
            let opened: String = world.keyring.open(Person::EMAIL, stored).unwrap();
            assert_eq!(opened, format!("p{id}@example.com"));
            let candidates = world.keyring.lookup(Person::EMAIL, &opened).unwrap();
            assert!(candidates.contains(stored), "a search would not find it");
        }
        for (id, stored) in world.stored("people", "note", "id").iter().enumerate() {
            match id % 3 {
                0 => assert!(stored.is_empty(), "NULL stays NULL"),
                _ => assert_eq!(world.keyring.open(Person::NOTE, stored).unwrap(), format!("note {id} ü")),
            }
        }
        // Again: nothing is encrypted twice.
        let before = world.stored("people", "note", "id");
        let again = world.encrypt("people", &Plan::new()).await;
        assert_eq!((again.found, again.changed, again.remaining), (0, 0, Some(0)), "{kind:?}");
        assert_eq!(world.stored("people", "note", "id"), before);
    }
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_tells_what_it_would_do() {
    for kind in KINDS {
        let world = people(kind, 10).await;
        let before = world.stored("people", "email", "id");
        let options = RunOptions::new().dry_run();
        let report = world.operations.encrypt_table("people", &Plan::new(), &options).await.unwrap();
        assert_eq!((report.changed, report.remaining, report.is_dry_run), (10, None, true));
        assert_eq!(world.stored("people", "email", "id"), before);
    }
}

#[tokio::test]
async fn only_the_columns_of_the_plan_are_encrypted() {
    let world = people(Kind::Postgres, 4).await;
    world.encrypt("people", &Plan::new().column("email")).await;
    assert!(world.stored("people", "email", "id").iter().all(|stored| stored[0] == 0xFE));
    assert!(world.stored("people", "note", "id").iter().all(|stored| stored.first() != Some(&0xFE)));
    let unknown =
        world.operations.encrypt_table("people", &Plan::new().column("phone"), &RunOptions::new()).await;
    assert!(matches!(unknown, Err(OpsError::NotDeclared(name)) if name == "people.phone"));
}

#[tokio::test]
async fn a_run_that_is_stopped_goes_on_where_it_was() {
    for kind in KINDS {
        let world = people(kind, 60).await;
        let stop = Stop::new();
        let stopper = stop.clone();
        let options = RunOptions::new().batch(NonZeroU32::new(10).unwrap()).stop_by(&stop).on_progress(
            move |progress| {
                if progress.done >= 20 {
                    stopper.stop()
                }
            },
        );
        let report = world.operations.encrypt_table("people", &Plan::new(), &options).await.unwrap();
        assert!(report.is_stopped && !report.is_complete());
        assert_eq!((report.changed, report.remaining), (20, Some(40)), "{kind:?}");
        let rest = world.encrypt("people", &Plan::new()).await;
        assert_eq!((rest.changed, rest.remaining), (40, Some(0)));
    }
}

#[tokio::test]
async fn workers_share_the_rows() {
    for kind in KINDS {
        let world = people(kind, 300).await;
        let options =
            RunOptions::new().workers(NonZeroU32::new(4).unwrap()).batch(NonZeroU32::new(7).unwrap());
        let report = world.operations.encrypt_table("people", &Plan::new(), &options).await.unwrap();
        assert_eq!((report.changed, report.remaining), (300, Some(0)), "{kind:?}");
        let drill = world.operations.verify("people", Sample::All, &RunOptions::new()).await.unwrap();
        assert!(drill.is_green(), "{drill:?}");
    }
}

/// A value that only looks encrypted is neither taken for plaintext nor passed over in silence.
#[tokio::test]
async fn what_cannot_be_encrypted_is_told_and_does_not_stop_the_rest() {
    for kind in KINDS {
        let world = people(kind, 3).await;
        let damaged = if kind == Kind::Postgres { "'\\xfdff00'" } else { "x'fdff00'" };
        world.sql(&format!("INSERT INTO people VALUES (7, 'ok@example.com', {damaged})"));
        world.sql("INSERT INTO people VALUES (8, 'other@example.com', 'env:prod')");
        let not_utf8 = if kind == Kind::Postgres { "'\\x80ff'" } else { "x'80ff'" };
        world.sql(&format!("INSERT INTO people VALUES (9, 'third@example.com', {not_utf8})"));
        let report = world.encrypt("people", &Plan::new()).await;
        assert_eq!((report.failed, report.remaining), (2, Some(2)), "{kind:?}: {report:?}");
        assert!(!report.is_complete());
        let told: Vec<_> = report.failures.iter().map(|f| (&*f.column, &*f.row)).collect();
        assert_eq!(told, [("note", "8"), ("note", "9")]);
        assert!(report.failures.iter().all(|failure| !failure.cause.contains("prod")));
        // The other column of these rows was encrypted all the same.
        assert!(world.stored("people", "email", "id").iter().all(|stored| stored[0] == 0xFE), "{kind:?}");
        let drill = world.operations.verify("people", Sample::All, &RunOptions::new()).await.unwrap();
        let told: Vec<_> = drill.failures.iter().map(|f| (&*f.table, &*f.column, &*f.row)).collect();
        assert!(told.contains(&("people", "note", "7")), "{told:?}");
        assert!(!drill.is_green());
    }
}

/// Two rows of one plaintext, of which one is encrypted already: a unique index did not see it so far.
#[tokio::test]
async fn a_row_that_a_unique_index_refuses_is_told() {
    for kind in KINDS {
        let world = people(kind, 5).await;
        world.encrypt("people", &Plan::new()).await;
        world.sql("CREATE UNIQUE INDEX people_email ON people (email)");
        world.sql("INSERT INTO people VALUES (50, 'new@example.com', NULL), (51, 'p1@example.com', NULL)");
        let report = world.encrypt("people", &Plan::new()).await;
        assert_eq!(
            (report.changed, report.failed, report.remaining),
            (1, 1, Some(1)),
            "{kind:?}: {report:?}"
        );
        assert_eq!(report.failures[0].row, "51");
        assert!(!report.failures[0].cause.contains("p1@"), "{}", report.failures[0].cause);
    }
}

#[tokio::test]
async fn a_column_of_text_stays_one() {
    let columns = || {
        let note = randomized("notes", "body", "notes.body").encoding(Encoding::Text);
        let slug = deterministic("notes", "slug", "notes.slug").encoding(Encoding::Text);
        [text(note.plaintext_rows(PlaintextRows::Read)), text(slug)]
    };
    for kind in KINDS {
        let table = "CREATE TABLE notes (id VARCHAR(40) PRIMARY KEY, body <text>, slug VARCHAR(200));";
        let world = World::new(kind, table, columns()).await;
        for row in 0..20 {
            world.sql(&format!("INSERT INTO notes VALUES ('key {row}', 'body {row}', 'Slug {row}')"));
        }
        let report = world.encrypt("notes", &Plan::new()).await;
        assert_eq!((report.changed, report.remaining), (20, Some(0)), "{kind:?}");
        let [body, _] = columns();
        for stored in world.stored("notes", "body", "id") {
            assert!(stored.starts_with(b"env:/g"), "{kind:?}");
            let opened: String = world.keyring.open_field(body.field(), &stored).unwrap();
            assert!(opened.starts_with("body "));
        }
        assert_eq!(world.encrypt("notes", &Plan::new()).await.changed, 0);
    }
}

#[tokio::test]
async fn what_would_fail_in_every_row_is_refused_at_once() {
    let number = DeclaredColumn::new(randomized("people", "id", "people.id"), PlaintextKind::AnyInteger);
    for kind in KINDS {
        let world = World::new(
            kind,
            "CREATE TABLE people (id BIGINT PRIMARY KEY, email <text>);",
            [text(deterministic("people", "email", "people.email")), text(randomized("gone", "a", "gone.a"))],
        )
        .await;
        let run = async |table: &str, plan: &Plan| {
            world.operations.encrypt_table(table, plan, &RunOptions::new()).await
        };
        if kind != Kind::Sqlite {
            let error = run("people", &Plan::new()).await.unwrap_err();
            assert!(matches!(&error, OpsError::ColumnType { column, .. } if column == "email"), "{error}");
        }
        assert!(matches!(run("gone", &Plan::new()).await, Err(OpsError::NoTable(table)) if table == "gone"));
        assert!(matches!(run("nobody", &Plan::new()).await, Err(OpsError::NoTable(_))));
        let plan = Plan::new().plaintext_in("email", "email");
        let error = world.operations.reencrypt("people", &plan, &RunOptions::new()).await.unwrap_err();
        assert!(matches!(&error, OpsError::Plan { column, .. } if column == "email"), "{error}");
        let plan = Plan::new().plaintext_in("email", "mail");
        assert!(
            matches!(run("people", &plan).await, Err(OpsError::NoColumn { column, .. }) if column == "mail")
        );
        let world = World::new(kind, "CREATE TABLE people (id <bytes>, b INT PRIMARY KEY)".trim(), [number]);
        let world = if kind == Kind::Mysql {
            World::new(kind, "CREATE TABLE people (id <short>, b INT PRIMARY KEY)", [number]).await
        } else {
            world.await
        };
        let error =
            world.operations.encrypt_table("people", &Plan::new(), &RunOptions::new()).await.unwrap_err();
        assert!(
            matches!(&error, OpsError::Plan { reason, .. } if reason.contains("second column")),
            "{error}"
        );
    }
}
