//! Values that are bound to their rows, and rows of tenants.

use envelope_core::{Place, Purpose, RowKey};
use envelope_sqlx::{
    Encrypted,
    ops::{Plan, RunOptions, Sample},
};
use uuid::Uuid;

use crate::world::{KINDS, Kind, World};

#[derive(Encrypted)]
#[encrypt(table = "documents", bind = (org_id, id), tenant = org_id)]
struct Document {
    org_id: String,
    id: i64,
    #[encrypt(plaintext = "read")]
    body: String,
}

#[derive(Encrypted)]
#[encrypt(table = "letters", bind = id)]
struct Letter {
    id: Uuid,
    #[encrypt(plaintext = "read")]
    body: String,
}

async fn documents(kind: Kind) -> World {
    let table = "CREATE TABLE documents (org_id VARCHAR(20), id BIGINT, body <bytes>,
                                         PRIMARY KEY (org_id, id));";
    let mut world = World::new(kind, table, []).await;
    world.operations = world.operations.declare::<Document>();
    for id in 0..50 {
        for org in ["acme", "globex", "initech"] {
            world.sql(&format!("INSERT INTO documents VALUES ('{org}', {id}, 'body {org} {id}')"));
        }
    }
    world
}

#[tokio::test]
async fn rows_are_sealed_for_their_tenant_and_their_place() {
    for kind in KINDS {
        let world = documents(kind).await;
        let batches = RunOptions::new().batch(7.try_into().unwrap()).workers(2.try_into().unwrap());
        let report = world.operations.encrypt_table("documents", &Plan::new(), &batches).await.unwrap();
        assert_eq!((report.changed, report.failed, report.remaining), (150, 0, Some(0)), "{kind:?}");
        let stored = world.stored("documents", "body", "org_id, id");
        let place = |org: &str, id: i64| {
            let row = RowKey::new(org).and(&id);
            Place::default().in_row(row).of_tenant(org)
        };
        let field = &<DocumentBody as envelope_core::Column>::FIELD;
        let open = |place, stored: &Vec<u8>| world.keyring.open_at::<String>(field, &place, &**stored);
        assert_eq!(open(place("acme", 3), &stored[3]).unwrap(), "body acme 3");
        assert_eq!(open(place("initech", 49), &stored[149]).unwrap(), "body initech 49");
        assert!(open(place("acme", 4), &stored[3]).is_err());
        assert!(open(place("globex", 3), &stored[3]).is_err());
        let drill = world.operations.verify("documents", Sample::All, &RunOptions::new()).await.unwrap();
        assert!(drill.is_green() && drill.columns[0].keys.len() == 3, "{drill:?}");
    }
}

#[tokio::test]
async fn each_tenant_is_reencrypted_from_its_own_old_key() {
    for kind in KINDS {
        let world = documents(kind).await;
        world.encrypt("documents", &Plan::new()).await;
        let acme = world.keyring.tenant("acme").unwrap();
        world.rotate(&acme, Purpose::Encrypt).await;
        let report = world.operations.reencrypt("documents", &Plan::new(), &RunOptions::new()).await.unwrap();
        assert_eq!((report.found, report.changed, report.remaining), (50, 50, Some(0)), "{kind:?}");
        let drill = world.operations.verify("documents", Sample::All, &RunOptions::new()).await.unwrap();
        assert!(drill.is_green());
        assert!(
            drill.columns.iter().flat_map(|column| &column.keys).all(|key| key.state == "active"),
            "{drill:?}"
        );
    }
}

#[tokio::test]
async fn a_row_that_was_moved_is_told() {
    let world = documents(Kind::Postgres).await;
    world.encrypt("documents", &Plan::new()).await;
    world.sql("UPDATE documents SET id = 1000 WHERE org_id = 'acme' AND id = 7");
    world.sql("INSERT INTO documents VALUES ('', 1, 'no tenant')");
    let drill = world.operations.verify("documents", Sample::All, &RunOptions::new()).await.unwrap();
    let told: Vec<_> = drill.failures.iter().map(|f| (&*f.column, &*f.row)).collect();
    assert_eq!(told, [("body", ", 1"), ("body", "acme, 1000")], "{drill:?}");
    let report = world.encrypt("documents", &Plan::new()).await;
    assert!(report.failures[0].cause.contains("tenant"), "{report:?}");
}

#[tokio::test]
async fn a_uuid_names_the_row_however_the_database_keeps_it() {
    let id = Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    for (kind, ty, value) in [
        (Kind::Postgres, "UUID", "'67e55044-10b1-426f-9247-bb680e5fe0c8'"),
        (Kind::Sqlite, "BLOB", "x'67e5504410b1426f9247bb680e5fe0c8'"),
        (Kind::Mysql, "BINARY(16)", "x'67e5504410b1426f9247bb680e5fe0c8'"),
        (Kind::Mysql, "UUID", "'67e55044-10b1-426f-9247-bb680e5fe0c8'"),
    ] {
        let mut world =
            World::new(kind, &format!("CREATE TABLE letters (id {ty} PRIMARY KEY, body <bytes>)"), []).await;
        world.operations = world.operations.declare::<Letter>();
        world.sql(&format!("INSERT INTO letters VALUES ({value}, 'dear all')"));
        let report = world.encrypt("letters", &Plan::new()).await;
        assert_eq!((report.changed, report.remaining), (1, Some(0)), "{kind:?} {ty} {report:?}");
        let stored = &world.stored("letters", "body", "id")[0];
        let opened = world.keyring.open_in_row(Letter::BODY, &RowKey::new(&id), stored);
        assert_eq!(opened.unwrap(), "dear all", "{kind:?} {ty}");
    }
}
