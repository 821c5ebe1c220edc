//! Plaintext types that need no other crate, and values at their edges.

use diesel::{insert_into, prelude::*};
use envelope_core::{OpenError, testing};

use super::{Connection, fixture::{open_error, without_keyring_in}};
use crate::scalars::{Iban, Integers, Others, Plan, TABLES, integers, others, wider};

fn with_tables(test: impl FnOnce(&mut Connection)) {
    testing::keyring().with(|| without_keyring_in(TABLES, test));
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
