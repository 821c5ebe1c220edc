//! Every plaintext type, and the values at the edges of each.

use core::fmt::Debug;

use envelope_sqlx::{Encrypted, OpenError, Plaintext, UnboundColumn};
use sqlx::SqlitePool;

use super::{database, open_error, with_keyring};

/// One column for each type.
#[derive(Encrypted)]
#[encrypt(table = "users")]
#[expect(dead_code, reason = "the test is about its columns")]
struct Types {
    #[encrypt]
    text: String,
    #[encrypt]
    bytes: Vec<u8>,
    #[encrypt]
    boxed_text: Box<str>,
    #[encrypt]
    boxed_bytes: Box<[u8]>,
    #[encrypt]
    array: [u8; 4],
    #[encrypt]
    flag: bool,
    #[encrypt]
    i8: i8,
    #[encrypt]
    i16: i16,
    #[encrypt]
    i32: i32,
    #[encrypt(deterministic)]
    i64: i64,
    #[encrypt]
    i128: i128,
    #[encrypt]
    isize: isize,
    #[encrypt]
    u8: u8,
    #[encrypt]
    u16: u16,
    #[encrypt]
    u32: u32,
    #[encrypt]
    u64: u64,
    #[encrypt]
    u128: u128,
    #[encrypt]
    usize: usize,
    #[encrypt]
    f32: f32,
    #[encrypt]
    f64: f64,
    #[encrypt(deterministic)]
    iban: Iban,
    #[encrypt]
    status: Status,
}

#[derive(Plaintext, Clone, Debug, PartialEq)]
struct Iban(String);

#[derive(Plaintext, Clone, Copy, Debug, PartialEq)]
enum Status {
    Open,
    #[encrypt(rename = "shut")]
    Closed,
}

/// Through the database and back, in the column `C`.
async fn through<C>(pool: &SqlitePool, value: C::Plain) -> C::Plain
where
    C: UnboundColumn<Plain: Clone>,
{
    let value = Encrypted::<C>::new(value);
    let back: Encrypted<C> = sqlx::query_scalar("SELECT ?").bind(&value).fetch_one(pool).await.unwrap();
    back.into_inner()
}

async fn survive<C>(pool: &SqlitePool, values: impl IntoIterator<Item = C::Plain>)
where
    C: UnboundColumn<Plain: Clone + Debug + PartialEq>,
{
    for value in values {
        assert_eq!(through::<C>(pool, value.clone()).await, value);
    }
}

#[tokio::test]
async fn text_and_bytes() {
    with_keyring(async {
        let pool = &database().await;
        let texts = ["", "\0", "a\0b", "ß", "日本", "🦀", "\u{10FFFF}", " ", "'; DROP TABLE users; --"];
        survive::<TypesText>(pool, texts.map(str::to_owned)).await;
        survive::<TypesBoxedText>(pool, texts.map(Into::into)).await;
        let bytes: [&[u8]; 5] = [&[], &[0], &[0xFE], &[0xFE, 0x01, 0, 0, 0, 1], &[0xFF; 100]];
        survive::<TypesBytes>(pool, bytes.map(<[u8]>::to_vec)).await;
        survive::<TypesBoxedBytes>(pool, bytes.map(Into::into)).await;
        survive::<TypesArray>(pool, [[0; 4], [0xFE, 0, 0, 1]]).await;
    })
    .await;
}

#[tokio::test]
async fn sixteen_mebibytes() {
    with_keyring(async {
        let pool = database().await;
        let long: Vec<u8> = (0..16 * 1024 * 1024_u32).map(|i| i.to_le_bytes()[1]).collect();
        assert!(through::<TypesBytes>(&pool, long.clone()).await == long);
    })
    .await;
}

#[tokio::test]
async fn numbers() {
    with_keyring(async {
        let pool = &database().await;
        survive::<TypesFlag>(pool, [false, true]).await;
        survive::<TypesI8>(pool, [0, -1, i8::MIN, i8::MAX]).await;
        survive::<TypesI16>(pool, [0, -1, i16::MIN, i16::MAX]).await;
        survive::<TypesI32>(pool, [0, -1, i32::MIN, i32::MAX]).await;
        survive::<TypesI64>(pool, [0, -1, i64::MIN, i64::MAX]).await;
        survive::<TypesI128>(pool, [0, -1, i128::MIN, i128::MAX, i64::MIN.into(), i64::MAX.into()]).await;
        survive::<TypesIsize>(pool, [0, -1, isize::MIN, isize::MAX]).await;
        survive::<TypesU8>(pool, [0, u8::MAX]).await;
        survive::<TypesU16>(pool, [0, u16::MAX]).await;
        survive::<TypesU32>(pool, [0, u32::MAX]).await;
        survive::<TypesU64>(pool, [0, i64::MAX.unsigned_abs(), 1 << 63, u64::MAX]).await;
        survive::<TypesU128>(pool, [0, u64::MAX.into(), 1 << 127, u128::MAX]).await;
        survive::<TypesUsize>(pool, [0, usize::MAX]).await;
    })
    .await;
}

#[tokio::test]
async fn the_bits_of_a_float() {
    with_keyring(async {
        let pool = &database().await;
        let patterns =
            [0, 1, 1 << 31, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0001, 0xFFFF_FFFF, f32::MAX.to_bits()];
        for bits in patterns {
            assert_eq!(through::<TypesF32>(pool, f32::from_bits(bits)).await.to_bits(), bits);
        }
        for bits in [0, 1, 1 << 63, 0x7FF0 << 48, 0xFFF0 << 48, 0x7FF8_0000_0000_0001, u64::MAX, 1_u64 << 62]
        {
            assert_eq!(through::<TypesF64>(pool, f64::from_bits(bits)).await.to_bits(), bits);
        }
    })
    .await;
}

#[tokio::test]
async fn types_of_the_users_own() {
    with_keyring(async {
        let pool = &database().await;
        let iban = Iban("DE02120300000000202051".to_owned());
        survive::<TypesIban>(pool, [iban.clone()]).await;
        survive::<TypesStatus>(pool, [Status::Open, Status::Closed]).await;
        let [lookup, sealed] =
            [Types::IBAN.lookup(&iban).unwrap().one().unwrap(), Types::IBAN.seal(&iban).unwrap()];
        assert_eq!(lookup, sealed);
    })
    .await;
}

#[tokio::test]
async fn a_type_that_cannot_hold_the_value() {
    /// The column `i64`, when its field was an `i8`.
    mod narrow {
        #[derive(envelope_sqlx::Encrypted)]
        #[encrypt(table = "users")]
        #[expect(dead_code, reason = "the test is about its column")]
        pub(super) struct Narrow {
            #[encrypt(deterministic, allow_low_cardinality)]
            pub(super) i64: i8,
        }
    }
    with_keyring(async {
        let pool = database().await;
        let read = async |value: i64| {
            let query = sqlx::query_scalar("SELECT ?").bind(Types::I64.bind(value));
            query.fetch_one(&pool).await.map(|value: Encrypted<narrow::NarrowI64>| value.into_inner())
        };
        assert_eq!(read(127).await.unwrap(), 127);
        assert!(matches!(open_error(read(128).await), OpenError::Plaintext { .. }));
    })
    .await;
}
