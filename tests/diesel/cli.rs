//! `schema.rs` as the real Diesel CLI writes it, with the files that `docs/diesel-cli.md` shows; and an application that is compiled
//! with it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use diesel::prelude::*;
use envelope_core::testing;
use envelope_diesel::{Encrypted, EncryptedExpressionMethods as _};
use envelope_tests::database::{Database, Kind};

use super::{KIND, fixture::connect, schema::users};

/// The application's `User`, in this backend's table.
#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = users)]
#[encrypt(columns = crate::models::User)]
struct User {
    id: i32,
    #[encrypt]
    email: String,
    #[encrypt]
    note: Option<String>,
}

/// What the guide shows for this backend.
pub(super) fn guide() -> PathBuf {
    let name = match KIND {
        Kind::Sqlite => "sqlite",
        Kind::Postgres => "postgres",
        Kind::Mysql => "mysql",
    };
    Path::new(env!("CARGO_MANIFEST_DIR")).join("diesel/cli").join(name)
}

pub(super) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// A project with the guide's files, and an empty database.
pub(super) struct Project(pub(super) Database);

impl Project {
    pub(super) fn new() -> Self {
        let database = Database::new(KIND);
        let (guide, folder) = (guide(), database.folder());
        let migration = "migrations/2026-01-05-000000_users";
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::create_dir_all(folder.join(migration)).unwrap();
        for file in ["diesel.toml", &format!("{migration}/up.sql"), &format!("{migration}/down.sql")] {
            fs::copy(guide.join(file), folder.join(file)).unwrap();
        }
        if KIND != Kind::Postgres {
            fs::copy(guide.join("schema.patch"), folder.join("src/schema.patch")).unwrap();
        }
        Self(database)
    }

    pub(super) fn diesel(&self, arguments: &[&str]) -> Output {
        let mut command = envelope_tests::tool("diesel");
        command.args(arguments).current_dir(self.0.folder()).env("DATABASE_URL", self.0.url());
        command.output().unwrap()
    }

    #[track_caller]
    pub(super) fn succeeds(&self, arguments: &[&str]) -> String {
        let output = self.diesel(arguments);
        assert!(output.status.success(), "diesel {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(super) fn schema(&self) -> String {
        read(self.0.folder().join("src/schema.rs"))
    }
}

#[test]
fn migrations_write_the_schema_that_the_application_is_compiled_with() {
    let project = Project::new();
    let expected = read(guide().join("schema.rs"));
    project.succeeds(&["migration", "run"]);
    assert_eq!(project.schema(), expected);
    assert_eq!(project.succeeds(&["print-schema"]), expected);
    project.succeeds(&["migration", "redo"]);
    assert_eq!(project.schema(), expected);
    project.succeeds(&["migration", "run", "--locked-schema"]);

    let (ada, bob) = (
        User { id: 1, email: "ada@example.com".to_owned(), note: Some("likes tea".to_owned()) },
        User { id: 2, email: "bob@example.com".to_owned(), note: None },
    );
    let db = &mut connect(&project.0);
    testing::keyring().with(|| {
        diesel::insert_into(users::table).values(&vec![ada, bob.clone()]).execute(db).unwrap();
        let found = users::table.filter(users::email.matches("bob@example.com"));
        assert_eq!(found.select(User::as_select()).load(db), Ok(vec![bob.clone()]));
        let again = diesel::insert_into(users::table).values(User { id: 3, ..bob }).execute(db);
        let Err(diesel::result::Error::DatabaseError(kind, _)) = again else { panic!("{again:?}") };
        assert!(matches!(kind, diesel::result::DatabaseErrorKind::UniqueViolation), "{kind:?}");
    });
}

/// Of which the guide warns.
#[test]
fn a_generated_migration_drops_encrypted_columns() {
    let project = Project::new();
    project.succeeds(&["migration", "run"]);
    project.succeeds(&["migration", "generate", "--diff-schema", "--version", "9", "change"]);
    let change = read(project.0.folder().join("migrations/9_change/up.sql"));
    assert!(change.contains("DROP COLUMN"), "{change}");
}

#[test]
fn the_guide_shows_these_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = read(root.join("docs/diesel-cli.md"));
    let files = ["diesel.toml", "migrations/2026-01-05-000000_users/up.sql", "schema.rs"];
    for file in files.iter().copied().chain((KIND != Kind::Postgres).then_some("schema.patch")) {
        let file = guide().join(file);
        assert!(text.contains(&format!("\n{}```\n", read(&file))), "{}", file.display());
    }
    assert!(text.contains(&read(root.join("tests/diesel/cli/models.rs"))));
}
