//! SQLx: opening fields of rows that are there, and sealing values into the arguments of a statement.

use envelope_core::testing;
use envelope_sqlx::Encrypted;
use envelope_tests::database::Kind;
use sqlx::{FromRow, Pool};

use super::{allocations, database};

#[derive(Encrypted)]
#[encrypt(table = "encrypted")]
struct Row {
    id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<Vec<u8>>,
}

#[derive(FromRow)]
#[expect(dead_code, reason = "read to be measured")]
struct Plain {
    id: i32,
    email: Vec<u8>,
    note: Option<Vec<u8>>,
}

const ROWS: i32 = 1000;

fn email(id: i32) -> String {
    format!("{id:06}@example.com")
}

fn note(id: i32) -> Option<Vec<u8>> {
    (id % 2 == 0).then(|| vec![7; 100])
}

/// Compiled for each database; a generic function would need every one of SQLx's bounds.
macro_rules! tests {
    ($name:ident: $database:ty, $kind:ident, $insert:literal) => {
        mod $name {
            use super::*;

            #[test]
            fn opening_allocates_what_copying_does() {
                let database = database(Kind::$kind);
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let keyring = testing::keyring();
                let [encrypted, plain] = runtime.block_on(keyring.scope(async {
                    let pool = Pool::<$database>::connect(database.url()).await.unwrap();
                    let mut transaction = pool.begin().await.unwrap();
                    for id in 0..ROWS {
                        sqlx::query(concat!("INSERT INTO encrypted ", $insert))
                            .bind(id)
                            .bind(Row::EMAIL.bind(email(id)))
                            .bind(Row::NOTE.bind(note(id)))
                            .execute(&mut *transaction)
                            .await
                            .unwrap();
                    }
                    // The same bytes, as they are stored.
                    sqlx::query("INSERT INTO plain SELECT * FROM encrypted")
                        .execute(&mut *transaction)
                        .await
                        .unwrap();
                    let encrypted =
                        sqlx::query("SELECT * FROM encrypted").fetch_all(&mut *transaction).await.unwrap();
                    let plain =
                        sqlx::query("SELECT * FROM plain").fetch_all(&mut *transaction).await.unwrap();
                    [encrypted, plain]
                }));
                keyring.with(|| {
                    let of_plain = allocations(|| {
                        plain.iter().map(|row| Plain::from_row(row).unwrap()).collect::<Vec<_>>()
                    });
                    let of_encrypted = allocations(|| {
                        encrypted.iter().map(|row| Row::from_row(row).unwrap()).collect::<Vec<_>>()
                    });
                    assert!(of_plain > i64::from(ROWS), "{of_plain}");
                    assert!(of_encrypted <= of_plain, "{of_encrypted}, and {of_plain} in plain");
                    let row = Row::from_row(&encrypted[2]).unwrap();
                    assert_eq!((row.email, row.note), (email(row.id), note(row.id)));
                });
            }

            #[test]
            fn sealing_allocates_once_more() {
                testing::keyring().with(|| {
                    let (email, note) = (email(2), note(2).unwrap());
                    let query =
                        || sqlx::query::<$database>(concat!("INSERT INTO encrypted ", $insert)).bind(2);
                    let of_plain = allocations(|| query().bind(email.as_bytes()).bind(&*note));
                    let of_encrypted =
                        allocations(|| query().bind(Row::EMAIL.bind(&email)).bind(Row::NOTE.bind(&*note)));
                    assert!(of_encrypted <= of_plain + 2, "{of_encrypted}, and {of_plain} in plain");
                });
            }
        }
    };
}

tests! { sqlite: sqlx::Sqlite, Sqlite, "VALUES (?, ?, ?)" }
tests! { postgres: sqlx::Postgres, Postgres, "VALUES ($1, $2, $3)" }
tests! { mysql: sqlx::MySql, Mysql, "VALUES (?, ?, ?)" }
