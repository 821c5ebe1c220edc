//! The rows that are tampered with, and what each ORM reads of them.

use std::time::Duration;

use diesel::{Connection as _, prelude::*};
use envelope_core::{
    Keyring, MalformedValue, OpenError, Purpose,
    testing::{TestClock, TestKms},
};
use envelope_sqlx::SqlxKeyStore;
use envelope_tests::database::{Database, Kind};
use sqlx::Pool;

use super::super::{BYTES, Db, DieselConnection, INDEXED, KIND, fixture::open_error, sql};
use crate::tampered::{Archived, Chart, Patient, charts, patients};

/// What comes of reading a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Due {
    NotAuthentic,
    WrongMode,
    WrongEncoding,
    UnknownKey,
    NotAnEnvelope,
    Malformed(MalformedValue),
    /// Nothing can tell: the column is this, as if nothing had happened.
    Is(&'static str),
    IsNull,
}

/// Three rows: two of one tenant, before and after a rotation, and one of another.
pub(super) struct World {
    pub(super) kms: TestKms,
    pub(super) clock: TestClock,
    pub(super) keyring: Keyring,
    pub(super) pool: Pool<Db>,
    pub(super) database: Database,
}

type Options = <<Db as sqlx::Database>::Connection as sqlx::Connection>::Options;

pub(super) fn open_keyring(kms: &TestKms, clock: &TestClock, database: &Database) -> Keyring {
    let store = SqlxKeyStore::<Db>::new(database.url().parse::<Options>().unwrap());
    let builder = Keyring::builder(kms.clone(), store).clock(clock).allow_test_provider();
    builder.open_blocking().unwrap()
}

pub(super) fn patient(id: i32, org: &str) -> Patient {
    Patient {
        id,
        org_id: org.to_owned(),
        name: format!("name {id}"),
        note: Some(format!("note {id}")),
        email: format!("{id}@example.com"),
        phone: format!("+3014000000{id}"),
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let database = Database::new(KIND);
        if KIND == Kind::Sqlite {
            database.sql("PRAGMA journal_mode = WAL");
        }
        for table in ["patients", "archive"] {
            database.sql(&format!(
                "CREATE TABLE {table} (id INTEGER PRIMARY KEY, org_id VARCHAR(20) NOT NULL, name {BYTES} NOT NULL, note {BYTES},
                 email {INDEXED} NOT NULL, phone TEXT NOT NULL)"
            ));
        }
        database.sql(&format!(
            "CREATE TABLE charts (id INTEGER PRIMARY KEY, org_id VARCHAR(20) NOT NULL, body {BYTES} NOT NULL, finding {BYTES})"
        ));
        let (kms, clock) = (TestKms::new(), TestClock::new());
        SqlxKeyStore::<Db>::new(database.url().parse::<Options>().unwrap()).create_table().await.unwrap();
        let keyring = open_keyring(&kms, &clock, &database);
        let pool = Pool::<Db>::connect(database.url()).await.unwrap();
        let world = Self { kms, clock, keyring, pool, database };
        world.insert(1, "acme").await;
        let acme = world.keyring.tenant("acme").unwrap();
        acme.rotate(Purpose::Encrypt).await.unwrap();
        world.clock.advance(Duration::from_secs(17 * 60));
        acme.promote(Purpose::Encrypt).await.unwrap();
        world.insert(2, "acme").await;
        world.insert(3, "globex").await;
        world
    }

    pub(super) async fn insert(&self, id: i32, org: &str) {
        let plain = patient(id, org);
        let Patient { name, note, email, phone, .. } = plain.clone();
        let archived = Archived { id, org_id: org.to_owned(), name, note, email, phone };
        let (archived, sealed) = (archived.seal(&self.keyring).unwrap(), plain.seal(&self.keyring).unwrap());
        let (body, finding) = (format!("body {id}"), Some(format!("finding {id}")));
        let chart = Chart { id, org_id: org.to_owned(), body, finding }.seal(&self.keyring).unwrap();
        for (table, bytes, text) in [
            (
                "patients",
                vec![
                    sealed.name.into_bytes(),
                    sealed.note.unwrap().into_bytes(),
                    sealed.email.into_bytes(),
                ],
                Some(sealed.phone.into_bytes()),
            ),
            (
                "archive",
                vec![
                    archived.name.into_bytes(),
                    archived.note.unwrap().into_bytes(),
                    archived.email.into_bytes(),
                ],
                Some(archived.phone.into_bytes()),
            ),
            ("charts", vec![chart.body.into_bytes(), chart.finding.unwrap().into_bytes()], None),
        ] {
            let columns = bytes.len() + usize::from(text.is_some());
            let insert = sql(&format!("INSERT INTO {table} VALUES (?, ?{})", ", ?".repeat(columns)));
            let mut query = sqlx::query(insert).bind(id).bind(org);
            for value in bytes {
                query = query.bind(value);
            }
            if let Some(text) = text {
                query = query.bind(String::from_utf8(text).unwrap());
            }
            query.execute(&self.pool).await.unwrap();
        }
    }

    pub(super) async fn cell(&self, place: &str, id: i32) -> Vec<u8> {
        let (table, column) = place.split_once('.').unwrap();
        let query = sql(&format!("SELECT {column} FROM {table} WHERE id = ?"));
        match column {
            "phone" => {
                let text: String = sqlx::query_scalar(query).bind(id).fetch_one(&self.pool).await.unwrap();
                text.into_bytes()
            }
            _ => sqlx::query_scalar(query).bind(id).fetch_one(&self.pool).await.unwrap(),
        }
    }

    pub(super) async fn put(&self, place: &str, id: i32, value: &[u8]) {
        let (table, column) = place.split_once('.').unwrap();
        let query = sqlx::query(sql(&format!("UPDATE {table} SET {column} = ? WHERE id = ?")));
        let query = match column {
            "phone" => query.bind(String::from_utf8(value.to_vec()).unwrap()),
            _ => query.bind(value.to_vec()),
        };
        query.bind(id).execute(&self.pool).await.unwrap();
    }

    /// A column of a row, as an ORM reads it.
    pub(super) async fn read(&self, keyring: &Keyring, place: &str, id: i32) -> Result<Option<String>, OpenError> {
        let (table, column) = place.split_once('.').unwrap();
        let select = sql(&format!("SELECT * FROM {table} WHERE id = ?"));
        let mut diesel = DieselConnection::establish(self.database.url()).unwrap();
        let (by_sqlx, by_diesel) = if table == "charts" {
            let row = keyring.scope(sqlx::query_as::<_, Chart>(select).bind(id).fetch_one(&self.pool)).await;
            let query = charts::table.find(id).select(Chart::as_select());
            (
                row.map(|chart| chart_column(chart, column)),
                keyring.with(|| query.first(&mut diesel)).map(|chart| chart_column(chart, column)),
            )
        } else {
            let row = keyring.scope(sqlx::query_as::<_, Patient>(select).bind(id).fetch_one(&self.pool)).await;
            let query = patients::table.find(id).select(Patient::as_select());
            (
                row.map(|patient| patient_column(patient, column)),
                keyring.with(|| query.first(&mut diesel)).map(|patient| patient_column(patient, column)),
            )
        };
        match (by_sqlx, by_diesel) {
            (Ok(one), Ok(other)) => {
                assert_eq!(one, other);
                Ok(one)
            }
            (one @ Err(_), Err(diesel::result::Error::DeserializationError(other))) => {
                let one = open_error(one);
                let other = other.source().unwrap().downcast_ref::<OpenError>().unwrap();
                assert_eq!(one.to_string(), other.to_string(), "{place}");
                assert_eq!(one.field().to_string(), place, "{one}");
                Err(one)
            }
            (one, other) => panic!("{place}: by SQLx {one:?}, by Diesel {other:?}"),
        }
    }

    pub(super) async fn expect(&self, keyring: &Keyring, place: &str, id: i32, due: Due, what: &str) {
        let found = match self.read(keyring, place, id).await {
            Err(OpenError::NotAuthentic { .. }) => Due::NotAuthentic,
            Err(OpenError::WrongMode { .. }) => Due::WrongMode,
            Err(OpenError::WrongEncoding { .. }) => Due::WrongEncoding,
            Err(OpenError::UnknownKey { .. }) => Due::UnknownKey,
            Err(OpenError::NotAnEnvelope { .. }) => Due::NotAnEnvelope,
            Err(OpenError::Malformed { reason, .. }) => Due::Malformed(reason),
            Err(error) => panic!("{place}, {what}: {error:?}"),
            Ok(None) => Due::IsNull,
            Ok(Some(text)) => match due {
                Due::Is(expected) if expected == text => due,
                _ => panic!("{place}, {what}: it is {text:?}, and {due:?} is due"),
            },
        };
        assert_eq!(found, due, "{place}, {what}");
    }

    /// The row is read with another value in a column, which then gets its own back.
    pub(super) async fn check(&self, place: &str, id: i32, value: &[u8], due: Due, what: &str) {
        let own = self.cell(place, id).await;
        self.put(place, id, value).await;
        self.expect(&self.keyring, place, id, due, what).await;
        self.put(place, id, &own).await;
    }

    pub(super) async fn everything_opens(&self) {
        for (id, org) in [(1, "acme"), (2, "acme"), (3, "globex")] {
            let row: Patient = self.keyring
                .scope(sqlx::query_as(sql("SELECT * FROM patients WHERE id = ?")).bind(id).fetch_one(&self.pool))
                .await
                .unwrap();
            assert_eq!(row, patient(id, org));
            let body = self.read(&self.keyring, "charts.body", id).await.unwrap();
            assert_eq!(body.unwrap(), format!("body {id}"));
        }
    }
}

fn patient_column(patient: Patient, column: &str) -> Option<String> {
    match column {
        "name" => Some(patient.name),
        "note" => patient.note,
        "email" => Some(patient.email),
        "phone" => Some(patient.phone),
        other => panic!("{other}"),
    }
}

fn chart_column(chart: Chart, column: &str) -> Option<String> {
    match column {
        "body" => Some(chart.body),
        "finding" => chart.finding,
        other => panic!("{other}"),
    }
}

