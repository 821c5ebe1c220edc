//! Several processes that change one key table at a time.

use std::{sync::Barrier, thread};

use diesel::{Connection, PgConnection, connection::SimpleConnection};
use envelope_core::{Commit, KeyChange, KeyId, KeyRecord, KeyState, Purpose, Tenant, WrappedKey};
use envelope_tests::database::Kind;
use pollster::block_on;

use super::{Application, ORMS, Orm, on_each_database, runtime};
use crate::support::{Email, Note};

on_each_database! {
    a_commit_on_what_has_changed_is_a_conflict,
    processes_that_start_together_agree,
}

/// A commit is made as a whole, on records that are as they were read, or not at all.
fn a_commit_on_what_has_changed_is_a_conflict(kind: Kind) {
    for orm in ORMS {
        let application = Application::new(kind);
        let keyring = application.process(orm);
        let rotated = block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
        let store = application.store(orm);
        // SQLx wants a runtime, which the keyring's thread has.
        let runtime = runtime();
        let load = || runtime.block_on(store.load(&Tenant::default())).unwrap();
        let records = load();
        let find = |wanted| records.iter().find(|record| record.state == wanted).unwrap().clone();
        let (active, pending) = (find(KeyState::Active), find(KeyState::Pending));
        let with = |record: &KeyRecord, change: fn(&mut KeyRecord)| {
            let mut changed = record.clone();
            change(&mut changed);
            changed
        };
        let next = with(&pending, |record| (record.revision, record.check) = (2, vec![2; 32]));
        let good = KeyChange::Replace { old: pending.clone(), new: next.clone() };
        let another = with(&active, |record| record.id = KeyId::new(77).unwrap());
        let stale: [fn(&mut KeyRecord); 4] = [
            |record| record.revision += 1,
            |record| record.check[0] ^= 1,
            |record| record.wrapped = Some(WrappedKey::new("local:1".into(), vec![1])),
            |record| record.wrapped = None,
        ];
        let mut refused = vec![
            vec![KeyChange::Insert(active.clone())],
            vec![KeyChange::Insert(another.clone())],
            vec![good.clone(), KeyChange::Insert(another.clone())],
            vec![KeyChange::Replace { old: another.clone(), new: another }],
        ];
        for change in stale {
            let stale = KeyChange::Replace { old: with(&pending, change), new: next.clone() };
            refused.extend([
                vec![stale.clone()],
                vec![KeyChange::Insert(with(&pending, |r| r.id = KeyId::new(78).unwrap())), stale],
            ]);
        }
        for changes in refused {
            assert_eq!(
                runtime.block_on(store.commit(&changes)).unwrap(),
                Commit::Conflict,
                "{orm:?}: {changes:?}"
            );
            assert_eq!(load(), records, "{orm:?}: {changes:?}");
        }
        assert_eq!(runtime.block_on(store.commit(std::slice::from_ref(&good))).unwrap(), Commit::Done);
        let found = load().into_iter().find(|record| record.id == rotated.id).unwrap();
        assert_eq!(found, next);
    }
}

/// A transaction that the database stops because of a deadlock is no error: it is tried again, or the records are read anew.
#[test]
fn a_deadlock_is_no_error() {
    for orm in ORMS {
        let application = Application::new(Kind::Postgres);
        let keyring = application.process(orm);
        block_on(keyring.rotate(Purpose::Encrypt)).unwrap();
        let runtime = runtime();
        let store = application.store(orm);
        let mut records = runtime.block_on(store.load(&Tenant::default())).unwrap();
        // The order in which a store changes them: what is active last.
        records.sort_by_key(|record| record.state == KeyState::Active);
        assert_ne!(records[0].state, records[1].state);
        let changes: Vec<_> = [&records[0], &records[1]]
            .into_iter()
            .map(|old| KeyChange::Replace {
                old: old.clone(),
                new: KeyRecord { revision: old.revision + 1, ..old.clone() },
            })
            .collect();
        let touch = |record: &KeyRecord| {
            format!("UPDATE envelope_keys SET state = state WHERE id = {}", record.id.get())
        };
        // The other transaction would find out later, so that it is the store's which is stopped.
        let mut other = PgConnection::establish(application.database.url()).unwrap();
        other.batch_execute("BEGIN; SET LOCAL deadlock_timeout = '60s'").unwrap();
        other.batch_execute(&touch(&records[1])).unwrap();
        let commit = thread::scope(|scope| {
            let commit = scope.spawn(|| runtime.block_on(store.commit(&changes)));
            crate::support::eventually("the store waits", || {
                let waiting = "SELECT 'x' AS text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
                !application.database.texts(waiting).is_empty()
            });
            other.batch_execute(&touch(&records[0])).unwrap();
            other.batch_execute("ROLLBACK").unwrap();
            commit.join().unwrap().unwrap()
        });
        assert_eq!(commit, if orm == Orm::Diesel { Commit::Done } else { Commit::Conflict });
    }
}

/// Eight processes that start on an empty table end with one active key for each purpose, and read each other.
fn processes_that_start_together_agree(kind: Kind) {
    for orms in [[Orm::Diesel, Orm::Diesel], [Orm::Sqlx, Orm::Sqlx], ORMS] {
        for _ in 0..3 {
            let application = Application::new(kind);
            let start = Barrier::new(8);
            let values: Vec<_> = thread::scope(|scope| {
                let (application, start) = (&application, &start);
                let threads: Vec<_> = (0..8)
                    .map(|n| {
                        scope.spawn(move || {
                            start.wait();
                            let keyring = application.process(orms[n % 2]);
                            let acme = keyring.tenant("acme").unwrap();
                            (keyring.seal(Note, "x").unwrap(), acme.seal(Email, "a@example.com").unwrap())
                        })
                    })
                    .collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let tenant = if kind == Kind::Postgres { "upper(encode(tenant, 'hex'))" } else { "hex(tenant)" };
            let rows = application.database.texts(&format!(
                "SELECT concat({tenant}, ' ', purpose, ' ', state) AS text FROM envelope_keys ORDER BY 1"
            ));
            assert_eq!(rows, [" encrypt active", " search active", "61636D65 search active"], "{orms:?}");
            let reader = application.process(orms[1]);
            for (note, email) in &values {
                assert_eq!(reader.open(Note, note).unwrap(), "x");
                assert_eq!(reader.tenant("acme").unwrap().open(Email, email).unwrap(), "a@example.com");
            }
        }
    }
}
