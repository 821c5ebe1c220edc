//! From old keys, modes, encodings and contexts to those of the declaration.

use envelope_core::{DeclaredColumn, Encoding, Field, KeyState, Purpose};
use envelope_sqlx::ops::{Plan, RunOptions, Sample};

use crate::world::{KINDS, Kind, World, deterministic, randomized, text};

const TABLE: &str = "CREATE TABLE people (id BIGINT PRIMARY KEY, email <short>, note <bytes>);";

fn columns() -> [DeclaredColumn; 2] {
    [
        text(deterministic("people", "email", "people.email")),
        text(randomized("people", "note", "people.note")),
    ]
}

async fn people(kind: Kind) -> World {
    let world = World::new(kind, TABLE, columns()).await;
    for id in 0..40 {
        world.sql(&format!("INSERT INTO people VALUES ({id}, 'p{id}@example.com', 'note {id}')"));
    }
    world.encrypt("people", &Plan::new()).await;
    world
}

/// The same database, with other declarations.
fn declared(world: &World, columns: impl IntoIterator<Item = Field>) -> World2<'_> {
    World2(world, columns.into_iter().map(text).collect())
}

struct World2<'w>(&'w World, Vec<DeclaredColumn>);

impl World2<'_> {
    async fn reencrypt(&self, plan: &Plan) -> envelope_sqlx::ops::TableReport {
        let database =
            envelope_sqlx::ops::Database::connect(&crate::world::url(&self.0.database), 4).await.unwrap();
        let operations = envelope_sqlx::ops::Operations::new(database, &self.0.keyring);
        let operations = operations.declare_columns(self.1.iter().copied());
        operations.reencrypt("people", plan, &RunOptions::new()).await.unwrap()
    }

    fn check(&self, index: usize) {
        let field = self.1[index].field();
        for (id, stored) in self.0.stored("people", field.name().column(), "id").iter().enumerate() {
            let opened: String = self.0.keyring.open_field(field, stored).unwrap();
            assert!(opened.ends_with(&format!("{id}")) || opened.starts_with(&format!("p{id}@")), "{opened}");
        }
    }
}

#[tokio::test]
async fn stale_rows_come_under_the_active_key_and_the_old_one_can_retire() {
    for kind in KINDS {
        let world = people(kind).await;
        for purpose in [Purpose::Encrypt, Purpose::Search] {
            world.rotate(&world.keyring, purpose).await;
        }
        let drill = world.operations.verify("people", Sample::All, &RunOptions::new()).await.unwrap();
        assert!(drill.columns.iter().all(|column| column.keys[0].state == "decrypt-only"), "{drill:?}");
        let report = world.operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((report.found, report.changed, report.remaining), (40, 40, Some(0)), "{kind:?}");
        for key in world.keyring.keys().await.unwrap() {
            if key.state == KeyState::DecryptOnly {
                world.keyring.retire(key.id).await.unwrap();
            }
        }
        let drill = world.operations.verify("people", Sample::All, &RunOptions::new()).await.unwrap();
        assert!(drill.is_green(), "{drill:?}");
        assert!(drill.columns.iter().all(|column| column.opened == 40 && column.keys.len() == 1));
        // The search finds them again with one candidate.
        let email = world.stored("people", "email", "id");
        let found = world.keyring.lookup_field(columns()[0].field(), "p7@example.com").unwrap();
        assert_eq!(found, [email[7].clone()]);
        let again = world.operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((again.found, again.changed), (0, 0));
    }
}

#[tokio::test]
async fn a_column_changes_its_mode() {
    for kind in KINDS {
        let world = people(kind).await;
        let other = declared(
            &world,
            [randomized("people", "email", "people.email"), deterministic("people", "note", "people.note")],
        );
        let report = other.reencrypt(&Plan::new()).await;
        assert_eq!(
            (report.changed, report.failed, report.remaining),
            (40, 0, Some(0)),
            "{kind:?}: {report:?}"
        );
        other.check(0);
        other.check(1);
    }
}

#[tokio::test]
async fn a_column_changes_its_context() {
    for kind in KINDS {
        let world = people(kind).await;
        let other = declared(&world, [randomized("people", "note", "diary")]);
        // Without being told the former context, it does not open, and there is nothing that is stale.
        let report = other.reencrypt(&Plan::new()).await;
        assert_eq!((report.found, report.changed), (0, 0));
        let plan = Plan::new().formerly("note", randomized("people", "note", "people.note"));
        let report = other.reencrypt(&plan).await;
        assert_eq!(
            (report.changed, report.failed, report.remaining),
            (40, 0, Some(0)),
            "{kind:?}: {report:?}"
        );
        other.check(0);
        assert_eq!(other.reencrypt(&plan).await.changed, 0, "what is done is not done again");
        // A wrong guess harms nothing.
        let plan = Plan::new().formerly("note", randomized("people", "note", "a.guess"));
        let third = declared(&world, [randomized("people", "note", "third")]);
        let report = third.reencrypt(&plan).await;
        assert_eq!((report.changed, report.failed), (0, 40));
        other.check(0);
    }
}

#[tokio::test]
async fn a_column_changes_its_encoding() {
    for kind in KINDS {
        let text_form = randomized("people", "note", "people.note").encoding(Encoding::Text);
        let table = "CREATE TABLE people (id BIGINT PRIMARY KEY, note <text>)";
        let world = World::new(kind, table, [text(text_form)]).await;
        world.sql("INSERT INTO people VALUES (0, 'note 0'), (1, 'note 1')");
        world.encrypt("people", &Plan::new()).await;
        match kind {
            Kind::Sqlite => {}
            Kind::Postgres => {
                world.sql("ALTER TABLE people ALTER note TYPE BYTEA USING convert_to(note, 'UTF8')")
            }
            Kind::Mysql => world.sql("ALTER TABLE people MODIFY note BLOB"),
        }
        let other = declared(&world, [randomized("people", "note", "people.note")]);
        let report = other.reencrypt(&Plan::new()).await;
        assert_eq!(
            (report.changed, report.failed, report.remaining),
            (2, 0, Some(0)),
            "{kind:?}: {report:?}"
        );
        other.check(0);
        assert!(world.stored("people", "note", "id").iter().all(|stored| stored[0] == 0xFE));
    }
}

#[tokio::test]
async fn a_column_changes_its_suite_and_its_key_is_in_use_by_either() {
    for kind in KINDS {
        let world = people(kind).await;
        let xaes = randomized("people", "note", "people.note").xaes();
        let other = declared(&world, [xaes]);
        let report = other.reencrypt(&Plan::new()).await;
        assert_eq!((report.changed, report.failed, report.remaining), (40, 0, Some(0)), "{kind:?}");
        assert!(world.stored("people", "note", "id").iter().all(|value| value[..2] == [0xFE, 2]));
        other.check(0);
        assert_eq!(other.reencrypt(&Plan::new()).await.found, 0);
        // Only values of this suite name the key now.
        let keys = world.keyring.keys().await.unwrap();
        let key = keys.iter().find(|key| key.purpose == Purpose::Encrypt).unwrap().id;
        world.rotate(&world.keyring, Purpose::Encrypt).await;
        let error = world.operations.retire(None, key).await.unwrap_err();
        assert!(error.to_string().contains("40 rows of people.note"), "{kind:?}: {error}");
        // And back.
        let report = world.operations.reencrypt("people", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((report.changed, report.failed), (40, 0), "{kind:?}");
        assert!(world.stored("people", "note", "id").iter().all(|value| value[..2] == [0xFE, 1]));
        world.operations.retire(None, key).await.unwrap();
    }
}
