//! Replacing a search key: what is refused, what is locked, and how it goes on. That no duplicate passes under load is in `search`.

use envelope_core::{Column as _, KeyState, Keyring, Purpose};
use envelope_sqlx::{
    Encrypted,
    ops::{OpsError, Plan, RotationReport, RotationStep, RunOptions, Sample, Stop, Uniqueness},
};

use crate::world::{KINDS, Kind, World};

#[derive(Encrypted)]
#[encrypt(table = "accounts", tenant = org)]
struct Account {
    id: i64,
    org: String,
    #[encrypt(
        plaintext = "read",
        index(column = email_index, normalize = "email"),
        index(column = email_next, normalize = "email", shadow)
    )]
    email: String,
    #[encrypt(deterministic, plaintext = "read")]
    login: String,
}

async fn accounts(kind: Kind, constraints: &str) -> World {
    let table = format!(
        "CREATE TABLE accounts (id BIGINT PRIMARY KEY, org VARCHAR(20) NOT NULL, place INT, email <bytes>, login <short>,
                                email_index <short>, email_next <short>{constraints})"
    );
    let mut world = World::new(kind, &table, []).await;
    world.operations = world.operations.declare::<Account>();
    world.sql(
        "INSERT INTO accounts (id, org, place, email, login) VALUES (1, 'acme', 1, 'a@x.org', 'a'), (2, 'acme', 2, 'b@x.org', 'b'),
         (3, 'globex', 1, 'a@x.org', 'g')",
    );
    assert!(world.encrypt("accounts", &Plan::new()).await.is_complete());
    world
}

async fn rotate(
    world: &World,
    how: Uniqueness,
    options: &RunOptions,
    told: impl FnMut(RotationStep<'_>),
) -> Result<RotationReport, OpsError> {
    let mut told = told;
    let told = |step: RotationStep<'_>| {
        told(step);
        // Until every process knows it.
        if let RotationStep::Promoted(_) = step {
            world.pass_time();
        }
    };
    world.operations.rotate_search(Some("acme"), how, options, told).await
}

fn acme(world: &World) -> Keyring {
    world.keyring.tenant("acme").unwrap()
}

async fn key(keyring: &Keyring, state: KeyState) -> Option<String> {
    let keys = keyring.keys().await.unwrap();
    let found = keys.into_iter().find(|key| key.purpose == Purpose::Search && key.state == state);
    found.map(|key| key.id.to_string())
}

/// Triggers that are there, by their names.
fn triggers(world: &World) -> usize {
    let query = match world.kind {
        Kind::Sqlite => "SELECT name AS text FROM sqlite_master WHERE type = 'trigger'",
        Kind::Postgres => "SELECT tgname::text AS text FROM pg_trigger WHERE NOT tgisinternal",
        Kind::Mysql => {
            "SELECT trigger_name AS text FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
        }
    };
    world.database.texts(query).len()
}

#[tokio::test]
async fn what_cannot_be_kept_unique_is_refused() {
    let options = RunOptions::new();
    for (kind, constraints, more, place) in [
        (
            Kind::Postgres,
            "",
            "CREATE UNIQUE INDEX u ON accounts (email_index) WHERE place > 0",
            "accounts.email_index",
        ),
        (
            Kind::Postgres,
            "",
            "CREATE UNIQUE INDEX u ON accounts (lower(encode(login, 'hex')))",
            "accounts.login",
        ),
        (Kind::Postgres, ", EXCLUDE USING btree (login WITH =)", "", "accounts.login"),
        (Kind::Postgres, ", UNIQUE (email_index), UNIQUE (org, email_next)", "", "accounts.email_index"),
        (
            Kind::Sqlite,
            "",
            "CREATE UNIQUE INDEX u ON accounts (email_index) WHERE place > 0",
            "accounts.email_index",
        ),
        (Kind::Sqlite, "", "CREATE UNIQUE INDEX u ON accounts (hex(login))", "accounts.login"),
        (Kind::Mysql, ", h VARCHAR(400) AS (HEX(login)) STORED UNIQUE", "", "accounts.login"),
        (Kind::Mysql, ", UNIQUE (email_index), UNIQUE (email_next, place)", "", "accounts.email_index"),
    ] {
        let world = accounts(kind, constraints).await;
        if !more.is_empty() {
            world.sql(more);
        }
        world.announce(&acme(&world)).await;
        let error = rotate(&world, Uniqueness::Shadow, &options, |_| {}).await.unwrap_err();
        let said = error.to_string();
        assert!(
            matches!(error, OpsError::NotUnique { .. }) && said.contains(place),
            "{kind:?} {constraints}{more}: {said}"
        );
        assert!(world.operations.check_promotion(Some("acme")).await.is_err());
    }
    let world = accounts(Kind::Sqlite, "").await;
    let dry = options.clone().dry_run();
    assert!(matches!(rotate(&world, Uniqueness::Shadow, &dry, |_| {}).await, Err(OpsError::NoDryRun)));
}

/// With a shadow that is unique in the same way, and a column that has none and is locked; one tenant of two.
#[tokio::test]
async fn rows_of_one_tenant_are_brought_under_its_next_key() {
    for kind in KINDS {
        let world =
            accounts(kind, ", UNIQUE (org, email_index), UNIQUE (org, email_next), UNIQUE (place, login)")
                .await;
        let (acme, globex) = (acme(&world), world.keyring.tenant("globex").unwrap());
        // Another tenant's key is about to be replaced, too.
        world.announce(&globex).await;
        world.announce(&acme).await;
        let before = key(&acme, KeyState::Active).await.unwrap();
        let of_globex = world.stored("accounts", "login", "id")[2].clone();
        let mut steps = Vec::new();
        let report = rotate(&world, Uniqueness::WriteLock, &RunOptions::new(), |step| match step {
            RotationStep::Locked(columns) => {
                steps.push("locked");
                assert_eq!(columns, ["accounts.login"]);
                // Neither a value under the old key, nor another place for one: (1, b) could be there already.
                for sql in [
                    "INSERT INTO accounts (id, org, place, login) SELECT 9, org, 9, login FROM accounts WHERE id = 1",
                    "UPDATE accounts SET place = 9 WHERE id = 2",
                ] {
                    let error = world.database.try_sql(sql).unwrap_err().to_string();
                    assert!(error.contains("search key"), "{kind:?} {sql}: {error}");
                }
                world.sql("UPDATE accounts SET email_index = email_index WHERE id = 2");
                // The other tenant is not locked.
                world.sql("UPDATE accounts SET place = 3 WHERE id = 3");
            }
            RotationStep::Promoted(_) => steps.push("promoted"),
            RotationStep::Unlocked => steps.push("unlocked"),
            _ => {}
        })
        .await
        .unwrap();
        assert_eq!(steps, ["locked", "promoted", "unlocked"], "{kind:?}");
        assert_eq!(triggers(&world), 0, "{kind:?}");
        assert_ne!(report.key, before);
        assert_eq!(key(&acme, KeyState::Active).await.unwrap(), report.key);
        assert_eq!(world.stored("accounts", "login", "id")[2], of_globex, "{kind:?}: the other tenant's");
        for (field, column) in [
            (AccountLogin::FIELD, "login"),
            (AccountEmailIndex::FIELD, "email_index"),
            (AccountEmailNext::FIELD, "email_next"),
        ] {
            let value = if column == "login" { "a" } else { "a@x.org" };
            let place = envelope_core::Place::default().of_tenant("acme");
            let expected = if column == "login" {
                world.keyring.seal_at(&field, &place, value).unwrap()
            } else {
                world.keyring.terms_at(&field, &place, value).unwrap().remove(0)
            };
            assert_eq!(world.stored("accounts", column, "id")[0], expected, "{kind:?} {column}");
        }
    }
}

#[tokio::test]
async fn it_goes_on_where_it_was() {
    for kind in KINDS {
        let world = accounts(kind, ", UNIQUE (login)").await;
        let acme = acme(&world);
        // What does not open is told before anything is locked.
        world.sql("UPDATE accounts SET org = 'initech' WHERE id = 2");
        world.announce(&acme).await;
        let options = RunOptions::new();
        let error = rotate(&world, Uniqueness::WriteLock, &options, |_| {}).await.unwrap_err();
        assert!(matches!(&error, OpsError::NotRewritten { .. }), "{kind:?} {error}");
        assert_eq!(triggers(&world), 0, "{kind:?}");
        assert!(key(&acme, KeyState::Pending).await.is_some());
        world.sql("UPDATE accounts SET org = 'acme' WHERE id = 2");
        // Stopped behind the promotion: the lock stays, and the next run makes no further key.
        let stop = Stop::new();
        let stopped = RunOptions::new().stop_by(&stop);
        let error = world
            .operations
            .rotate_search(Some("acme"), Uniqueness::WriteLock, &stopped, |step| {
                if let RotationStep::Promoted(_) = step {
                    stop.stop();
                }
            })
            .await
            .unwrap_err();
        assert!(matches!(error, OpsError::Stopped), "{kind:?} {error}");
        assert!(triggers(&world) > 0, "{kind:?}");
        let promoted = key(&acme, KeyState::Active).await.unwrap();
        world.pass_time();
        let report = rotate(&world, Uniqueness::WriteLock, &options, |_| {}).await.unwrap();
        assert_eq!((report.key, triggers(&world)), (promoted, 0), "{kind:?}");
        assert!(world.operations.reencrypt("accounts", &Plan::new(), &options).await.unwrap().is_complete());
    }
}

/// As tasks of an administrator's service.
#[tokio::test]
async fn every_operation_can_be_spawned() {
    const fn is_task<T: Send>(_: &T) {}
    let world = accounts(Kind::Sqlite, "").await;
    let (operations, plan, options) = (&world.operations, &Plan::new(), &RunOptions::new());
    is_task(&operations.rotate_search(None, Uniqueness::Shadow, options, |_| {}));
    is_task(&operations.check_promotion(None));
    is_task(&operations.check_rotation(None));
    is_task(&operations.encrypt_table("accounts", plan, options));
    is_task(&operations.reencrypt("accounts", plan, options));
    is_task(&operations.decrypt_table("accounts", plan, options));
    is_task(&operations.verify("accounts", Sample::All, options));
    is_task(&operations.migration("accounts", plan));
    is_task(&operations.lint(std::time::Duration::ZERO));
    is_task(&operations.shred("acme", std::time::Duration::ZERO, &Stop::new(), |_| {}));
    let key = "00000001".parse().unwrap();
    is_task(&operations.retire(None, key));
    is_task(&operations.destroy(None, key));
}
