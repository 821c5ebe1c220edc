//! Every type of plaintext, and values at its edges.

use std::sync::Arc;

use diesel::{insert_into, prelude::*};
use envelope_core::OpenError;
use envelope_diesel::{Encrypted, Plaintext};

use super::{User, ada, all, insert, open_error, sql, stored, users, with_database};

diesel::table! {
    integers (id) {
        id -> Integer,
        int8 -> crate::diesel_route::values::IntegersInt8,
        int16 -> crate::diesel_route::values::IntegersInt16,
        int32 -> crate::diesel_route::values::IntegersInt32,
        int64 -> crate::diesel_route::values::IntegersInt64,
        int128 -> crate::diesel_route::values::IntegersInt128,
        int_size -> crate::diesel_route::values::IntegersIntSize,
        uint8 -> crate::diesel_route::values::IntegersUint8,
        uint16 -> crate::diesel_route::values::IntegersUint16,
        uint32 -> crate::diesel_route::values::IntegersUint32,
        uint64 -> crate::diesel_route::values::IntegersUint64,
        uint128 -> crate::diesel_route::values::IntegersUint128,
        uint_size -> Nullable<crate::diesel_route::values::IntegersUintSize>,
    }
}

diesel::table! {
    others (id) {
        id -> Integer,
        bytes -> crate::diesel_route::values::OthersBytes,
        boolean -> crate::diesel_route::values::OthersBoolean,
        single -> crate::diesel_route::values::OthersSingle,
        double -> crate::diesel_route::values::OthersDouble,
        array -> crate::diesel_route::values::OthersArray,
        boxed -> crate::diesel_route::values::OthersBoxed,
        shared -> Nullable<crate::diesel_route::values::OthersShared>,
        iban -> crate::diesel_route::values::OthersIban,
        plan -> Nullable<crate::diesel_route::values::OthersPlan>,
    }
}

#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = integers)]
struct Integers {
    id: i32,
    #[encrypt]
    int8: i8,
    #[encrypt(deterministic)]
    int16: i16,
    #[encrypt(deterministic)]
    int32: i32,
    #[encrypt(deterministic)]
    int64: i64,
    #[encrypt(deterministic)]
    int128: i128,
    #[encrypt]
    int_size: isize,
    #[encrypt(deterministic, allow_low_cardinality)]
    uint8: u8,
    #[encrypt(deterministic)]
    uint16: u16,
    #[encrypt(deterministic)]
    uint32: u32,
    #[encrypt(deterministic)]
    uint64: u64,
    #[encrypt(deterministic)]
    uint128: u128,
    #[encrypt]
    uint_size: Option<usize>,
}

#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq)]
#[diesel(table_name = others)]
struct Others {
    id: i32,
    #[encrypt(deterministic)]
    bytes: Vec<u8>,
    #[encrypt]
    boolean: bool,
    #[encrypt]
    single: f32,
    #[encrypt]
    double: f64,
    #[encrypt(deterministic)]
    array: [u8; 4],
    #[encrypt]
    boxed: Box<str>,
    #[encrypt]
    shared: Option<Arc<[u8]>>,
    #[encrypt(deterministic)]
    iban: Iban,
    #[encrypt(deterministic, allow_low_cardinality)]
    plan: Option<Plan>,
}

/// A newtype of the user's. With Diesel it has to be `pub`, like the column that names it.
#[expect(unnameable_types, reason = "no other crate sees a test")]
#[derive(Plaintext, Clone, Debug, PartialEq)]
pub struct Iban(String);

#[expect(unnameable_types, reason = "no other crate sees a test")]
#[derive(Plaintext, Clone, Debug, PartialEq)]
pub enum Plan {
    Free,
    #[encrypt(rename = "paid")]
    Premium,
}

fn with_tables(test: impl FnOnce(&mut SqliteConnection)) {
    with_database(|connection| {
        for (table, columns) in [
            (
                "integers",
                "int8, int16, int32, int64, int128, int_size, uint8, uint16, uint32, uint64, uint128, uint_size",
            ),
            ("others", "bytes, boolean, single, double, array, boxed, shared, iban, plan"),
        ] {
            sql(&format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY, {columns})"), connection);
        }
        test(connection);
    });
}

macro_rules! integers {
    ($id:literal, $bound:ident) => {
        Integers {
            id: $id,
            int8: i8::$bound,
            int16: i16::$bound,
            int32: i32::$bound,
            int64: i64::$bound,
            int128: i128::$bound,
            int_size: isize::$bound,
            uint8: u8::$bound,
            uint16: u16::$bound,
            uint32: u32::$bound,
            uint64: u64::$bound,
            uint128: u128::$bound,
            uint_size: Some(usize::$bound),
        }
    };
}

#[test]
fn integers_of_every_width() {
    with_tables(|connection| {
        let rows = vec![integers!(1, MIN), integers!(2, MAX)];
        insert_into(integers::table).values(&rows).execute(connection).unwrap();
        assert_eq!(integers::table.order_by(integers::id).load::<Integers>(connection), Ok(rows));
        macro_rules! find {
            ($($column:ident = $value:expr),*) => {$(
                let found = integers::table.filter(integers::$column.eq($value)).select(integers::id).load::<i32>(connection);
                assert_eq!(found.unwrap(), [1], stringify!($column));
                let read = integers::table.find(1).select(integers::$column).first(connection);
                assert_eq!(read, Ok($value));
            )*};
        }
        find!(
            int16 = i16::MIN,
            int32 = i32::MIN,
            int64 = i64::MIN,
            int128 = i128::MIN,
            uint8 = 0_u8,
            uint16 = 0_u16,
            uint32 = 0_u32,
            uint64 = 0_u64,
            uint128 = 0_u128
        );
        let query = integers::table.filter(integers::int64.eq_any([i64::MIN, 0]));
        assert_eq!(query.count().get_result(connection), Ok(1));
    });
}

fn others(id: i32) -> Others {
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

#[test]
fn other_types_and_newtypes() {
    with_tables(|connection| {
        let empty =
            Others { id: 2, bytes: Vec::new(), boolean: false, shared: None, plan: None, ..others(2) };
        insert_into(others::table).values(&[others(1), empty.clone()]).execute(connection).unwrap();
        assert_eq!(others::table.order_by(others::id).load::<Others>(connection), Ok(vec![others(1), empty]));
        let count = |found: QueryResult<i64>| assert_eq!(found, Ok(1));
        count(others::table.filter(others::bytes.eq(&[0_u8, 255, 0][..])).count().get_result(connection));
        count(others::table.filter(others::bytes.eq(Vec::<u8>::new())).count().get_result(connection));
        count(
            others::table
                .filter(others::iban.eq(others(1).iban).and(others::id.eq(1)))
                .count()
                .get_result(connection),
        );
        count(others::table.filter(others::plan.eq(Some(Plan::Premium))).count().get_result(connection));
        count(others::table.filter(others::plan.eq(&Plan::Premium)).count().get_result(connection));
        let iban = others::table.find(1).select(others::iban).first::<Iban>(connection);
        assert_eq!(iban, Ok(others(1).iban));
        let array = others::table.find(1).select(others::array).first::<[u8; 4]>(connection);
        assert_eq!(array, Ok([1, 2, 3, 4]));
        diesel::update(others::table.find(2)).set(others::plan.eq(Plan::Free)).execute(connection).unwrap();
        assert_eq!(others::table.find(2).select(others::plan).first(connection), Ok(Some(Plan::Free)));
    });
}

#[test]
fn floats_bit_by_bit() {
    with_tables(|connection| {
        let singles = [f32::NAN.to_bits() | 0x1234, 0x7f80_0001, f32::NEG_INFINITY.to_bits(), 0x8000_0000, 1];
        let doubles =
            [f64::NAN.to_bits() | 0x1234, 0xfff0_0000_0000_0001, f64::INFINITY.to_bits(), 1 << 63, 1];
        for (id, (single, double)) in (1..).zip(singles.into_iter().zip(doubles)) {
            let row = Others { single: f32::from_bits(single), double: f64::from_bits(double), ..others(id) };
            insert_into(others::table).values(row).execute(connection).unwrap();
            let read: Others = others::table.find(id).first(connection).unwrap();
            assert_eq!((read.single.to_bits(), read.double.to_bits()), (single, double));
        }
    });
}

#[test]
fn text_and_bytes_at_their_edges() {
    with_database(|connection| {
        for (id, text) in
            (1..).zip(["", "\0", "a\0b", "🦀𝄞", "é", "e\u{301}", " ", "NULL", "'; DROP TABLE users; --"])
        {
            let user = User { id, email: text.to_owned(), note: Some(text.to_owned()) };
            insert(&[user], connection);
            let found: User = users::table.filter(users::email.eq(text)).first(connection).unwrap();
            assert_eq!((found.id, found.email.as_str(), found.note.as_deref()), (id, text, Some(text)));
        }
        // An empty string is a value: 22 bytes deterministic, 34 randomized.
        assert_eq!(stored("email", "users", connection)[0].len(), 22);
        assert_eq!(stored("note", "users", connection)[0].len(), 34);
    });
}

#[test]
fn sixteen_mebibytes() {
    with_database(|connection| {
        let big: String = "0123456789abcdef".repeat(1 << 20);
        let user = User { email: big.clone(), note: Some(big.clone()), ..ada() };
        insert(std::slice::from_ref(&user), connection);
        let found = users::table.filter(users::email.eq(&big)).first::<User>(connection).unwrap();
        assert!(found == user);
        assert!(all(connection).unwrap() == [user]);
        assert_eq!(stored("email", "users", connection)[0].len(), (16 << 20) + 22);
    });
}

/// Another program with the same table, whose field is wider.
mod wider {
    use envelope_diesel::Encrypted;

    diesel::table! {
        integers (id) { id -> Integer, int16 -> crate::diesel_route::values::wider::IntegersInt16 }
    }

    #[derive(Encrypted)]
    #[diesel(table_name = integers)]
    struct Integers {
        id: i32,
        #[encrypt(deterministic)]
        int16: i64,
    }
}

#[test]
fn a_value_that_does_not_fit_the_type() {
    use wider::integers as wide;
    with_tables(|connection| {
        insert_into(integers::table).values(integers!(1, MAX)).execute(connection).unwrap();
        let read = wide::table.select(wide::int16).first::<i64>(connection);
        assert_eq!(read, Ok(i64::from(i16::MAX)));
        diesel::update(wide::table).set(wide::int16.eq(1_i64 << 20)).execute(connection).unwrap();
        let error = open_error(integers::table.load::<Integers>(connection));
        assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
        assert!(!error.to_string().contains("1048576"));
    });
}
