//! Plaintext types of other crates: a `NULL`, the edges, and what is of another type.

use core::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use diesel::prelude::*;
use envelope_core::{OpenError, testing};
use envelope_diesel::Json;
use ipnetwork::IpNetwork;
use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice, SecretString};
use serde_json::{Value, json};
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime};
use uuid::Uuid;

use super::{
    Connection, DB,
    fixture::{open_error, without_keyring_in},
};
use crate::typed::{
    dates::{self, Moment, moments, with_time},
    newtypes::{self, Born, Changes, Debt, NewPatient, Patient, Plan, patients},
    secrets::{self, Account, accounts},
    values::{self, Options, Thing, things},
};

/// Runs a test with a keyring and a table of its own.
fn with(table: &str, test: impl FnOnce(&mut Connection)) {
    testing::keyring().with(|| without_keyring_in(table, test));
}

#[track_caller]
fn is_wrong_type<T: Debug>(column: &str, result: QueryResult<T>) {
    let error = open_error(result);
    assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("cannot open {column}: the plaintext is not ")), "{text}");
}

/// Writes a text where a field has another type, and reads it alone and in its struct.
macro_rules! wrong_types {
    ($db:ident, $as_text:ident, $table:ident, $model:ty: $($column:ident $ty:ty),* $(,)?) => {$(
        let set = $as_text::$table::$column.eq(Some("text of another type"));
        assert_eq!(diesel::update($as_text::$table::table).set(set).execute($db), Ok(1));
        let column = concat!(stringify!($table), ".", stringify!($column));
        is_wrong_type(column, $table::table.select($table::$column).first::<Option<$ty>>($db));
        is_wrong_type(column, $table::table.select(<$model>::as_select()).first($db));
        let none = $table::$column.eq(None::<$ty>);
        assert_eq!(diesel::update($table::table).set(none).execute($db), Ok(1));
        assert_eq!($table::table.select($table::$column).first::<Option<$ty>>($db), Ok(None));
    )*};
}

/// Writes rows, reads them as structs and column by column; and sees that the database has none of it.
macro_rules! round_trip {
    ($db:ident, $table:ident, $model:ty, $rows:expr, $name:literal: $($column:ident $ty:ty),* $(,)?) => {{
        let rows: Vec<$model> = $rows.into();
        assert_eq!(diesel::insert_into($table::table).values(&rows).execute($db), Ok(rows.len()));
        assert_eq!($table::table.order_by($table::id).select(<$model>::as_select()).load($db), Ok(rows.clone()));
        $(
            let read = $table::table.order_by($table::id).select($table::$column).load::<Option<$ty>>($db);
            assert_eq!(read, Ok(rows.iter().map(|row| row.$column.clone()).collect::<Vec<_>>()));
            for (row, bytes) in rows.iter().zip(stored($name, stringify!($column), $db)) {
                assert_eq!(bytes.is_some(), row.$column.is_some());
                assert!(bytes.is_none_or(|bytes| bytes.starts_with(&[0xFE])));
            }
        )*
    }};
}

/// What the database holds of a column.
fn stored(table: &str, column: &str, db: &mut Connection) -> Vec<Option<Vec<u8>>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Binary>)]
        bytes: Option<Vec<u8>>,
    }
    let query = diesel::sql_query(format!("SELECT {column} AS bytes FROM {table} ORDER BY id"));
    query.load::<Row>(db).unwrap().into_iter().map(|row| row.bytes).collect()
}

/// The ids of the rows that a condition finds.
macro_rules! ids {
    ($db:ident, $table:ident: $condition:expr) => {
        $table::table.filter($condition).order_by($table::id).select($table::id).load::<i32>($db).unwrap()
    };
}

#[test]
fn text_is_none_of_these_values() {
    use values::as_text;
    with(values::TABLE, |db| {
        diesel::insert_into(things::table).values(things::id.eq(1)).execute(db).unwrap();
        wrong_types!(db, as_text, things, Thing:
            uuid Uuid, price Decimal, weight BigDecimal, meta Value, options Json<Options>, address IpAddr, v4 Ipv4Addr,
            v6 Ipv6Addr, network IpNetwork, tags Vec<String>, uuids Vec<Uuid>, numbers Vec<i64>);
    });
}

#[test]
fn text_is_no_date() {
    use dates::as_text;
    with(dates::TABLE, |db| {
        diesel::insert_into(moments::table).values(moments::id.eq(1)).execute(db).unwrap();
        wrong_types!(db, as_text, moments, Moment:
            birth_date NaiveDate, alarm NaiveTime, local NaiveDateTime, seen DateTime<Utc>, there DateTime<FixedOffset>);
    });
}

#[test]
fn nor_is_it_one_of_the_other_crate() {
    use dates::as_text;
    use with_time::{Moment, moments};
    with(dates::TABLE, |db| {
        diesel::insert_into(moments::table).values(moments::id.eq(1)).execute(db).unwrap();
        wrong_types!(db, as_text, moments, Moment:
            birth_date Date, alarm Time, local PrimitiveDateTime, seen UtcDateTime, there OffsetDateTime);
    });
}

#[test]
fn values_at_their_edges() {
    with(values::TABLE, |db| {
        round_trip!(db, things, Thing, things(), "things":
            uuid Uuid, price Decimal, weight BigDecimal, meta Value, options Json<Options>, address IpAddr, v4 Ipv4Addr,
            v6 Ipv6Addr, network IpNetwork, tags Vec<String>, uuids Vec<Uuid>, numbers Vec<i64>);
        // Equal decimals need not look the same.
        let [plain, ..] = things();
        let price = things::table.find(1).select(things::price).first::<Option<Decimal>>(db);
        assert_eq!(price.unwrap().unwrap().to_string(), "12.50");

        let uuid = plain.uuid.unwrap();
        assert_eq!(ids!(db, things: things::uuid.eq(uuid)), [1]);
        assert_eq!(ids!(db, things: things::uuid.eq(&plain.uuid)), [1]);
        assert_eq!(ids!(db, things: things::uuid.ne_all([uuid])), [2, 3]);
        assert_eq!(ids!(db, things: things::uuid.eq_any(&[uuid, Uuid::nil()])), [1, 2]);
        assert_eq!(ids!(db, things: things::address.eq(IpAddr::from([192, 0, 2, 1]))), [1]);
        assert_eq!(ids!(db, things: things::v4.eq(Ipv4Addr::UNSPECIFIED)), [2]);
        // A mapped address is one of IPv6, and no other.
        assert_eq!(ids!(db, things: things::v6.eq(Ipv4Addr::LOCALHOST.to_ipv6_mapped())), [2]);
        assert_eq!(ids!(db, things: things::network.eq(plain.network)), [1]);
        assert_eq!(ids!(db, things: things::network.eq("10.0.0.0/8".parse::<IpNetwork>().unwrap())), [0; 0]);
        assert_eq!(ids!(db, things: things::tags.eq(["a", ""])), [1, 3]);
        assert_eq!(ids!(db, things: things::tags.eq(&plain.tags)), [1, 3]);
        assert_eq!(ids!(db, things: things::tags.eq(["", "a"])), [0; 0]);
        assert_eq!(ids!(db, things: things::numbers.eq(vec![i64::MIN, i64::MAX])), [1, 3]);
        assert_eq!(ids!(db, things: things::numbers.eq(&[0_i64; 0][..])), [2]);
        assert_eq!(ids!(db, things: things::meta.is_null()), [4]);

        let set = (
            things::meta.eq(json!([])),
            things::options.eq(None::<Json<Options>>),
            things::price.eq(Decimal::ONE),
            things::uuids.eq([Uuid::nil()]),
        );
        assert_eq!(diesel::update(things::table.filter(things::uuid.eq(uuid))).set(set).execute(db), Ok(1));
        let (meta, price, uuids) = (Some(json!([])), Some(Decimal::ONE), Some(vec![Uuid::nil()]));
        assert_eq!(things::table.find(1).first(db), Ok(Thing { meta, options: None, price, uuids, ..plain }));
    });
}

#[test]
fn dates_at_their_edges() {
    with(dates::TABLE, |db| {
        round_trip!(db, moments, Moment, moments(), "moments":
            birth_date NaiveDate, alarm NaiveTime, local NaiveDateTime, seen DateTime<Utc>, there DateTime<FixedOffset>);
        let [plain, ..] = moments();
        let date = plain.birth_date.unwrap();
        assert_eq!(ids!(db, moments: moments::birth_date.eq(&date)), [1]);
        assert_eq!(ids!(db, moments: moments::birth_date.eq(plain.birth_date)), [1]);
        assert_eq!(ids!(db, moments: moments::birth_date.ne(date)), [2]);
        assert_eq!(ids!(db, moments: moments::birth_date.is_null()), [3]);
        assert_eq!(ids!(db, moments: moments::birth_date.eq_any([date, NaiveDate::MIN])), [1, 2]);
        assert_eq!(ids!(db, moments: moments::alarm.eq(plain.alarm)), [1]);
        assert_eq!(ids!(db, moments: moments::local.eq(plain.local.unwrap())), [1]);
        assert_eq!(ids!(db, moments: moments::seen.eq(&plain.seen.unwrap())), [1]);
        assert_eq!(ids!(db, moments: moments::seen.eq(DateTime::<Utc>::MIN_UTC)), [2]);
        let there = moments::table.find(1).select(moments::there).first::<Option<DateTime<FixedOffset>>>(db);
        assert_eq!(there.unwrap().unwrap().offset().local_minus_utc(), -34_200);
    });
}

/// The edges of `time`, which are within those of `chrono`.
#[test]
fn dates_of_the_other_crate() {
    use with_time::{Moment, moments};
    let [low, high] = [(1, PrimitiveDateTime::MIN), (2, PrimitiveDateTime::MAX)].map(|(id, local)| Moment {
        id,
        birth_date: Some(local.date()),
        alarm: Some(local.time()),
        local: Some(local),
        seen: Some(local.as_utc()),
        there: Some(local.assume_utc()),
    });
    with(dates::TABLE, |db| {
        round_trip!(db, moments, Moment, [low, high, Moment { id: 3, ..Moment::default() }], "moments":
            birth_date Date, alarm Time, local PrimitiveDateTime, seen UtcDateTime, there OffsetDateTime);
        assert_eq!(ids!(db, moments: moments::birth_date.eq(Date::MAX)), [2]);
        assert_eq!(ids!(db, moments: moments::alarm.eq_any([Time::MIDNIGHT])), [1]);
        assert_eq!(ids!(db, moments: moments::local.ne(PrimitiveDateTime::MAX)), [1]);
        assert_eq!(ids!(db, moments: moments::seen.eq(UtcDateTime::MIN)), [1]);
    });
}

#[test]
fn secrets_are_searched_without_being_shown() {
    use secrets::exposed;
    with(secrets::TABLE, |db| {
        let wrong = (exposed::accounts::token.eq(vec![0xFF_u8]), exposed::accounts::pin.eq("12345"));
        diesel::insert_into(exposed::accounts::table).values(wrong).execute(db).unwrap();
        is_wrong_type("accounts.token", accounts::table.select(accounts::token).first::<SecretString>(db));
        let pin = accounts::table.select(accounts::pin).first::<Option<SecretBox<[u8; 4]>>>(db);
        is_wrong_type("accounts.pin", pin);
        diesel::delete(accounts::table).execute(db).unwrap();

        for id in [1, 2] {
            diesel::insert_into(accounts::table).values(&secrets::account(id)).execute(db).unwrap();
        }
        for id in [1, 2] {
            let token = SecretString::from(format!("token {id}"));
            let query = accounts::table.filter(accounts::token.eq(&token));
            let sql = diesel::debug_query::<DB, _>(&query).to_string();
            assert!(!sql.contains("token 1") && !sql.contains("token 2"), "{sql}");
            let read: Account = query.first(db).unwrap();
            assert_eq!(read.token.expose_secret(), token.expose_secret());
            let seed = read.seed.as_ref().map(|seed: &SecretSlice<u8>| seed.expose_secret().to_vec());
            assert_eq!(seed, (id == 1).then(|| vec![0, 255]));
            assert_eq!(read.pin.as_ref().map(|pin| *pin.expose_secret()), (id == 1).then_some([1, 2, 3, 4]));
        }
    });
}

#[test]
fn newtypes_are_what_they_wrap() {
    with(newtypes::TABLE, |db| {
        let patient = newtypes::patient();
        let Patient { id: _, uuid, born, debt, notes, visits, plans } = &patient;
        let new = NewPatient { uuid, born, debt: debt.clone(), notes, visits, plans };
        diesel::insert_into(patients::table).values(&new).execute(db).unwrap();
        let query = patients::table.filter(patients::uuid.eq(uuid).and(patients::born.eq(born.clone())));
        assert_eq!(query.filter(patients::visits.eq(visits)).first(db), Ok(patient.clone()));
        let changes = Changes { born: Some(Born(NaiveDate::MIN)), plans: Some(Vec::new()) };
        diesel::update(patients::table).set(&changes).execute(db).unwrap();
        let set = patients::debt.eq(Debt(Decimal::MAX));
        diesel::update(patients::table.filter(patients::born.eq(Born(NaiveDate::MIN)))).set(set).execute(db).unwrap();
        let born = Born(NaiveDate::MIN);
        let changed = Patient { born, plans: Vec::<Plan>::new(), debt: Debt(Decimal::MAX), ..patient };
        assert_eq!(patients::table.first(db), Ok(changed));
    });
}
