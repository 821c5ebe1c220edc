//! A tenant who leaves; the drill with the escrow key alone; and the commands within an application's own program.

use std::{fs, os::unix::fs::PermissionsExt as _, sync::Arc, time::Duration};

use envelope_core::{
    Keyring, LocalKey, MemoryStore, OpenError, Place, Purpose,
    testing::{TestClock, TestKms},
};
use envelope_sqlx::{
    cli,
    ops::{Database, Operations, Plan, RunOptions, Stop},
};
use envelope_tests::database::Database as TestDatabase;

use crate::{
    shop,
    tool::Tool,
    world::{KINDS, Kind, World, randomized, text, url},
};

#[test]
fn nothing_of_a_tenant_who_left_opens_any_more() {
    for kind in KINDS {
        let database = TestDatabase::new(kind);
        database.sql(shop::migration(kind));
        database.sql(match kind {
            Kind::Postgres => "CREATE TABLE notes (id INT PRIMARY KEY, org VARCHAR(20) NOT NULL, body BYTEA)",
            _ => "CREATE TABLE notes (id INT PRIMARY KEY, org VARCHAR(20) NOT NULL, body BLOB)",
        });
        database.sql("INSERT INTO notes VALUES (1, 'acme', 'a'), (2, 'globex', 'b'), (3, 'acme', 'c')");
        let folder = database.folder();
        LocalKey::create(folder.join("app.key")).unwrap();
        let config = format!(
            "[database]\nurl = \"{}\"\n[keyring]\napplication = \"shop\"\n\
             provider = {{ kind = \"local-key\", path = \"{}/app.key\" }}\n\
             [[table]]\nname = \"notes\"\ntenant = \"org\"\n[[table.column]]\nname = \"body\"\nplaintext = \"read\"\n",
            url(&database),
            folder.display()
        );
        fs::write(folder.join("envelope.toml"), config).unwrap();
        let tool = Tool { database };
        tool.ok("encrypt-table notes");
        tool.ok("verify");
        let said = tool.ok("shred --tenant acme --yes --cache-ttl-seconds 1");
        assert!(said.contains("2 values of notes.body stay and do not open"), "{kind:?}: {said}");
        assert!(said.contains("0 values still open") && said.contains("backups of the key table"), "{said}");
        let drill = tool.run("verify");
        assert_eq!(drill.code, 1);
        assert!(
            drill.out.contains("body: 1 opened, 2 failed") && drill.out.contains("destroyed"),
            "{}",
            drill.out
        );
        let history = tool.ok("keys history");
        assert!(
            history.contains("shred of acme: ")
                && history.contains("shred-proved of acme: 2 values tried, 0 opened"),
            "{history}"
        );
        assert_eq!(tool.run("shred --tenant acme --yes --cache-ttl-seconds 0").code, 0, "it can be repeated");
    }
}

#[test]
fn the_escrow_key_alone_opens_every_value() {
    for kind in KINDS {
        let tool = Tool::new(kind);
        let folder = tool.database.folder();
        let identity = age::x25519::Identity::generate();
        let config = fs::read_to_string(folder.join("envelope.toml")).unwrap();
        let escrow = format!(
            "application = \"shop\"\nfurther_providers = [{{ kind = \"age-recipient\", recipient = \"{}\" }}]",
            identity.to_public()
        );
        fs::write(folder.join("envelope.toml"), config.replace("application = \"shop\"", &escrow)).unwrap();
        tool.migrate("customer");
        tool.migrate("employee --plaintext-in birth_date_enc=birth_date");
        tool.ok("encrypt-table customer");
        // The provider is lost.
        fs::remove_file(folder.join("app.key")).unwrap();
        assert_ne!(tool.run("verify").code, 0);
        let file = folder.join("escrow.txt");
        fs::write(&file, secrecy::ExposeSecret::expose_secret(&identity.to_string())).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let said = tool.ok("verify --identity escrow.txt");
        assert!(said.contains("email: 59 opened, 0 failed"), "{said}");
    }
}

#[tokio::test]
async fn the_commands_run_within_an_application() {
    for kind in KINDS {
        let note = randomized("notes", "body", "notes.body");
        let world =
            World::new(kind, "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>)", [text(note)]).await;
        world.sql("INSERT INTO notes VALUES (1, 'a')");
        let run = async |arguments: &str| {
            let arguments = format!("admin {arguments}");
            let arguments = arguments.split_whitespace().map(Into::into).collect::<Vec<_>>();
            format!("{:?}", cli::run_from(world.operations.clone(), arguments).await)
        };
        assert_eq!(run("encrypt-table notes --json").await, format!("{:?}", std::process::ExitCode::SUCCESS));
        assert_eq!(run("verify").await, format!("{:?}", std::process::ExitCode::SUCCESS));
        assert_eq!(run("encrypt-table nothing").await, format!("{:?}", std::process::ExitCode::from(2)));
        assert_eq!(run("no-such-verb").await, format!("{:?}", std::process::ExitCode::from(2)));
        assert_eq!(world.stored("notes", "body", "id")[0][0], 0xFE);
    }
}

#[tokio::test]
async fn a_key_that_rows_name_is_neither_retired_nor_destroyed() {
    for kind in KINDS {
        let note = randomized("notes", "body", "notes.body");
        let world =
            World::new(kind, "CREATE TABLE notes (id INT PRIMARY KEY, body <bytes>)", [text(note)]).await;
        world.sql("INSERT INTO notes VALUES (1, 'a'), (2, 'b')");
        world.encrypt("notes", &Plan::new()).await;
        let keys = world.keyring.keys().await.unwrap();
        let old = keys.iter().find(|key| key.purpose == Purpose::Encrypt).unwrap().id;
        world.rotate(&world.keyring, Purpose::Encrypt).await;
        let error = world.operations.retire(None, old).await.unwrap_err();
        assert!(error.to_string().contains("2 rows of notes.body"), "{error}");
        // Retired past these operations, it is still not destroyed.
        world.keyring.retire(old).await.unwrap();
        assert!(world.operations.destroy(None, old).await.is_err());
        world.keyring.reinstate(old).await.unwrap();
        world.operations.reencrypt("notes", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert!(world.operations.uses(old).await.unwrap().is_empty());
    }
}

/// A process that listens forgets the keys at once, and one that does not has them until their lifetime ends.
#[tokio::test]
async fn processes_that_listen_are_told() {
    let note = randomized("notes", "body", "notes.body").of_tenants("org");
    let table = "CREATE TABLE notes (id INT PRIMARY KEY, org VARCHAR(20) NOT NULL, body <bytes>)";
    let (kms, store, clock) = (TestKms::new(), Arc::new(MemoryStore::new()), TestClock::new());
    let process = || Keyring::builder(kms.clone(), Arc::clone(&store)).clock(&clock).open();
    let world = World::new(Kind::Postgres, table, [text(note)]).await;
    let (listens, deaf, admin) =
        (process().await.unwrap(), process().await.unwrap(), process().await.unwrap());
    let place = Place::default().of_tenant("acme");
    let stored = listens.seal_at(&note, &place, "secret").unwrap();
    let open = |keyring: &Keyring| keyring.open_at::<String>(&note, &place, &*stored);
    assert_eq!(open(&deaf).unwrap(), "secret");
    let pool = sqlx::PgPool::connect(&url(&world.database)).await.unwrap();
    let task = tokio::spawn({
        let (pool, keyring) = (pool.clone(), listens.clone());
        async move { envelope_sqlx::forget_shredded(&pool, &keyring).await }
    });
    let listeners =
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    while sqlx::query(listeners).fetch_all(&pool).await.unwrap().is_empty() {
        assert!(!task.is_finished());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let operations = Operations::new(Database::from(pool), &admin).declare_columns([text(note)]);
    operations.shred("acme", Duration::ZERO, &Stop::new(), |_| {}).await.unwrap();
    for _ in 0..200 {
        if open(&listens).is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(matches!(open(&listens), Err(OpenError::KeyRetired { .. })), "{:?}", open(&listens));
    assert_eq!(open(&deaf).unwrap(), "secret", "the clock stands still, and nobody told it");
}
