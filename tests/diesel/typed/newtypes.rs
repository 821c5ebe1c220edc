//! Newtypes of the user's over types of other crates, and structs that borrow them.

use chrono::NaiveDate;
use diesel::prelude::*;
use envelope_diesel::{Json, Plaintext};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

diesel::table! {
    patients (id) {
        id -> Integer,
        uuid -> crate::typed::newtypes::PatientUuid,
        born -> crate::typed::newtypes::PatientBorn,
        debt -> crate::typed::newtypes::PatientDebt,
        notes -> crate::typed::newtypes::PatientNotes,
        visits -> crate::typed::newtypes::PatientVisits,
        plans -> crate::typed::newtypes::PatientPlans,
    }
}

macro_rules! newtypes {
    ($($name:ident($inner:ty);)*) => {$(
        #[derive(Plaintext, Clone, Debug, PartialEq)]
        #[expect(unnameable_types, reason = "no other crate sees a test")]
        pub struct $name(pub(crate) $inner);
    )*};
}

newtypes! {
    Number(Uuid);
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
pub(crate) struct Patient {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) uuid: Number,
    #[encrypt(deterministic)]
    pub(crate) born: Born,
    #[encrypt]
    pub(crate) debt: Debt,
    #[encrypt]
    pub(crate) notes: Notes,
    #[encrypt(deterministic)]
    pub(crate) visits: Visits,
    #[encrypt]
    pub(crate) plans: Vec<Plan>,
}

#[derive(envelope_diesel::Encrypted)]
#[diesel(table_name = patients)]
#[encrypt(columns = Patient)]
pub(crate) struct NewPatient<'a> {
    #[encrypt]
    pub(crate) uuid: &'a Number,
    #[encrypt]
    pub(crate) born: &'a Born,
    #[encrypt]
    pub(crate) debt: Debt,
    #[encrypt]
    pub(crate) notes: &'a Notes,
    #[encrypt]
    pub(crate) visits: &'a Visits,
    #[encrypt]
    pub(crate) plans: &'a [Plan],
}

#[derive(envelope_diesel::Encrypted, Default)]
#[diesel(table_name = patients)]
#[encrypt(columns = Patient)]
pub(crate) struct Changes {
    #[encrypt]
    pub(crate) born: Option<Born>,
    #[encrypt]
    pub(crate) plans: Option<Vec<Plan>>,
}

pub(crate) const TABLE: &str = "CREATE TABLE patients (id {id}, uuid {bytes} NOT NULL UNIQUE, born {bytes} NOT NULL, debt {bytes} NOT NULL, notes {bytes} NOT NULL, visits {bytes} NOT NULL, plans {bytes} NOT NULL)";

pub(crate) fn patient() -> Patient {
    let born = NaiveDate::from_ymd_opt(1990, 5, 17).unwrap();
    Patient {
        id: 1,
        uuid: Number(Uuid::max()),
        born: Born(born),
        debt: Debt("10.00".parse().unwrap()),
        notes: Notes(Json(vec![json!({ "a": 1 })])),
        visits: Visits(vec![Born(born), Born(NaiveDate::MAX)]),
        plans: vec![Plan::Dental, Plan::Basic],
    }
}
