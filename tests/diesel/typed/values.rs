//! Identifiers, decimals, JSON, addresses and lists.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bigdecimal::BigDecimal;
use diesel::prelude::*;
use envelope_diesel::Json;
use ipnetwork::IpNetwork;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

diesel::table! {
    things (id) {
        id -> Integer,
        uuid -> Nullable<crate::typed::values::ThingUuid>,
        price -> Nullable<crate::typed::values::ThingPrice>,
        weight -> Nullable<crate::typed::values::ThingWeight>,
        meta -> Nullable<crate::typed::values::ThingMeta>,
        options -> Nullable<crate::typed::values::ThingOptions>,
        address -> Nullable<crate::typed::values::ThingAddress>,
        v4 -> Nullable<crate::typed::values::ThingV4>,
        v6 -> Nullable<crate::typed::values::ThingV6>,
        network -> Nullable<crate::typed::values::ThingNetwork>,
        tags -> Nullable<crate::typed::values::ThingTags>,
        uuids -> Nullable<crate::typed::values::ThingUuids>,
        numbers -> Nullable<crate::typed::values::ThingNumbers>,
    }
}

#[derive(
    envelope_diesel::Encrypted, Queryable, Selectable, Identifiable, Clone, Debug, Default, PartialEq,
)]
#[diesel(table_name = things)]
#[encrypt(diesel, sqlx)]
pub(crate) struct Thing {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) uuid: Option<Uuid>,
    #[encrypt]
    pub(crate) price: Option<Decimal>,
    #[encrypt]
    pub(crate) weight: Option<BigDecimal>,
    #[encrypt]
    pub(crate) meta: Option<Value>,
    #[encrypt]
    pub(crate) options: Option<Json<Options>>,
    #[encrypt(deterministic)]
    pub(crate) address: Option<IpAddr>,
    #[encrypt(deterministic)]
    pub(crate) v4: Option<Ipv4Addr>,
    #[encrypt(deterministic)]
    pub(crate) v6: Option<Ipv6Addr>,
    #[encrypt(deterministic)]
    pub(crate) network: Option<IpNetwork>,
    #[encrypt(deterministic)]
    pub(crate) tags: Option<Vec<String>>,
    #[encrypt]
    pub(crate) uuids: Option<Vec<Uuid>>,
    #[encrypt(deterministic)]
    pub(crate) numbers: Option<Vec<i64>>,
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[expect(unnameable_types, reason = "no other crate sees a test")]
pub struct Options {
    pub(crate) theme: String,
    pub(crate) sizes: BTreeMap<String, f64>,
}

/// The same table, when all of it was text.
pub(crate) mod as_text {
    diesel::table! {
        things (id) {
            id -> Integer,
            uuid -> Nullable<crate::typed::values::as_text::ThingUuid>,
            price -> Nullable<crate::typed::values::as_text::ThingPrice>,
            weight -> Nullable<crate::typed::values::as_text::ThingWeight>,
            meta -> Nullable<crate::typed::values::as_text::ThingMeta>,
            options -> Nullable<crate::typed::values::as_text::ThingOptions>,
            address -> Nullable<crate::typed::values::as_text::ThingAddress>,
            v4 -> Nullable<crate::typed::values::as_text::ThingV4>,
            v6 -> Nullable<crate::typed::values::as_text::ThingV6>,
            network -> Nullable<crate::typed::values::as_text::ThingNetwork>,
            tags -> Nullable<crate::typed::values::as_text::ThingTags>,
            uuids -> Nullable<crate::typed::values::as_text::ThingUuids>,
            numbers -> Nullable<crate::typed::values::as_text::ThingNumbers>,
        }
    }

    #[derive(envelope_diesel::Encrypted)]
    #[diesel(table_name = things)]
    pub(crate) struct Thing {
        pub(crate) id: i32,
        #[encrypt(deterministic)]
        pub(crate) uuid: Option<String>,
        #[encrypt]
        pub(crate) price: Option<String>,
        #[encrypt]
        pub(crate) weight: Option<String>,
        #[encrypt]
        pub(crate) meta: Option<String>,
        #[encrypt]
        pub(crate) options: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) address: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) v4: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) v6: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) network: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) tags: Option<String>,
        #[encrypt]
        pub(crate) uuids: Option<String>,
        #[encrypt(deterministic)]
        pub(crate) numbers: Option<String>,
    }
}

/// For `{bytes}` each database has its own name.
pub(crate) const TABLE: &str = "CREATE TABLE things (id {id}, uuid {bytes}, price {bytes}, weight {bytes}, meta {bytes}, options {bytes}, address {bytes}, v4 {bytes}, v6 {bytes}, network {bytes}, tags {bytes}, uuids {bytes}, numbers {bytes})";

/// Values as they are, at their edges, and `NULL`.
pub(crate) fn things() -> [Thing; 4] {
    let options = Options { theme: "dark".to_owned(), sizes: BTreeMap::from([("m".to_owned(), 0.1)]) };
    let plain = Thing {
        id: 1,
        uuid: Some(Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8)),
        price: Some("12.50".parse().unwrap()),
        weight: Some("-0.0010".parse().unwrap()),
        meta: Some(json!({ "b": [1, null], "a": "ü" })),
        options: Some(Json(options)),
        address: Some([192, 0, 2, 1].into()),
        v4: Some([192, 0, 2, 1].into()),
        v6: Some(Ipv6Addr::LOCALHOST),
        network: Some("10.1.2.3/8".parse().unwrap()),
        tags: Some(vec!["a".to_owned(), String::new()]),
        uuids: Some(vec![Uuid::max(), Uuid::nil()]),
        numbers: Some(vec![i64::MIN, i64::MAX]),
    };
    let low = Thing {
        id: 2,
        uuid: Some(Uuid::nil()),
        price: Some(Decimal::MIN),
        weight: Some("1e-30".parse().unwrap()),
        meta: Some(Value::Null),
        options: Some(Json(Options::default())),
        address: Some(Ipv6Addr::UNSPECIFIED.into()),
        v4: Some(Ipv4Addr::UNSPECIFIED),
        v6: Some(Ipv4Addr::LOCALHOST.to_ipv6_mapped()),
        network: Some("::/0".parse().unwrap()),
        tags: Some(Vec::new()),
        uuids: Some(Vec::new()),
        numbers: Some(Vec::new()),
    };
    let high = Thing {
        id: 3,
        uuid: Some(Uuid::max()),
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
