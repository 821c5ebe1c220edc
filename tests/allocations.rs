//! How much is allocated for encrypted columns, next to the same columns in plain binary. A binary of its own, with an
//! allocator that counts.
#![cfg(test)]

#[path = "allocations/sqlx_codecs.rs"]
mod sqlx_codecs;

use allocation_counter::measure;
use diesel::{Connection, MysqlConnection, PgConnection, SqliteConnection, prelude::*};
use envelope_core::testing;
use envelope_diesel::Encrypted;
use envelope_tests::database::{Database, Kind};

mod schema {
    diesel::table! {
        encrypted (id) {
            id -> Integer,
            email -> crate::RowEmail,
            note -> Nullable<crate::RowNote>,
        }
    }

    diesel::table! {
        plain (id) {
            id -> Integer,
            email -> Binary,
            note -> Nullable<Binary>,
        }
    }
}
use schema::{encrypted, plain};

#[derive(Encrypted, Queryable, Selectable)]
#[diesel(table_name = encrypted)]
struct Row {
    id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<Vec<u8>>,
}

#[derive(Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = plain)]
struct Plain {
    id: i32,
    email: Vec<u8>,
    note: Option<Vec<u8>>,
}

const ROWS: i32 = 10_000;

fn database(kind: Kind) -> Database {
    let bytes = if kind == Kind::Postgres { "BYTEA" } else { "VARBINARY(255)" };
    let database = Database::new(kind);
    for table in ["encrypted", "plain"] {
        database.sql(&format!(
            "CREATE TABLE {table} (id INTEGER PRIMARY KEY, email {bytes} NOT NULL UNIQUE, note {bytes})"
        ));
    }
    database
}

fn row(id: i32) -> Row {
    Row { id, email: format!("{id:06}@example.com"), note: (id % 2 == 0).then(|| vec![7; 100]) }
}

fn plain_row(id: i32) -> Plain {
    let Row { id, email, note } = row(id);
    Plain { id, email: email.into_bytes(), note }
}

/// What one more run of `f` allocates, when everything that is made once is there.
fn allocations<R>(mut f: impl FnMut() -> R) -> i64 {
    for _ in 0..3 {
        f();
    }
    let counts = [(); 3].map(|()| i64::try_from(measure(|| drop(f())).count_total).unwrap());
    *counts.iter().min().unwrap()
}

/// Compiled for each connection; a generic function would need every one of Diesel's bounds.
macro_rules! tests {
    ($name:ident: $connection:ty, $kind:ident) => {
        mod $name {
            use super::*;

            fn with_connection(test: impl FnOnce(&mut $connection)) {
                let database = database(Kind::$kind);
                let mut connection = <$connection>::establish(database.url()).unwrap();
                testing::keyring().with(|| test(&mut connection));
            }

            #[test]
            fn loading_rows() {
                with_connection(|connection| {
                    connection
                        .transaction(|connection| {
                            for ids in (1..=ROWS).collect::<Vec<_>>().chunks(1000) {
                                let rows: Vec<_> = ids.iter().map(|id| row(*id)).collect();
                                diesel::insert_into(encrypted::table).values(&rows).execute(connection)?;
                                let rows: Vec<_> = ids.iter().map(|id| plain_row(*id)).collect();
                                diesel::insert_into(plain::table).values(&rows).execute(connection)?;
                            }
                            QueryResult::Ok(())
                        })
                        .unwrap();
                    let of_plain = allocations(|| plain::table.load::<Plain>(connection).unwrap());
                    let of_encrypted = allocations(|| encrypted::table.load::<Row>(connection).unwrap());
                    assert!(of_plain > i64::from(ROWS), "{of_plain}");
                    assert!(of_encrypted <= of_plain, "{of_encrypted}, and {of_plain} in plain");
                });
            }

            #[test]
            fn binding_values() {
                with_connection(|connection| {
                    diesel::insert_into(encrypted::table).values(&row(2)).execute(connection).unwrap();
                    diesel::insert_into(plain::table).values(&plain_row(2)).execute(connection).unwrap();
                    let (row, plain_row) = (row(2), plain_row(2));
                    let of_plain = allocations(|| {
                        let set = (plain::email.eq(&plain_row.email), plain::note.eq(&plain_row.note));
                        diesel::update(plain::table.find(2)).set(set).execute(connection).unwrap()
                    });
                    let of_encrypted = allocations(|| {
                        let set = (encrypted::email.eq(&row.email), encrypted::note.eq(&row.note));
                        diesel::update(encrypted::table.find(2)).set(set).execute(connection).unwrap()
                    });
                    assert!(of_encrypted <= of_plain + 2, "{of_encrypted}, and {of_plain} in plain");
                    let of_plain = allocations(|| {
                        diesel::update(plain::table.find(2)).set(&plain_row).execute(connection).unwrap()
                    });
                    let of_encrypted = allocations(|| {
                        diesel::update(encrypted::table.find(2)).set(&row).execute(connection).unwrap()
                    });
                    assert!(of_encrypted <= of_plain + 2, "{of_encrypted}, and {of_plain} in plain");
                });
            }

            /// Once more than a search in plain bytes: the sealed value.
            #[test]
            fn searching() {
                with_connection(|connection| {
                    let of_plain = allocations(|| {
                        let found = plain::table.filter(plain::email.eq(&b"a@example.com"[..]));
                        found.select(plain::id).load::<i32>(connection).unwrap()
                    });
                    let of_encrypted = allocations(|| {
                        let found = encrypted::table.filter(encrypted::email.eq("a@example.com"));
                        found.select(encrypted::id).load::<i32>(connection).unwrap()
                    });
                    assert!(of_encrypted <= of_plain + 1, "{of_encrypted}, and {of_plain} in plain");
                });
            }
        }
    };
}

tests! { sqlite: SqliteConnection, Sqlite }
tests! { postgres: PgConnection, Postgres }
tests! { mysql: MysqlConnection, Mysql }
