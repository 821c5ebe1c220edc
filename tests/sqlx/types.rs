//! Every plaintext type, with the values at the edges of each, `NULL`, and bytes that are none of it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bigdecimal::BigDecimal;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _, Utc};
use envelope_core::UnboundColumn;
use envelope_sqlx::{Encrypted, Json, OpenError, Plaintext};
use envelope_tests::database::Database;
use ipnetwork::IpNetwork;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::Pool;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcDateTime};
use uuid::Uuid;

use super::{
    BYTES, Db, KIND,
    fixture::{open_error, with_keyring},
    sql,
};

/// A struct with a column for each type, and the same columns when all of them were bytes.
macro_rules! types {
    ($($field:ident $constant:ident $marker:ident: $type:ty = $values:expr;)*) => {
        #[derive(Encrypted, Debug, Default, PartialEq)]
        #[encrypt(table = "types")]
        struct Types {
            id: i64,
            $(#[encrypt] $field: Option<$type>,)*
        }

        mod bytes {
            #[derive(envelope_sqlx::Encrypted)]
            #[encrypt(table = "types", no_from_row)]
            #[expect(dead_code, reason = "the test is about its columns")]
            pub(super) struct Types {
                $(#[encrypt] pub(super) $field: Vec<u8>,)*
            }
        }

        const COLUMNS: &[&str] = &[$(stringify!($field)),*];

        async fn each_comes_back(pool: &Pool<Db>) {
            $(come_back(pool, Types::$constant, $values, |value| Types {
                id: 1,
                $field: value,
                ..Types::default()
            }).await;)*
        }

        async fn each_refuses_what_is_none_of_it(pool: &Pool<Db>) {
            $(refuse(pool, Types::$constant, bytes::Types::$constant).await;)*
        }
    };
}

types! {
    words WORDS TypesWords: String =
        ["", "\0", "a\0b", "ß", "日本", "🦀", "\u{10FFFF}", " ", "'; DROP TABLE users; --"].map(str::to_owned);
    boxed BOXED TypesBoxed: Box<str> = ["", "🦀"].map(Into::into);
    four FOUR TypesFour: [u8; 4] = [[0; 4], [0xFE, 0, 0, 1]];
    flag FLAG TypesFlag: bool = [false, true];
    i8 I8 TypesI8: i8 = [0, -1, i8::MIN, i8::MAX];
    i16 I16 TypesI16: i16 = [0, -1, i16::MIN, i16::MAX];
    i32 I32 TypesI32: i32 = [0, -1, i32::MIN, i32::MAX];
    i64 I64 TypesI64: i64 = [0, -1, i64::MIN, i64::MAX];
    i128 I128 TypesI128: i128 = [0, -1, i128::MIN, i128::MAX, i64::MIN.into(), i64::MAX.into()];
    isize ISIZE TypesIsize: isize = [0, -1, isize::MIN, isize::MAX];
    u8 U8 TypesU8: u8 = [0, u8::MAX];
    u16 U16 TypesU16: u16 = [0, u16::MAX];
    u32 U32 TypesU32: u32 = [0, u32::MAX];
    u64 U64 TypesU64: u64 = [0, i64::MAX.unsigned_abs(), 1 << 63, u64::MAX];
    u128 U128 TypesU128: u128 = [0, u64::MAX.into(), 1 << 127, u128::MAX];
    usize USIZE TypesUsize: usize = [0, usize::MAX];
    f32 F32 TypesF32: f32 = [0.0, f32::from_bits(1), f32::MIN, f32::MAX, f32::INFINITY];
    f64 F64 TypesF64: f64 = [0.0, f64::from_bits(1), f64::MIN, f64::MAX, f64::NEG_INFINITY];
    uid UID TypesUid: Uuid = [Uuid::nil(), Uuid::max(), Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8)];
    price PRICE TypesPrice: Decimal = [Decimal::MIN, Decimal::MAX, Decimal::ZERO, Decimal::new(1250, 2)];
    weight WEIGHT TypesWeight: BigDecimal =
        ["0", "-0.0010", "1e-30", "123456789012345678901234567890123456789.5"].map(|text| text.parse().unwrap());
    meta META TypesMeta: Value = [Value::Null, json!({ "b": [1, null], "a": "ü" }), json!([u64::MAX, i64::MIN, f64::MAX])];
    options OPTIONS TypesOptions: Json<Options> = [Json(Options::default()), Json(options())];
    address ADDRESS TypesAddress: IpAddr = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into(), Ipv4Addr::BROADCAST.into()];
    v4 V4 TypesV4: Ipv4Addr = [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST];
    v6 V6 TypesV6: Ipv6Addr = [Ipv6Addr::UNSPECIFIED, Ipv4Addr::LOCALHOST.to_ipv6_mapped(), Ipv6Addr::from_bits(u128::MAX)];
    network NETWORK TypesNetwork: IpNetwork = ["10.1.2.3/8", "::/0", "255.255.255.255/32"].map(|text| text.parse().unwrap());
    born BORN TypesBorn: NaiveDate = [NaiveDate::MIN, NaiveDate::MAX, NaiveDate::default()];
    alarm ALARM TypesAlarm: NaiveTime = [NaiveTime::MIN, leap_second().time()];
    moment MOMENT TypesMoment: NaiveDateTime = [NaiveDateTime::MIN, leap_second()];
    seen SEEN TypesSeen: DateTime<Utc> = [DateTime::<Utc>::MIN_UTC, leap_second().and_utc()];
    there THERE TypesThere: DateTime<FixedOffset> = [
        leap_second().and_utc().fixed_offset(),
        NaiveDateTime::default().and_local_timezone(FixedOffset::west_opt(34_200).unwrap()).unwrap(),
    ];
    day DAY TypesDay: Date = [Date::MIN, Date::MAX];
    clock CLOCK TypesClock: Time = [Time::MIDNIGHT, Time::MAX];
    wall WALL TypesWall: PrimitiveDateTime = [PrimitiveDateTime::MIN, PrimitiveDateTime::MAX];
    instant INSTANT TypesInstant: UtcDateTime = [UtcDateTime::MIN, UtcDateTime::MAX];
    shifted SHIFTED TypesShifted: OffsetDateTime = [OffsetDateTime::new_utc(Date::MAX, Time::MAX), OffsetDateTime::UNIX_EPOCH];
    tags TAGS TypesTags: Vec<String> = [vec![], vec![String::new()], vec!["a".to_owned(), String::new()]];
    uids UIDS TypesUids: Vec<Uuid> = [vec![], vec![Uuid::max(), Uuid::nil()]];
    numbers NUMBERS TypesNumbers: Vec<i64> = [vec![], vec![i64::MIN, i64::MAX]];
    days DAYS TypesDays: Vec<NaiveDate> = [vec![], vec![NaiveDate::MIN, NaiveDate::MAX]];
    prices PRICES TypesPrices: Vec<Decimal> = [vec![], vec![Decimal::MIN, Decimal::MAX]];
    iban IBAN TypesIban: Iban = [Iban(String::new()), Iban("DE02120300000000202051".to_owned())];
    status STATUS TypesStatus: Status = [Status::Open, Status::Closed];
    patient PATIENT TypesPatient: Patient = [Patient(Uuid::max())];
    visits VISITS TypesVisits: Visits = [Visits(vec![]), Visits(vec![Visit(NaiveDate::MAX), Visit(NaiveDate::MIN)])];
    states STATES TypesStates: Vec<Status> = [vec![], vec![Status::Closed, Status::Open]];
}

#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
struct Options {
    theme: String,
    sizes: BTreeMap<String, f64>,
}

fn options() -> Options {
    Options { theme: "dark".to_owned(), sizes: BTreeMap::from([("m".to_owned(), 0.1)]) }
}

fn leap_second() -> NaiveDateTime {
    NaiveDateTime::MAX.with_nanosecond(1_999_999_999).unwrap()
}

#[derive(Plaintext, Clone, Debug, PartialEq)]
struct Iban(String);

#[derive(Plaintext, Clone, Copy, Debug, PartialEq)]
enum Status {
    Open,
    #[encrypt(rename = "shut")]
    Closed,
}

#[derive(Plaintext, Clone, Debug, PartialEq)]
struct Patient(Uuid);

#[derive(Plaintext, Clone, Debug, PartialEq)]
struct Visit(NaiveDate);

#[derive(Plaintext, Clone, Debug, PartialEq)]
struct Visits(Vec<Visit>);

/// With a table that has one row, in which all is `NULL`.
async fn with_row(test: impl AsyncFnOnce(&Pool<Db>)) {
    let database = Database::new(KIND);
    let columns: Vec<_> = COLUMNS.iter().map(|column| format!("{column} {BYTES}")).collect();
    database.sql(&format!("CREATE TABLE types (id BIGINT PRIMARY KEY, {})", columns.join(", ")));
    database.sql("INSERT INTO types (id) VALUES (1)");
    let pool = Pool::<Db>::connect(database.url()).await.unwrap();
    with_keyring(test(&pool)).await;
    pool.close().await;
}

async fn set<C: UnboundColumn>(pool: &Pool<Db>, value: Option<&Encrypted<C>>) {
    let update = sql(&format!("UPDATE types SET {} = ?", C::FIELD.name().column()));
    sqlx::query(update).bind(value).execute(pool).await.unwrap();
}

async fn row(pool: &Pool<Db>) -> sqlx::Result<Types> {
    sqlx::query_as("SELECT * FROM types").fetch_one(pool).await
}

async fn scalar<C: UnboundColumn>(pool: &Pool<Db>) -> sqlx::Result<Option<Encrypted<C>>> {
    let select = sql(&format!("SELECT {} FROM types", C::FIELD.name().column()));
    sqlx::query_scalar(select).fetch_one(pool).await
}

/// As a field of a struct and by itself.
async fn come_back<C>(
    pool: &Pool<Db>,
    _: C,
    values: impl IntoIterator<Item = C::Plain>,
    expected: impl Fn(Option<C::Plain>) -> Types,
) where
    C: UnboundColumn<Plain: Clone + PartialEq + core::fmt::Debug>,
{
    for value in values {
        set(pool, Some(&Encrypted::<C>::new(value.clone()))).await;
        assert_eq!(row(pool).await.unwrap(), expected(Some(value.clone())));
        assert_eq!(scalar::<C>(pool).await.unwrap().map(Encrypted::into_inner), Some(value));
    }
    set::<C>(pool, None).await;
    assert_eq!(row(pool).await.unwrap(), expected(None));
    assert!(scalar::<C>(pool).await.unwrap().is_none());
}

async fn refuse<C: UnboundColumn, B: UnboundColumn<Plain = Vec<u8>>>(pool: &Pool<Db>, column: C, _: B) {
    set(pool, Some(&Encrypted::<B>::new(vec![0xFF; 3]))).await;
    for error in [open_error(row(pool).await), open_error(scalar::<C>(pool).await.map(drop))] {
        assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
        let text = error.to_string();
        assert!(text.starts_with(&format!("cannot open {}: the plaintext is not ", C::FIELD.name())), "{text}");
    }
    let _ = column;
    set::<C>(pool, None).await;
}

#[tokio::test]
async fn what_is_none_of_it_is_told() {
    with_row(each_refuses_what_is_none_of_it).await;
}

#[tokio::test]
async fn each_is_stored_and_read() {
    with_row(each_comes_back).await;
}

/// The values that are not equal to themselves, and those that are equal and not the same.
#[tokio::test]
async fn the_bits_of_a_float() {
    with_row(async |pool| {
        for bits in [1 << 31, 0x7FC0_0001, 0xFFC0_0001, u32::MAX] {
            set(pool, Some(&Encrypted::<TypesF32>::new(f32::from_bits(bits)))).await;
            assert_eq!(row(pool).await.unwrap().f32.unwrap().to_bits(), bits);
        }
        for bits in [1 << 63, 0x7FF8_0000_0000_0001, u64::MAX] {
            set(pool, Some(&Encrypted::<TypesF64>::new(f64::from_bits(bits)))).await;
            assert_eq!(row(pool).await.unwrap().f64.unwrap().to_bits(), bits);
        }
    })
    .await;
}
