//! Values and their indexes are written together, in whatever way they are written.

use diesel::{Connection as _, prelude::*};
use envelope_diesel::{Encrypted, SearchDsl as _};

use super::{Connection, fixture::World};
use crate::{
    model::{Person, schema::people},
    people::person,
};

/// For inserts that borrow. It has all that the table needs but what is not encrypted.
#[derive(Encrypted)]
#[diesel(table_name = people)]
#[encrypt(columns = crate::model::Person)]
struct NewEmail<'a> {
    #[encrypt(index(column = email_index))]
    email: &'a str,
}

/// What can be changed of a person.
#[derive(Encrypted, Default)]
#[diesel(table_name = people)]
#[encrypt(columns = crate::model::Person)]
#[encrypt(index(columns = (name, birth), column = name_birth))]
struct Changes {
    #[encrypt(index(column = email_index))]
    email: Option<String>,
    #[encrypt(index(column = name_start))]
    name: Option<String>,
    #[encrypt(index(column = ssn_end), index(column = ssn_bits))]
    ssn: Option<Option<String>>,
    #[encrypt(index(column = birth_month))]
    birth: Option<chrono::NaiveDate>,
}

fn found(world: &World, db: &mut Connection, email: &str) -> Vec<i64> {
    world.keyring.with(|| people::table.filter(people::email.matches(email)).select(people::id).load(db).unwrap())
}

#[tokio::test]
async fn values_and_indexes_are_written_together() {
    let world = World::empty().await;
    let db = &mut Connection::establish(world.database.url()).unwrap();
    let some: Vec<Person> = (1..=3).map(person).collect();
    world.keyring.with(|| {
        // By reference, by value, in a batch.
        diesel::insert_into(people::table).values(&some[0]).execute(db).unwrap();
        diesel::insert_into(people::table).values(some[1].clone()).execute(db).unwrap();
        diesel::insert_into(people::table).values(&some[2..]).execute(db).unwrap();
    });
    for person in &some {
        assert_eq!(found(&world, db, &person.email.to_uppercase()), [person.id]);
    }
    world.keyring.with(|| {
        // A changeset: the one that is set, with its index.
        let changes = Changes { email: Some("New@Example.com".into()), ..Changes::default() };
        diesel::update(people::table.find(1)).set(&changes).execute(db).unwrap();
        let changes = Changes { ssn: Some(Some("123-45-6789".into())), ..Changes::default() };
        diesel::update(people::table.find(1)).set(changes).execute(db).unwrap();
    });
    assert_eq!(found(&world, db, "new@example.COM"), [1]);
    assert_eq!(found(&world, db, &some[0].email), [0_i64; 0]);
    world.keyring.with(|| {
        let query = || people::table.select(Person::as_select());
        let ends = |end| Person::SSN_END.ends_with(end).unwrap();
        assert_eq!(ends("6789").load::<Person, _, _>(query(), db).unwrap().len(), 1);
        assert_eq!(Person::SSN_BITS.equal("123456789").unwrap().count::<Person, _, _>(query(), db).unwrap(), 1);
        // `NULL` has no term.
        let changes = Changes { ssn: Some(None), ..Changes::default() };
        diesel::update(people::table.find(1)).set(&changes).execute(db).unwrap();
        assert!(!ends("6789").exists::<Person, _, _>(query(), db).unwrap());
        let none: i64 = people::table
            .filter(people::id.eq(1).and(people::ssn.is_null()).and(people::ssn_end.is_null()).and(people::ssn_bits.is_null()))
            .count()
            .get_result(db)
            .unwrap();
        assert_eq!(none, 1);
        // A part of a compound index alone cannot be changed, and nothing is.
        let changes = Changes { name: Some("Ada".into()), ..Changes::default() };
        let error = diesel::update(people::table.find(1)).set(&changes).execute(db).unwrap_err();
        assert!(error.to_string().contains("a compound index is written with all of its columns"), "{error}");
        let changes = Changes { name: Some("Ada".into()), birth: Some(some[0].birth), ..Changes::default() };
        diesel::update(people::table.find(1)).set(&changes).execute(db).unwrap();
        let by_both = people::name_birth.eq(("ADA", some[0].birth));
        assert_eq!(people::table.filter(by_both).select(people::id).load::<i64>(db).unwrap(), [1]);
        assert_eq!(Person::NAME_START.starts_with("ada").unwrap().count::<Person, _, _>(query(), db).unwrap(), 1 + some[1..].iter().filter(|person| person.name.to_lowercase().starts_with("ada")).count());
        // A value that the index does not take is refused, and nothing is written.
        let error = diesel::update(people::table.find(2)).set(&NewEmail { email: "no address" }).execute(db).unwrap_err();
        assert!(error.to_string().contains("people.email_index"), "{error}");
        // Whole.
        let mut whole: Person = query().filter(people::id.eq(2)).first(db).unwrap();
        // The city is read as it is searched.
        assert_eq!(whole, Person { city: "são paulo".into(), ..some[1].clone() });
        whole.email = "Whole@Example.com".into();
        diesel::update(people::table.find(2)).set(&whole).execute(db).unwrap();
    });
    assert_eq!(found(&world, db, "whole@example.com"), [2]);
}

/// Two people with one e-mail, whatever its case.
#[tokio::test]
async fn an_index_can_be_unique() {
    let world = World::empty().await;
    let first = person(1);
    world.insert(std::slice::from_ref(&first)).await.unwrap();
    let second = Person { email: first.email.to_uppercase(), ..person(2) };
    let error = world.insert(std::slice::from_ref(&second)).await.unwrap_err();
    assert!(error.as_database_error().unwrap().is_unique_violation(), "{error}");
    let db = &mut Connection::establish(world.database.url()).unwrap();
    let error = world.keyring.with(|| diesel::insert_into(people::table).values(&second).execute(db)).unwrap_err();
    assert!(matches!(error, diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)));
}
