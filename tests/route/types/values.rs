//! Identifiers, decimals, JSON, addresses and lists.

use std::{
    collections::BTreeMap,
    error::Error as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bigdecimal::BigDecimal;
use diesel::prelude::*;
use envelope_diesel::{Json, SealError};
use ipnetwork::IpNetwork;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Databases, found, scalar, with_table, wrong_types};
use crate::typed::values::{Options, TABLE, Thing, as_text, things};

async fn with_things(test: impl AsyncFnOnce(&mut Databases)) {
    with_table(TABLE, test).await;
}

async fn write_by_sqlx(thing: &Thing, databases: &Databases) {
    sqlx::query("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(thing.id)
        .bind(Thing::UUID.bind(thing.uuid))
        .bind(Thing::PRICE.bind(thing.price))
        .bind(Thing::WEIGHT.bind(&thing.weight))
        .bind(Thing::META.bind(&thing.meta))
        .bind(Thing::OPTIONS.bind(&thing.options))
        .bind(Thing::ADDRESS.bind(thing.address))
        .bind(Thing::V4.bind(&thing.v4))
        .bind(Thing::V6.bind(thing.v6))
        .bind(Thing::NETWORK.bind(thing.network))
        .bind(Thing::TAGS.bind(&thing.tags))
        .bind(Thing::UUIDS.bind(thing.uuids.as_deref()))
        .bind(Thing::NUMBERS.bind(&thing.numbers))
        .execute(&databases.sqlx)
        .await
        .unwrap();
}

#[tokio::test]
async fn text_is_none_of_them() {
    with_things(async |databases| {
        diesel::insert_into(things::table).values(things::id.eq(1)).execute(&mut databases.diesel).unwrap();
        wrong_types!(databases, things, as_text::things, Thing:
            uuid UUID Uuid, price PRICE Decimal, weight WEIGHT BigDecimal, meta META Value, options OPTIONS Json<Options>,
            address ADDRESS IpAddr, v4 V4 Ipv4Addr, v6 V6 Ipv6Addr, network NETWORK IpNetwork, tags TAGS Vec<String>,
            uuids UUIDS Vec<Uuid>, numbers NUMBERS Vec<i64>);
    })
    .await;
}

/// Once stored it could not be read.
#[tokio::test]
async fn json_that_would_not_come_back() {
    with_things(async |databases| {
        let sizes = BTreeMap::from([("m".to_owned(), f64::NAN)]);
        let thing =
            Thing { options: Some(Json(Options { sizes, ..Options::default() })), ..Thing::default() };
        let error =
            diesel::insert_into(things::table).values(&thing).execute(&mut databases.diesel).unwrap_err();
        let by_diesel = error.source().unwrap().downcast_ref::<SealError>().unwrap().clone();
        for error in [by_diesel, Thing::OPTIONS.seal(&thing.options).unwrap_err()] {
            assert!(matches!(error, SealError::Plaintext { .. }), "{error}");
            assert!(error.to_string().starts_with("cannot seal things.options: "), "{error}");
        }
        assert_eq!(things::table.count().get_result(&mut databases.diesel), Ok(0_i64));
    })
    .await;
}

#[tokio::test]
async fn each_reads_what_the_other_wrote() {
    with_things(async |databases| {
        let [plain, low, high, nothing] = things();
        diesel::insert_into(things::table).values(&[plain, nothing]).execute(&mut databases.diesel).unwrap();
        write_by_sqlx(&low, databases).await;
        write_by_sqlx(&high, databases).await;
        let by_diesel = things::table.order_by(things::id).load::<Thing>(&mut databases.diesel).unwrap();
        assert_eq!(by_diesel, things());
        let by_sqlx =
            sqlx::query_as::<_, Thing>("SELECT * FROM things ORDER BY id").fetch_all(&databases.sqlx);
        assert_eq!(by_sqlx.await.unwrap(), things());
        // Equal decimals need not look the same.
        assert_eq!(by_diesel[0].price.unwrap().to_string(), "12.50");
        assert_eq!(by_diesel[0].weight.as_ref().unwrap().fractional_digit_count(), 4);
        let uuids: Vec<Option<Uuid>> =
            things::table.select(things::uuid).order_by(things::id).load(&mut databases.diesel).unwrap();
        assert_eq!(uuids, things().map(|thing| thing.uuid));
    })
    .await;
}

#[tokio::test]
async fn each_finds_and_changes_a_value() {
    with_things(async |databases| {
        let [plain, low, _, nothing] = things();
        write_by_sqlx(&plain, databases).await;
        diesel::insert_into(things::table)
            .values(&vec![low, nothing])
            .execute(&mut databases.diesel)
            .unwrap();
        macro_rules! ids {
            ($condition:expr) => {
                things::table
                    .filter($condition)
                    .select(things::id)
                    .load::<i32>(&mut databases.diesel)
                    .unwrap()
            };
        }
        let uuid = plain.uuid.unwrap();
        assert_eq!(ids!(things::uuid.eq(uuid)), [1]);
        assert_eq!(ids!(things::address.eq(plain.address)), [1]);
        assert_eq!(ids!(things::network.eq(plain.network)), [1]);
        assert_eq!(ids!(things::tags.eq(&plain.tags)), [1]);
        let pool = &databases.sqlx;
        assert_eq!(found(Thing::UUID, Thing::UUID.lookup(uuid), pool).await, [1]);
        assert_eq!(found(Thing::NETWORK, Thing::NETWORK.lookup(plain.network.unwrap()), pool).await, [1]);
        assert_eq!(found(Thing::TAGS, Thing::TAGS.lookup(["a", ""]), pool).await, [1]);
        diesel::update(things::table.filter(things::uuid.eq(uuid)))
            .set((
                things::meta.eq(json!([])),
                things::options.eq(None::<Json<Options>>),
                things::price.eq(Decimal::ONE),
                things::uuids.eq([Uuid::nil()]),
            ))
            .execute(&mut databases.diesel)
            .unwrap();
        let changed: Thing =
            sqlx::query_as("SELECT * FROM things WHERE id = 1").fetch_one(&databases.sqlx).await.unwrap();
        let price = Some(Decimal::ONE);
        let uuids = Some(vec![Uuid::nil()]);
        assert_eq!(changed, Thing { meta: Some(json!([])), options: None, price, uuids, ..plain });
        sqlx::query("DELETE FROM things WHERE id <> 1").execute(&databases.sqlx).await.unwrap();
        let uuid = scalar(Thing::UUID, &databases.sqlx).await.unwrap().unwrap();
        assert_eq!(Uuid::from(uuid), changed.uuid.unwrap());
    })
    .await;
}
