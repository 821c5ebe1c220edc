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
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Databases, found, scalar, with_table, wrong_types};

diesel::table! {
    things (id) {
        id -> Integer,
        key -> Nullable<crate::types::values::ThingKey>,
        price -> Nullable<crate::types::values::ThingPrice>,
        weight -> Nullable<crate::types::values::ThingWeight>,
        meta -> Nullable<crate::types::values::ThingMeta>,
        options -> Nullable<crate::types::values::ThingOptions>,
        address -> Nullable<crate::types::values::ThingAddress>,
        v4 -> Nullable<crate::types::values::ThingV4>,
        v6 -> Nullable<crate::types::values::ThingV6>,
        network -> Nullable<crate::types::values::ThingNetwork>,
        tags -> Nullable<crate::types::values::ThingTags>,
        keys -> Nullable<crate::types::values::ThingKeys>,
        numbers -> Nullable<crate::types::values::ThingNumbers>,
    }
}

#[derive(
    envelope_diesel::Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, Default, PartialEq,
)]
#[diesel(table_name = things)]
#[encrypt(diesel, sqlx)]
struct Thing {
    id: i32,
    #[encrypt(deterministic)]
    key: Option<Uuid>,
    #[encrypt]
    price: Option<Decimal>,
    #[encrypt]
    weight: Option<BigDecimal>,
    #[encrypt]
    meta: Option<Value>,
    #[encrypt]
    options: Option<Json<Options>>,
    #[encrypt(deterministic)]
    address: Option<IpAddr>,
    #[encrypt(deterministic)]
    v4: Option<Ipv4Addr>,
    #[encrypt(deterministic)]
    v6: Option<Ipv6Addr>,
    #[encrypt(deterministic)]
    network: Option<IpNetwork>,
    #[encrypt(deterministic)]
    tags: Option<Vec<String>>,
    #[encrypt]
    keys: Option<Vec<Uuid>>,
    #[encrypt(deterministic)]
    numbers: Option<Vec<i64>>,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[expect(unnameable_types, reason = "no other crate sees a test")]
pub struct Options {
    theme: String,
    sizes: BTreeMap<String, f64>,
}

/// The same table, when all of it was text.
mod as_text {
    diesel::table! {
        things (id) {
            id -> Integer,
            key -> Nullable<crate::types::values::as_text::ThingKey>,
            price -> Nullable<crate::types::values::as_text::ThingPrice>,
            weight -> Nullable<crate::types::values::as_text::ThingWeight>,
            meta -> Nullable<crate::types::values::as_text::ThingMeta>,
            options -> Nullable<crate::types::values::as_text::ThingOptions>,
            address -> Nullable<crate::types::values::as_text::ThingAddress>,
            v4 -> Nullable<crate::types::values::as_text::ThingV4>,
            v6 -> Nullable<crate::types::values::as_text::ThingV6>,
            network -> Nullable<crate::types::values::as_text::ThingNetwork>,
            tags -> Nullable<crate::types::values::as_text::ThingTags>,
            keys -> Nullable<crate::types::values::as_text::ThingKeys>,
            numbers -> Nullable<crate::types::values::as_text::ThingNumbers>,
        }
    }

    #[derive(envelope_diesel::Encrypted)]
    #[diesel(table_name = things)]
    struct Thing {
        id: i32,
        #[encrypt(deterministic)]
        key: Option<String>,
        #[encrypt]
        price: Option<String>,
        #[encrypt]
        weight: Option<String>,
        #[encrypt]
        meta: Option<String>,
        #[encrypt]
        options: Option<String>,
        #[encrypt(deterministic)]
        address: Option<String>,
        #[encrypt(deterministic)]
        v4: Option<String>,
        #[encrypt(deterministic)]
        v6: Option<String>,
        #[encrypt(deterministic)]
        network: Option<String>,
        #[encrypt(deterministic)]
        tags: Option<String>,
        #[encrypt]
        keys: Option<String>,
        #[encrypt(deterministic)]
        numbers: Option<String>,
    }
}

async fn with_things(test: impl AsyncFnOnce(&mut Databases)) {
    let columns = "key, price, weight, meta, options, address, v4, v6, network, tags, keys, numbers";
    with_table("things", columns, test).await;
}

/// Values as they are, at their edges, and `NULL`.
fn things() -> [Thing; 4] {
    let options = Options { theme: "dark".to_owned(), sizes: BTreeMap::from([("m".to_owned(), 0.1)]) };
    let plain = Thing {
        id: 1,
        key: Some(Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8)),
        price: Some("12.50".parse().unwrap()),
        weight: Some("-0.0010".parse().unwrap()),
        meta: Some(json!({ "b": [1, null], "a": "ü" })),
        options: Some(Json(options)),
        address: Some([192, 0, 2, 1].into()),
        v4: Some([192, 0, 2, 1].into()),
        v6: Some(Ipv6Addr::LOCALHOST),
        network: Some("10.1.2.3/8".parse().unwrap()),
        tags: Some(vec!["a".to_owned(), String::new()]),
        keys: Some(vec![Uuid::max(), Uuid::nil()]),
        numbers: Some(vec![i64::MIN, i64::MAX]),
    };
    let low = Thing {
        id: 2,
        key: Some(Uuid::nil()),
        price: Some(Decimal::MIN),
        weight: Some("1e-30".parse().unwrap()),
        meta: Some(Value::Null),
        options: Some(Json(Options::default())),
        address: Some(Ipv6Addr::UNSPECIFIED.into()),
        v4: Some(Ipv4Addr::UNSPECIFIED),
        v6: Some(Ipv4Addr::LOCALHOST.to_ipv6_mapped()),
        network: Some("::/0".parse().unwrap()),
        tags: Some(Vec::new()),
        keys: Some(Vec::new()),
        numbers: Some(Vec::new()),
    };
    let high = Thing {
        id: 3,
        key: Some(Uuid::max()),
        price: Some(Decimal::MAX),
        weight: Some("123456789012345678901234567890123456789.5".parse().unwrap()),
        meta: Some(json!([u64::MAX, i64::MIN, f64::MAX])),
        address: Some(Ipv4Addr::BROADCAST.into()),
        v4: Some(Ipv4Addr::BROADCAST),
        network: Some("255.255.255.255/32".parse().unwrap()),
        ..plain.clone()
    };
    [plain, low, high, Thing { id: 4, ..Thing::default() }]
}

async fn write_by_sqlx(thing: &Thing, databases: &Databases) {
    sqlx::query("INSERT INTO things VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(thing.id)
        .bind(Thing::KEY.bind(thing.key))
        .bind(Thing::PRICE.bind(thing.price))
        .bind(Thing::WEIGHT.bind(&thing.weight))
        .bind(Thing::META.bind(&thing.meta))
        .bind(Thing::OPTIONS.bind(&thing.options))
        .bind(Thing::ADDRESS.bind(thing.address))
        .bind(Thing::V4.bind(&thing.v4))
        .bind(Thing::V6.bind(thing.v6))
        .bind(Thing::NETWORK.bind(thing.network))
        .bind(Thing::TAGS.bind(&thing.tags))
        .bind(Thing::KEYS.bind(thing.keys.as_deref()))
        .bind(Thing::NUMBERS.bind(&thing.numbers))
        .execute(&databases.sqlx)
        .await
        .unwrap();
}

#[tokio::test]
async fn text_is_none_of_them() {
    with_things(async |databases| {
        diesel::insert_into(things::table).values(things::id.eq(1)).execute(&mut databases.diesel).unwrap();
        wrong_types!(databases, things, self::as_text::things, Thing:
            key KEY Uuid, price PRICE Decimal, weight WEIGHT BigDecimal, meta META Value, options OPTIONS Json<Options>,
            address ADDRESS IpAddr, v4 V4 Ipv4Addr, v6 V6 Ipv6Addr, network NETWORK IpNetwork, tags TAGS Vec<String>,
            keys KEYS Vec<Uuid>, numbers NUMBERS Vec<i64>);
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
        let keys: Vec<Option<Uuid>> =
            things::table.select(things::key).order_by(things::id).load(&mut databases.diesel).unwrap();
        assert_eq!(keys, things().map(|thing| thing.key));
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
        let key = plain.key.unwrap();
        assert_eq!(ids!(things::key.eq(key)), [1]);
        assert_eq!(ids!(things::key.eq(&key)), [1]);
        assert_eq!(ids!(things::key.eq(&plain.key)), [1]);
        assert_eq!(ids!(things::key.ne_all([key])), [2]);
        assert_eq!(ids!(things::key.eq_any(&[key, Uuid::nil()])), [1, 2]);
        assert_eq!(ids!(things::address.eq(IpAddr::from([192, 0, 2, 1]))), [1]);
        assert_eq!(ids!(things::v4.eq(Ipv4Addr::UNSPECIFIED)), [2]);
        // A mapped address is one of IPv6, and no other.
        assert_eq!(ids!(things::v6.eq(Ipv4Addr::LOCALHOST.to_ipv6_mapped())), [2]);
        assert_eq!(ids!(things::network.eq(plain.network)), [1]);
        assert_eq!(ids!(things::network.eq("10.0.0.0/8".parse::<IpNetwork>().unwrap())), [0; 0]);
        assert_eq!(ids!(things::tags.eq(["a", ""])), [1]);
        assert_eq!(ids!(things::tags.eq(&plain.tags)), [1]);
        assert_eq!(ids!(things::tags.eq(["", "a"])), [0; 0]);
        assert_eq!(ids!(things::numbers.eq(vec![i64::MIN, i64::MAX])), [1]);
        assert_eq!(ids!(things::numbers.eq(&[0_i64; 0][..])), [2]);
        assert_eq!(ids!(things::meta.is_null()), [4]);
        let pool = &databases.sqlx;
        assert_eq!(found(Thing::KEY, Thing::KEY.lookup(key), pool).await, [1]);
        assert_eq!(found(Thing::NETWORK, Thing::NETWORK.lookup(plain.network.unwrap()), pool).await, [1]);
        assert_eq!(found(Thing::TAGS, Thing::TAGS.lookup(["a", ""]), pool).await, [1]);
        diesel::update(things::table.filter(things::key.eq(key)))
            .set((
                things::meta.eq(json!([])),
                things::options.eq(None::<Json<Options>>),
                things::price.eq(Decimal::ONE),
                things::keys.eq([Uuid::nil()]),
            ))
            .execute(&mut databases.diesel)
            .unwrap();
        let changed: Thing =
            sqlx::query_as("SELECT * FROM things WHERE id = 1").fetch_one(&databases.sqlx).await.unwrap();
        let price = Some(Decimal::ONE);
        let keys = Some(vec![Uuid::nil()]);
        assert_eq!(changed, Thing { meta: Some(json!([])), options: None, price, keys, ..plain });
        sqlx::query("DELETE FROM things WHERE id <> 1").execute(&databases.sqlx).await.unwrap();
        let key = scalar(Thing::KEY, &databases.sqlx).await.unwrap().unwrap();
        assert_eq!(Uuid::from(key), changed.key.unwrap());
    })
    .await;
}
