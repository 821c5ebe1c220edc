//! Models with every plaintext type that needs no other crate.

use std::sync::Arc;

use diesel::prelude::*;
use envelope_diesel::{Encrypted, Plaintext};

diesel::table! {
    integers (id) {
        id -> Integer,
        int8 -> crate::scalars::IntegersInt8,
        int16 -> crate::scalars::IntegersInt16,
        int32 -> crate::scalars::IntegersInt32,
        int64 -> crate::scalars::IntegersInt64,
        int128 -> crate::scalars::IntegersInt128,
        int_size -> crate::scalars::IntegersIntSize,
        uint8 -> crate::scalars::IntegersUint8,
        uint16 -> crate::scalars::IntegersUint16,
        uint32 -> crate::scalars::IntegersUint32,
        uint64 -> crate::scalars::IntegersUint64,
        uint128 -> crate::scalars::IntegersUint128,
        uint_size -> Nullable<crate::scalars::IntegersUintSize>,
    }
}

diesel::table! {
    others (id) {
        id -> Integer,
        bytes -> crate::scalars::OthersBytes,
        boolean -> crate::scalars::OthersBoolean,
        single -> crate::scalars::OthersSingle,
        double -> crate::scalars::OthersDouble,
        array -> crate::scalars::OthersArray,
        boxed -> crate::scalars::OthersBoxed,
        shared -> Nullable<crate::scalars::OthersShared>,
        iban -> crate::scalars::OthersIban,
        plan -> Nullable<crate::scalars::OthersPlan>,
    }
}

#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = integers)]
pub(crate) struct Integers {
    pub(crate) id: i32,
    #[encrypt]
    pub(crate) int8: i8,
    #[encrypt(deterministic)]
    pub(crate) int16: i16,
    #[encrypt(deterministic)]
    pub(crate) int32: i32,
    #[encrypt(deterministic)]
    pub(crate) int64: i64,
    #[encrypt(deterministic)]
    pub(crate) int128: i128,
    #[encrypt]
    pub(crate) int_size: isize,
    #[encrypt(deterministic, allow_low_cardinality)]
    pub(crate) uint8: u8,
    #[encrypt(deterministic)]
    pub(crate) uint16: u16,
    #[encrypt(deterministic)]
    pub(crate) uint32: u32,
    #[encrypt(deterministic)]
    pub(crate) uint64: u64,
    #[encrypt(deterministic)]
    pub(crate) uint128: u128,
    #[encrypt]
    pub(crate) uint_size: Option<usize>,
}

#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = others)]
pub(crate) struct Others {
    pub(crate) id: i32,
    #[encrypt(deterministic)]
    pub(crate) bytes: Vec<u8>,
    #[encrypt]
    pub(crate) boolean: bool,
    #[encrypt]
    pub(crate) single: f32,
    #[encrypt]
    pub(crate) double: f64,
    #[encrypt(deterministic)]
    pub(crate) array: [u8; 4],
    #[encrypt]
    pub(crate) boxed: Box<str>,
    #[encrypt]
    pub(crate) shared: Option<Arc<[u8]>>,
    #[encrypt(deterministic)]
    pub(crate) iban: Iban,
    #[encrypt(deterministic, allow_low_cardinality)]
    pub(crate) plan: Option<Plan>,
}

/// A newtype of the user's. With Diesel it has to be `pub`, like the column that names it.
#[expect(unnameable_types, reason = "no other crate sees a test")]
#[derive(Plaintext, Clone, Debug, PartialEq)]
pub struct Iban(pub(crate) String);

#[expect(unnameable_types, reason = "no other crate sees a test")]
#[derive(Plaintext, Clone, Debug, PartialEq)]
pub enum Plan {
    Free,
    #[encrypt(rename = "paid")]
    Premium,
}

/// Another program with the same table, whose field is wider.
pub(crate) mod wider {
    use envelope_diesel::Encrypted;

    diesel::table! {
        integers (id) { id -> Integer, int16 -> crate::scalars::wider::IntegersInt16 }
    }

    #[derive(Encrypted)]
    #[diesel(table_name = integers)]
    pub(crate) struct Integers {
        pub(crate) id: i32,
        #[encrypt(deterministic)]
        pub(crate) int16: i64,
    }
}

pub(crate) fn others(id: i32) -> Others {
    Others {
        id,
        bytes: vec![0, 255, 0],
        boolean: true,
        single: -0.0,
        double: f64::MIN_POSITIVE,
        array: [1, 2, 3, 4],
        boxed: "boxed".into(),
        shared: Some(Arc::from([9_u8, 8])),
        iban: Iban("GB33BUKB20201555555555".to_owned()),
        plan: Some(Plan::Premium),
    }
}

/// The tables; see `database::create`.
pub(crate) const TABLES: &str = "
    CREATE TABLE integers (id {id}, `int8` {bytes}, `int16` {bytes}, `int32` {bytes}, `int64` {bytes}, `int128` {bytes}, `int_size` {bytes}, `uint8` {bytes}, `uint16` {bytes}, `uint32` {bytes}, `uint64` {bytes}, `uint128` {bytes}, `uint_size` {bytes});
    CREATE TABLE others (id {id}, `bytes` {bytes}, `boolean` {bytes}, `single` {bytes}, `double` {bytes}, `array` {bytes}, `boxed` {bytes}, `shared` {bytes}, `iban` {bytes}, `plan` {bytes});
";
