//! Values of any bytes, secrets, long ones, those that a narrower type cannot hold, and which types can be found.

use std::net::{IpAddr, Ipv4Addr};

use chrono::{DateTime, NaiveDate, Utc};
use envelope_core::{SearchableColumn, UnboundColumn};
use envelope_sqlx::{Encrypted, Lookup, OpenError, Plaintext};
use envelope_tests::database::{Database, Kind};
use ipnetwork::IpNetwork;
use secrecy::{ExposeSecret as _, SecretBox, SecretSlice, SecretString};
use sqlx::Pool;
use uuid::Uuid;

use super::{
    BYTES, Db, INDEXED, KIND,
    fixture::{open_error, with_keyring},
    sql,
};
use crate::keys;

#[derive(Encrypted)]
#[encrypt(table = "stored", no_from_row)]
#[expect(dead_code, reason = "the tests are about its columns")]
struct Stored {
    #[encrypt]
    bytes: Vec<u8>,
    #[encrypt]
    boxed: Box<[u8]>,
    #[encrypt(deterministic)]
    token: SecretString,
    #[encrypt]
    seed: Option<SecretSlice<u8>>,
    #[encrypt]
    pin: SecretBox<[u8; 4]>,
    #[encrypt(deterministic)]
    number: i64,
    #[encrypt(deterministic)]
    uid: Uuid,
    #[encrypt(deterministic)]
    born: NaiveDate,
    #[encrypt(deterministic)]
    seen: DateTime<Utc>,
    #[encrypt(deterministic)]
    address: IpAddr,
    #[encrypt(deterministic)]
    network: IpNetwork,
    #[encrypt(deterministic)]
    tags: Vec<String>,
    #[encrypt(deterministic)]
    iban: Iban,
}

#[derive(Plaintext, Clone, Debug, PartialEq)]
struct Iban(String);

/// The same columns, when their fields had other types.
mod other {
    use secrecy::SecretString;

    #[derive(envelope_sqlx::Encrypted)]
    #[encrypt(table = "stored", no_from_row)]
    #[expect(dead_code, reason = "the test is about its columns")]
    pub(super) struct Stored {
        #[encrypt]
        pub(super) bytes: SecretString,
        #[encrypt]
        pub(super) pin: String,
        #[encrypt(deterministic, allow_low_cardinality)]
        pub(super) number: i8,
    }
}

/// With one column that takes each.
async fn with_table(column_type: &str, test: impl AsyncFnOnce(&Pool<Db>)) {
    let database = Database::new(KIND);
    database.sql(&format!("CREATE TABLE stored (id BIGINT PRIMARY KEY, value {column_type})"));
    let pool = Pool::<Db>::connect(database.url()).await.unwrap();
    with_keyring(test(&pool)).await;
    pool.close().await;
}

async fn insert<C: UnboundColumn>(pool: &Pool<Db>, id: i64, value: &Encrypted<C>) -> sqlx::Result<()> {
    let insert = sql("INSERT INTO stored VALUES (?, ?)");
    sqlx::query(insert).bind(id).bind(value).execute(pool).await.map(drop)
}

async fn read<C: UnboundColumn>(pool: &Pool<Db>, id: i64) -> sqlx::Result<C::Plain> {
    let select = sql("SELECT value FROM stored WHERE id = ?");
    let value: Encrypted<C> = sqlx::query_scalar(select).bind(id).fetch_one(pool).await?;
    Ok(value.into_inner())
}

#[tokio::test]
async fn a_type_that_cannot_hold_the_value() {
    with_table(BYTES, async |pool| {
        insert(pool, 1, &Encrypted::<StoredNumber>::new(127)).await.unwrap();
        insert(pool, 2, &Encrypted::<StoredNumber>::new(128)).await.unwrap();
        assert_eq!(read::<other::StoredNumber>(pool, 1).await.unwrap(), 127);
        insert(pool, 3, &Encrypted::<StoredBytes>::new(vec![0xFF])).await.unwrap();
        insert(pool, 4, &Encrypted::<other::StoredPin>::new("12345".to_owned())).await.unwrap();
        for error in [
            open_error(read::<other::StoredNumber>(pool, 2).await),
            open_error(read::<other::StoredBytes>(pool, 3).await),
            open_error(read::<StoredPin>(pool, 4).await),
        ] {
            assert!(matches!(error, OpenError::Plaintext { .. }), "{error}");
        }
    })
    .await;
}

/// What does not fit is refused, and not cut.
#[tokio::test]
async fn a_value_that_is_too_long_for_its_column() {
    with_table(INDEXED, async |pool| {
        for length in [233, 234] {
            let value = Encrypted::<StoredToken>::new("x".repeat(length).into());
            let stored = insert(pool, i64::try_from(length).unwrap(), &value).await;
            match KIND {
                Kind::Mysql if length > 233 => assert!(matches!(stored, Err(sqlx::Error::Database(_)))),
                _ => stored.unwrap(),
            }
        }
    })
    .await;
}

/// Nearly as long as MariaDB takes a packet.
#[tokio::test]
async fn fifteen_mebibytes() {
    let long = if KIND == Kind::Mysql { "MEDIUMBLOB" } else { BYTES };
    with_table(long, async |pool| {
        let bytes: Vec<u8> = (0..15 * 1024 * 1024_u32).map(|i| i.to_le_bytes()[1]).collect();
        insert(pool, 1, &Encrypted::<StoredBytes>::new(bytes.clone())).await.unwrap();
        assert!(read::<StoredBytes>(pool, 1).await.unwrap() == bytes);
    })
    .await;
}

#[tokio::test]
async fn any_bytes() {
    with_table(BYTES, async |pool| {
        let values: [&[u8]; 5] = [&[], &[0], &[0xFE], &[0xFE, 0x01, 0, 0, 0, 1], &[0xFF; 100]];
        for (id, bytes) in (0..).zip(values) {
            insert(pool, id, &Encrypted::<StoredBytes>::new(bytes.to_vec())).await.unwrap();
            assert_eq!(read::<StoredBytes>(pool, id).await.unwrap(), bytes);
            insert(pool, id + 10, &Encrypted::<StoredBoxed>::new(bytes.into())).await.unwrap();
            assert_eq!(*read::<StoredBoxed>(pool, id + 10).await.unwrap(), *bytes);
        }
    })
    .await;
}

#[tokio::test]
async fn secrets_are_not_shown() {
    with_table(BYTES, async |pool| {
        let token = || SecretString::from("token 1");
        insert(pool, 1, &Encrypted::<StoredToken>::new(token())).await.unwrap();
        insert(pool, 2, &Encrypted::<StoredSeed>::new(vec![0, 255].into())).await.unwrap();
        insert(pool, 3, &Encrypted::<StoredPin>::new(SecretBox::new(Box::new([1, 2, 3, 4])))).await.unwrap();
        let read_token = read::<StoredToken>(pool, 1).await.unwrap();
        assert!(!format!("{read_token:?}").contains("token 1"));
        assert_eq!(read_token.expose_secret(), token().expose_secret());
        assert_eq!(read::<StoredSeed>(pool, 2).await.unwrap().expose_secret(), [0, 255]);
        assert_eq!(read::<StoredPin>(pool, 3).await.unwrap().expose_secret(), &[1, 2, 3, 4]);
        assert_eq!(found(pool, Stored::TOKEN.lookup(token()).unwrap()).await, [1]);
        let seed = sqlx::query(sql("UPDATE stored SET value = ? WHERE id = 2")).bind(Stored::SEED.bind(None::<SecretSlice<u8>>));
        seed.execute(pool).await.unwrap();
        let seed: Option<Encrypted<StoredSeed>> =
            sqlx::query_scalar("SELECT value FROM stored WHERE id = 2").fetch_one(pool).await.unwrap();
        assert!(seed.is_none());
    })
    .await;
}

/// The ids of the rows that a lookup finds.
async fn found<C: SearchableColumn>(pool: &Pool<Db>, lookup: Lookup<C>) -> Vec<i64> {
    let [first, second] = lookup.array().unwrap();
    let select = sql("SELECT id FROM stored WHERE value IN (?, ?) ORDER BY id");
    sqlx::query_scalar(select).bind(first).bind(second).fetch_all(pool).await.unwrap()
}

/// Each is found by itself and by no other, whichever of two live keys it was written with.
#[tokio::test]
async fn every_kind_of_type_that_can_be_found() {
    let keys = keys::rotated().await;
    macro_rules! is_found {
        ($($constant:ident $marker:ident: $value:expr, $another:expr;)*) => {$(
            with_table(INDEXED, async |pool| {
                keys.before.scope(insert(pool, 1, &Encrypted::<$marker>::new($value))).await.unwrap();
                keys.after.scope(insert(pool, 2, &Encrypted::<$marker>::new($value))).await.unwrap();
                keys.after.scope(insert(pool, 3, &Encrypted::<$marker>::new($another))).await.unwrap();
                let lookup = |value| keys.after.with(|| Stored::$constant.lookup(&value).unwrap());
                assert_eq!(found(pool, lookup($value)).await, [1, 2]);
                assert_eq!(found(pool, lookup($another)).await, [3]);
            })
            .await;
        )*};
    }
    is_found! {
        NUMBER StoredNumber: i64::MIN, i64::MAX;
        UID StoredUid: Uuid::nil(), Uuid::max();
        BORN StoredBorn: NaiveDate::MIN, NaiveDate::MAX;
        SEEN StoredSeen: DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC;
        ADDRESS StoredAddress: IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv4Addr::LOCALHOST.to_ipv6_mapped());
        NETWORK StoredNetwork: "10.1.2.3/8".parse::<IpNetwork>().unwrap(), "10.0.0.0/8".parse::<IpNetwork>().unwrap();
        TAGS StoredTags: vec!["a".to_owned(), String::new()], vec![String::new(), "a".to_owned()];
        IBAN StoredIban: Iban("DE02".to_owned()), Iban(String::new());
    }
}
