//! Newtypes of the user's over types of other crates, and structs that borrow them.

use chrono::NaiveDate;
use diesel::prelude::*;
use rust_decimal::Decimal;

use super::{Databases, found, with_table};
use crate::typed::newtypes::{Born, Changes, Debt, NewPatient, Patient, Plan, TABLE, patient, patients};

#[tokio::test]
async fn newtypes_are_what_they_wrap() {
    with_table(TABLE, async |databases: &mut Databases| {
        let patient = patient();
        let Patient { id: _, uuid, born, debt, notes, visits, plans } = &patient;
        let new = NewPatient { uuid, born, debt: debt.clone(), notes, visits, plans };
        diesel::insert_into(patients::table).values(&new).execute(&mut databases.diesel).unwrap();
        let read = sqlx::query_as::<_, Patient>("SELECT * FROM patients").fetch_one(&databases.sqlx);
        assert_eq!(read.await.unwrap(), patient);
        let query = patients::table.filter(patients::uuid.eq(uuid).and(patients::born.eq(born.clone())));
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
