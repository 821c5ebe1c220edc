//! Newtypes of the user's over types of other crates, and structs that borrow them.

use chrono::NaiveDate;
use diesel::prelude::*;
use envelope_diesel::{Json, Plaintext};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Databases, found, with_table};

diesel::table! {
    patients (id) {
        id -> Integer,
        key -> crate::types::newtypes::PatientKey,
        born -> crate::types::newtypes::PatientBorn,
        debt -> crate::types::newtypes::PatientDebt,
        notes -> crate::types::newtypes::PatientNotes,
        visits -> crate::types::newtypes::PatientVisits,
        plans -> crate::types::newtypes::PatientPlans,
    }
}

macro_rules! newtypes {
    ($($name:ident($inner:ty);)*) => {$(
        #[derive(Plaintext, Clone, Debug, PartialEq)]
        #[expect(unnameable_types, reason = "no other crate sees a test")]
        pub struct $name($inner);
    )*};
}

newtypes! {
    Key(Uuid);
    Born(NaiveDate);
    Debt(Decimal);
    Notes(Json<Vec<Value>>);
    Visits(Vec<Born>);
}

#[derive(Plaintext, Clone, Copy, Debug, PartialEq)]
#[expect(unnameable_types, reason = "no other crate sees a test")]
pub enum Plan {
    Basic,
    Dental,
}

#[derive(envelope_diesel::Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, PartialEq)]
#[diesel(table_name = patients)]
#[encrypt(diesel, sqlx)]
struct Patient {
    id: i32,
    #[encrypt(deterministic)]
    key: Key,
    #[encrypt(deterministic)]
    born: Born,
    #[encrypt]
    debt: Debt,
    #[encrypt]
    notes: Notes,
    #[encrypt(deterministic)]
    visits: Visits,
    #[encrypt]
    plans: Vec<Plan>,
}

#[derive(envelope_diesel::Encrypted)]
#[diesel(table_name = patients)]
#[encrypt(columns = Patient)]
struct NewPatient<'a> {
    #[encrypt]
    key: &'a Key,
    #[encrypt]
    born: &'a Born,
    #[encrypt]
    debt: Debt,
    #[encrypt]
    notes: &'a Notes,
    #[encrypt]
    visits: &'a Visits,
    #[encrypt]
    plans: &'a [Plan],
}

#[derive(envelope_diesel::Encrypted, Default)]
#[diesel(table_name = patients)]
#[encrypt(columns = Patient)]
struct Changes {
    #[encrypt]
    born: Option<Born>,
    #[encrypt]
    plans: Option<Vec<Plan>>,
}

fn patient() -> Patient {
    let born = NaiveDate::from_ymd_opt(1990, 5, 17).unwrap();
    Patient {
        id: 1,
        key: Key(Uuid::max()),
        born: Born(born),
        debt: Debt("10.00".parse().unwrap()),
        notes: Notes(Json(vec![json!({ "a": 1 })])),
        visits: Visits(vec![Born(born), Born(NaiveDate::MAX)]),
        plans: vec![Plan::Dental, Plan::Basic],
    }
}

#[tokio::test]
async fn newtypes_are_what_they_wrap() {
    let columns = "key BLOB NOT NULL UNIQUE, born BLOB NOT NULL, debt BLOB NOT NULL, notes BLOB NOT NULL, \
                   visits BLOB NOT NULL, plans BLOB NOT NULL";
    with_table("patients", columns, async |databases: &mut Databases| {
        let patient = patient();
        let Patient { id: _, key, born, debt, notes, visits, plans } = &patient;
        let new = NewPatient { key, born, debt: debt.clone(), notes, visits, plans };
        diesel::insert_into(patients::table).values(&new).execute(&mut databases.diesel).unwrap();
        let read = sqlx::query_as::<_, Patient>("SELECT * FROM patients").fetch_one(&databases.sqlx);
        assert_eq!(read.await.unwrap(), patient);
        let query = patients::table.filter(patients::key.eq(key).and(patients::born.eq(born.clone())));
        assert_eq!(
            query.filter(patients::visits.eq(visits)).first(&mut databases.diesel),
            Ok(patient.clone())
        );
        assert_eq!(found(Patient::BORN, Patient::BORN.lookup(born), &databases.sqlx).await, [1]);
        let changes = Changes { born: Some(Born(NaiveDate::MIN)), plans: None };
        diesel::update(patients::table).set(&changes).execute(&mut databases.diesel).unwrap();
        sqlx::query("UPDATE patients SET plans = ?, debt = ?")
            .bind(Patient::PLANS.bind(&[Plan::Basic][..]))
            .bind(Patient::DEBT.bind(Debt(Decimal::MAX)))
            .execute(&databases.sqlx)
            .await
            .unwrap();
        let read: Patient = patients::table.first(&mut databases.diesel).unwrap();
        let born = Born(NaiveDate::MIN);
        assert_eq!(read, Patient { born, plans: vec![Plan::Basic], debt: Debt(Decimal::MAX), ..patient });
    })
    .await;
}
