//! Rows that name their tenant.

use diesel::prelude::*;
use envelope_core::{KeyError, OpenError, PlaceError, SealError, testing::{self, Fault}};
use envelope_tests::application::Application;

use super::{
    Connection,
    fixture::{open_error, seal_error, sql, with_places, without_keyring_in},
};
use crate::places::{Member, Person, SealedPerson, TABLES, member, members, people, person};

fn people_in(db: &mut Connection) -> QueryResult<Vec<Person>> {
    people::table.order_by(people::id).select(Person::as_select()).load(db)
}

#[test]
fn a_composite_id_and_a_tenant_are_bound_together() {
    with_places(|_, db| {
        let members = [member("acme", 1), member("acme", 12), member("globex", 1)];
        diesel::insert_into(members::table).values(&members[..]).execute(db).unwrap();
        let load = |db: &mut Connection| {
            members::table.order_by((members::org_id, members::number)).select(Member::as_select()).load(db)
        };
        assert_eq!(load(db).unwrap(), members);
        for (from, to, is_same_tenant) in
            [(("acme", 1), ("acme", 12), true), (("acme", 1), ("globex", 1), false)]
        {
            let row = |(org, number): (&str, i64)| format!("org_id = '{org}' AND number = {number}");
            let (from, row) = (row(from), row(to));
            sql(
                &format!("UPDATE members SET name = (SELECT name FROM members WHERE {from}) WHERE {row}"),
                db,
            );
            let error = open_error(load(db));
            assert_eq!(matches!(error, OpenError::NotAuthentic { .. }), is_same_tenant, "{error}");
            assert_eq!(matches!(error, OpenError::UnknownKey { .. }), !is_same_tenant, "{error}");
            let value = members.iter().find(|member| (&*member.org_id, member.number) == to).unwrap();
            diesel::update(members::table.find(to)).set(value).execute(db).unwrap();
            assert_eq!(load(db).unwrap(), members);
        }
    });
}

#[test]
fn a_row_opens_with_the_keys_of_its_tenant_only() {
    with_places(|keyring, db| {
        diesel::insert_into(people::table).values(&vec![person(1, 7), person(2, 8)]).execute(db).unwrap();
        assert_eq!(people_in(db).unwrap(), [person(1, 7), person(2, 8)]);
        sql("UPDATE people SET org_id = 8 WHERE id = 1", db);
        let error = open_error(people_in(db));
        assert!(matches!(&error, OpenError::UnknownKey { tenant, .. } if tenant.as_str() == "8"), "{error}");
        sql("UPDATE people SET org_id = 7 WHERE id = 1", db);
        // A keyring of one tenant does not reach for another's rows.
        let seven = keyring.tenant("7").unwrap();
        let error = seven.with(|| open_error(people_in(db)));
        let OpenError::Place { source: PlaceError::OtherTenant { row, keyring }, .. } = &error else {
            panic!("{error}")
        };
        assert_eq!((row.as_str(), keyring.as_str()), ("8", "7"));
        let error =
            seven.with(|| seal_error(diesel::insert_into(people::table).values(&person(3, 8)).execute(db)));
        assert!(matches!(error, SealError::Place { source: PlaceError::OtherTenant { .. }, .. }), "{error}");
    });
}

#[test]
fn a_search_needs_to_know_the_tenant() {
    with_places(|keyring, db| {
        diesel::insert_into(people::table).values(&vec![person(1, 7), person(2, 8)]).execute(db).unwrap();
        let find = |db: &mut Connection| {
            people::table.filter(people::email.eq("ada@example.com")).select(Person::as_select()).load(db)
        };
        let error = seal_error(find(db));
        assert!(matches!(error, SealError::Place { source: PlaceError::NoTenant, .. }), "{error}");
        assert!(error.to_string().contains("keyring.tenant("), "{error}");
        let mail = diesel::update(people::table.find(1)).set(people::email.eq("new@example.com")).execute(db);
        assert!(matches!(seal_error(mail), SealError::Place { source: PlaceError::NoTenant, .. }));
        for (id, org_id) in [(1, 7), (2, 8)] {
            let tenant = keyring.tenant(&org_id.to_string()).unwrap();
            assert_eq!(tenant.with(|| find(db)).unwrap(), [person(id, org_id)]);
            let email: String =
                tenant.with(|| people::table.find(id).select(people::email).first(db)).unwrap();
            assert_eq!(email, "ada@example.com");
        }
        let email = people::table.find(1).select(people::email).first::<String>(db);
        assert!(matches!(open_error(email), OpenError::Place { source: PlaceError::NoTenant, .. }));
    });
}

#[test]
fn a_tenant_without_a_name_is_refused() {
    with_places(|_, db| {
        let nobody = Member { org_id: String::new(), ..member("acme", 1) };
        let error = seal_error(diesel::insert_into(members::table).values(&nobody).execute(db));
        assert!(matches!(error, SealError::Place { source: PlaceError::TenantName(_), .. }), "{error}");
        let error = nobody.seal(&testing::keyring()).unwrap_err();
        assert!(matches!(error, SealError::Place { source: PlaceError::TenantName(_), .. }), "{error}");
    });
}

#[test]
fn the_rows_of_many_tenants_are_opened_with_one_fetch_of_their_keys() {
    let application = Application::start();
    let tenants = 1..=5;
    let writer = application.process();
    let names: Vec<String> = tenants.clone().map(|id| id.to_string()).collect();
    pollster::block_on(writer.warm_tenants(names.iter().map(String::as_str))).unwrap();
    without_keyring_in(TABLES, |db| {
    for id in 1..=50 {
        let sealed = person(id, (id - 1) % 5 + 1).seal(&writer).unwrap();
        diesel::insert_into(people::table).values(sealed).execute(db).unwrap();
    }
    let rows: Vec<SealedPerson> = people::table.order_by(people::id).load(db).unwrap();
    let reader = application.process();
    let cold = rows[0].clone().open(&reader).unwrap_err();
    assert!(matches!(cold, OpenError::Key { source: KeyError::NotLoaded { .. }, .. }), "{cold}");
    let unlucky = application.process();
    application.kms.fail(Fault::Outage);
    let down = SealedPerson::open_all_blocking(rows.clone(), &unlucky).unwrap_err();
    assert!(matches!(&down, OpenError::Key { source, .. } if source.is_transient()), "{down}");
    application.kms.recover();
    let calls = application.kms.calls();
    let people = SealedPerson::open_all_blocking(rows, &reader).unwrap();
    assert_eq!(people, (1..=50).map(|id| person(id, (id - 1) % 5 + 1)).collect::<Vec<_>>());
    // One for each of two keys of five tenants.
    assert_eq!(application.kms.calls() - calls, 10);
    });
}
