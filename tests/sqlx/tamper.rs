//! Who can write the tables, and has no key: values that are swapped between rows, columns, tables, tenants and keys, cut, prolonged, put
//! back; keys that are put back. Each is refused with its error by both ORMs, or, where nothing can refuse it, is what `SECURITY.md` says.

mod rows;

use std::time::Duration;

use envelope_core::{KeyError, KeyState, MalformedValue, OpenError, Purpose, Tenant};
use envelope_sqlx::QueryBuilderExt as _;
use sqlx::QueryBuilder;

use self::rows::{Due, World, open_keyring, patient};
use super::Db;
use crate::tampered::{Chart, Patient};

const HEADER: usize = 6;

#[tokio::test]
async fn values_that_are_moved() {
    let world = World::new().await;
    world.everything_opens().await;
    let cells = async |place: &str, id| world.cell(place, id).await;
    // To another row: refused where values are bound to their row, and nowhere else.
    for (place, from, due) in [
        ("patients.name", 2, Due::Is("name 2")),
        ("patients.note", 2, Due::Is("note 2")),
        ("patients.email", 2, Due::Is("2@example.com")),
        ("patients.phone", 2, Due::Is("+30140000002")),
        ("charts.body", 2, Due::NotAuthentic),
        ("charts.finding", 2, Due::NotAuthentic),
        // Of another tenant.
        ("patients.name", 3, Due::UnknownKey),
        ("patients.note", 3, Due::UnknownKey),
        ("patients.email", 3, Due::UnknownKey),
        ("patients.phone", 3, Due::UnknownKey),
        ("charts.body", 3, Due::UnknownKey),
    ] {
        world.check(place, 1, &cells(place, from).await, due, &format!("that of row {from}")).await;
    }
    // To another column of the row, and of another table.
    for (place, from, due) in [
        ("patients.name", "patients.note", Due::NotAuthentic),
        ("patients.note", "patients.name", Due::NotAuthentic),
        ("patients.name", "patients.email", Due::WrongMode),
        ("patients.email", "patients.name", Due::WrongMode),
        ("patients.name", "patients.phone", Due::WrongEncoding),
        ("charts.body", "charts.finding", Due::NotAuthentic),
        ("charts.finding", "charts.body", Due::NotAuthentic),
        ("charts.body", "patients.name", Due::NotAuthentic),
        ("patients.name", "charts.body", Due::NotAuthentic),
        ("patients.name", "archive.name", Due::NotAuthentic),
        ("patients.note", "archive.note", Due::NotAuthentic),
        ("patients.email", "archive.email", Due::NotAuthentic),
        ("patients.phone", "archive.phone", Due::NotAuthentic),
    ] {
        world.check(place, 1, &cells(from, 1).await, due, from).await;
    }
    // A row that is given to another tenant, or another id.
    for (edit, place, due) in [
        ("UPDATE patients SET org_id = 'globex' WHERE id = 1", "patients.name", Due::UnknownKey),
        ("UPDATE charts SET org_id = 'globex' WHERE id = 1", "charts.body", Due::UnknownKey),
        ("UPDATE patients SET org_id = 'nobody' WHERE id = 1", "patients.name", Due::UnknownKey),
    ] {
        world.database.sql(edit);
        world.expect(&world.keyring, place, 1, due, edit).await;
        world.database.sql(&edit.replace("globex", "acme").replace("nobody", "acme"));
    }
    world.database.sql("UPDATE charts SET id = 4 WHERE id = 1");
    world.expect(&world.keyring, "charts.body", 4, Due::NotAuthentic, "another id").await;
    world.database.sql("UPDATE charts SET id = 1 WHERE id = 4");
    // A value that is taken away is missing, and nothing says that there was one.
    for place in ["patients.note", "charts.finding"] {
        let own = cells(place, 1).await;
        let (table, column) = place.split_once('.').unwrap();
        world.database.sql(&format!("UPDATE {table} SET {column} = NULL WHERE id = 1"));
        world.expect(&world.keyring, place, 1, Due::IsNull, "NULL").await;
        world.put(place, 1, &own).await;
    }
    world.everything_opens().await;
}

#[tokio::test]
async fn values_that_are_changed() {
    let world = World::new().await;
    for place in ["patients.name", "patients.note", "patients.email", "charts.body"] {
        let own = world.cell(place, 1).await;
        let is_deterministic = place.ends_with("email");
        let overhead = if is_deterministic { 22 } else { 34 };
        let changed = |at: usize, byte: u8| {
            let mut value = own.clone();
            value[at] = byte;
            value
        };
        // Cut.
        for length in [0, 1, 2, HEADER, overhead - 1, overhead, own.len() - 1] {
            let due = match length {
                0 => Due::NotAnEnvelope,
                length if length < overhead => Due::Malformed(MalformedValue::Truncated),
                _ => Due::NotAuthentic,
            };
            world.check(place, 1, &own[..length], due, &format!("{length} bytes")).await;
        }
        // Prolonged.
        for tail in [&[0][..], &[0xFF], &own] {
            world.check(place, 1, &[&own, tail].concat(), Due::NotAuthentic, "longer").await;
        }
        world.check(place, 1, &[&[0], &own[..]].concat(), Due::NotAnEnvelope, "one byte before").await;
        // Changed in each part.
        let other_suite = if is_deterministic { 0x01 } else { 0x10 };
        for (at, byte, due) in [
            (0, 0xFF, Due::NotAnEnvelope),
            (0, 0xFD, Due::Malformed(MalformedValue::SelfContained)),
            (1, 0x03, Due::Malformed(MalformedValue::UnknownSuite(0x03))),
            (1, 0x20, Due::Malformed(MalformedValue::UnknownSuite(0x20))),
            (1, other_suite, Due::WrongMode),
            (HEADER, own[HEADER] ^ 1, Due::NotAuthentic),
            (own.len() - 1, own[own.len() - 1] ^ 0x80, Due::NotAuthentic),
        ] {
            world.check(place, 1, &changed(at, byte), due, &format!("byte {at}")).await;
        }
        // Under another key: one that the tenant has, one that nobody has, none.
        let other = world.cell(place, 2).await;
        let relabelled = [&other[..HEADER], &own[HEADER..]].concat();
        // The search key was not rotated, so that this is the value itself.
        let due = if is_deterministic { Due::Is("1@example.com") } else { Due::NotAuthentic };
        world.check(place, 1, &relabelled, due, "another key").await;
        let nobodys = [&own[..2], &[0xFF, 0xFF, 0xFF, 0xFF], &own[HEADER..]].concat();
        world.check(place, 1, &nobodys, Due::UnknownKey, "nobody's key").await;
        let of_none = [&own[..2], &[0; 4], &own[HEADER..]].concat();
        world.check(place, 1, &of_none, Due::Malformed(MalformedValue::KeyIdZero), "no key").await;
        // Parts of two.
        if !is_deterministic {
            let spliced = [&own[..18], &other[18..]].concat();
            world.check(place, 1, &spliced, Due::NotAuthentic, "another's body").await;
        }
        world.check(place, 1, b"plain", Due::NotAnEnvelope, "plaintext").await;
        world.clock.advance(Duration::from_secs(6));
    }
    let own = world.cell("patients.phone", 1).await;
    let text = String::from_utf8(own.clone()).unwrap();
    for (value, due) in [
        (text[..text.len() - 1].to_owned(), Due::Malformed(MalformedValue::Text)),
        (format!("{text}A"), Due::NotAuthentic),
        (format!("{text}AAAA"), Due::NotAuthentic),
        (format!("{text} "), Due::Malformed(MalformedValue::Text)),
        (format!("{text}="), Due::Malformed(MalformedValue::Text)),
        (text.replacen("env:", "ENV:", 1), Due::NotAnEnvelope),
        ("env:".to_owned(), Due::Malformed(MalformedValue::Text)),
        ("+49301234567".to_owned(), Due::NotAnEnvelope),
    ] {
        world.check("patients.phone", 1, value.as_bytes(), due, &value).await;
    }
    world.everything_opens().await;
}

/// Nothing that is stored can tell an earlier value of a cell from its present one. What ends it is the end of its key.
#[tokio::test]
async fn values_that_are_put_back() {
    let world = World::new().await;
    for (place, then) in
        [("patients.name", "name 1"), ("patients.email", "1@example.com"), ("patients.phone", "+30140000001"), ("charts.body", "body 1")]
    {
        let before = world.cell(place, 1).await;
        let now = Patient { name: "new".into(), email: "new@example.com".into(), phone: "new".into(), ..patient(1, "acme") };
        let now = now.seal(&world.keyring).unwrap();
        let chart = Chart { id: 1, org_id: "acme".into(), body: "new".into(), finding: None };
        let new = match place {
            "patients.name" => now.name.into_bytes(),
            "patients.email" => now.email.into_bytes(),
            "patients.phone" => now.phone.into_bytes(),
            _ => chart.seal(&world.keyring).unwrap().body.into_bytes(),
        };
        world.put(place, 1, &new).await;
        world.put(place, 1, &before).await;
        world.expect(&world.keyring, place, 1, Due::Is(then), "put back").await;
    }
    // It is found by what it was.
    let mut query = QueryBuilder::<Db>::new("SELECT id FROM patients WHERE ");
    let acme = world.keyring.tenant("acme").unwrap();
    acme.with(|| query.push_lookup(Patient::EMAIL, Patient::EMAIL.lookup("1@example.com").unwrap()));
    let found: Vec<i32> = query.build_query_scalar().fetch_all(&world.pool).await.unwrap();
    assert_eq!(found, [1]);
    // Until the key of the earlier one is retired.
    world.clock.advance(Duration::from_secs(17 * 60));
    let keys = acme.keys().await.unwrap();
    let old = keys.iter().find(|key| key.state == KeyState::DecryptOnly).unwrap().id;
    acme.retire(old).await.unwrap();
    let error = world.read(&world.keyring, "patients.name", 1).await.unwrap_err();
    assert!(matches!(error, OpenError::KeyRetired { .. }), "{error:?}");
}

/// A key table of another day: what it does not know is refused, and not made anew.
#[tokio::test]
async fn a_key_table_that_is_put_back() {
    let world = World::new().await;
    world.database.sql("CREATE TABLE former AS SELECT * FROM envelope_keys");
    let acme = world.keyring.tenant("acme").unwrap();
    let globex = world.keyring.tenant("globex").unwrap();
    for tenant in [&acme, &globex] {
        tenant.rotate(Purpose::Encrypt).await.unwrap();
    }
    world.clock.advance(Duration::from_secs(17 * 60));
    for tenant in [&acme, &globex] {
        tenant.promote(Purpose::Encrypt).await.unwrap();
    }
    world.insert(4, "acme").await;
    world.clock.advance(Duration::from_secs(17 * 60));
    world.database.sql("DELETE FROM envelope_keys; INSERT INTO envelope_keys SELECT * FROM former");
    // A process that knew better says so at the next reading of the table.
    world.clock.advance(Duration::from_secs(17 * 60));
    let error = world.read(&world.keyring, "patients.name", 4).await.unwrap_err();
    let is_due = matches!(
        &error,
        OpenError::Key { source: KeyError::RecordGone { .. } | KeyError::RecordRolledBack { .. }, .. }
    );
    assert!(is_due, "{error:?}");
    // One that starts cannot know of what is gone, and refuses what names it. What the table has, opens.
    let fresh = open_keyring(&world.kms, &world.clock, &world.database);
    world.expect(&fresh, "patients.name", 4, Due::UnknownKey, "a later key").await;
    world.expect(&fresh, "charts.body", 4, Due::UnknownKey, "a later key").await;
    for (id, name) in [(1, "name 1"), (2, "name 2"), (3, "name 3")] {
        world.expect(&fresh, "patients.name", id, Due::Is(name), "a key of then").await;
    }
    // Without any records a tenant's values are refused, and no key is made by reading them.
    world.database.sql("DELETE FROM envelope_keys");
    let fresh = open_keyring(&world.kms, &world.clock, &world.database);
    for id in [1, 2, 3, 4] {
        world.expect(&fresh, "patients.name", id, Due::UnknownKey, "no records").await;
    }
    let tenants = fresh.tenants().await.unwrap();
    assert!(tenants.iter().all(Tenant::is_default), "{tenants:?}");
}
