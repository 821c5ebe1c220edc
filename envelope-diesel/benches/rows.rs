//! Rows with two encrypted columns against the same rows with plain columns of the stored length, on SQLite and PostgreSQL
//! (`TEST_POSTGRES_URL`, a server whose databases this may make and drop).

use allocation_counter::measure;
use diesel::{PgConnection, SqliteConnection, connection::SimpleConnection, prelude::*};
use envelope_bench::{Criterion, criterion, figure, ratio};
use envelope_diesel::{Encrypted, Keyring, LocalKey, MemoryStore};

const ROWS: i32 = 10_000;
/// So many in a statement: SQLite takes no more than 32,766 parameters.
const AT_ONCE: usize = 1000;

mod schema {
    diesel::table! {
        encrypted (id) {
            id -> Integer,
            email -> crate::RowEmail,
            note -> crate::RowNote,
        }
    }

    diesel::table! {
        plain (id) {
            id -> Integer,
            email -> Binary,
            note -> Binary,
        }
    }
}
use schema::{encrypted, plain};

#[derive(Encrypted, Queryable, Selectable)]
#[diesel(table_name = encrypted)]
struct Row {
    id: i32,
    #[encrypt(deterministic)]
    email: Vec<u8>,
    #[encrypt]
    note: Vec<u8>,
}

#[derive(Insertable, Queryable, Selectable)]
#[diesel(table_name = plain)]
struct Plain {
    id: i32,
    email: Vec<u8>,
    note: Vec<u8>,
}

/// Values of 32 bytes.
fn row(id: i32) -> Row {
    Row { id, email: format!("{id:032}").into_bytes(), note: vec![7; 32] }
}

/// The same sealed: whatever the database does with these bytes, it does with those of the other table.
fn plain_row(keyring: &Keyring, id: i32) -> Plain {
    let Row { id, email, note } = row(id);
    let sealed = "the key is there";
    Plain {
        id,
        email: keyring.seal(RowEmail, &email).expect(sealed),
        note: keyring.seal(RowNote, &note).expect(sealed),
    }
}

/// Compiled for each connection; a generic function would need every one of Diesel's bounds.
macro_rules! figures {
    ($name:ident: $connection:ty) => {
        fn $name(keyring: &Keyring, criterion: &mut Criterion, connection: &mut $connection) {
            let of = |figure: &str| format!("diesel_{figure}_{}", stringify!($name));
            let (rows, plain_rows): (Vec<_>, Vec<_>) =
                (1..=ROWS).map(|id| (row(id), plain_row(keyring, id))).unzip();
            let connection = std::cell::RefCell::new(connection);
            let insert_plain = || {
                let mut connection = connection.borrow_mut();
                connection
                    .transaction(|connection| {
                        diesel::delete(plain::table).execute(connection)?;
                        for rows in plain_rows.chunks(AT_ONCE) {
                            diesel::insert_into(plain::table).values(rows).execute(connection)?;
                        }
                        QueryResult::Ok(())
                    })
                    .expect("the rows are inserted");
            };
            let insert = || {
                let mut connection = connection.borrow_mut();
                connection
                    .transaction(|connection| {
                        diesel::delete(encrypted::table).execute(connection)?;
                        for rows in rows.chunks(AT_ONCE) {
                            diesel::insert_into(encrypted::table).values(rows).execute(connection)?;
                        }
                        QueryResult::Ok(())
                    })
                    .expect("the rows are inserted");
            };
            ratio(criterion, &of("insert_vs_plain"), insert_plain, insert);
            insert_plain();
            insert();
            let load_plain = || {
                let rows: Vec<Plain> =
                    plain::table.load(&mut **connection.borrow_mut()).expect("they are there");
                assert_eq!(rows.len(), rows.capacity().min(10_000));
            };
            let load = || {
                let rows: Vec<Row> =
                    encrypted::table.load(&mut **connection.borrow_mut()).expect("they are there");
                assert_eq!(rows.len(), rows.capacity().min(10_000));
            };
            ratio(criterion, &of("load_vs_plain"), load_plain, load);
            let (wanted, wanted_plain) = (row(4711).email, plain_row(keyring, 4711).email);
            let lookup_plain = || {
                let found = plain::table.filter(plain::email.eq(&wanted_plain)).select(plain::id);
                assert_eq!(found.load::<i32>(&mut **connection.borrow_mut()).ok(), Some(vec![4711]));
            };
            let lookup = || {
                let found = encrypted::table.filter(encrypted::email.eq(&wanted)).select(encrypted::id);
                assert_eq!(found.load::<i32>(&mut **connection.borrow_mut()).ok(), Some(vec![4711]));
            };
            ratio(criterion, &of("lookup_vs_plain"), lookup_plain, lookup);
            if stringify!($name) == "sqlite" {
                // Of one row with two values.
                let allocations = |mut f: Box<dyn FnMut() + '_>| {
                    f();
                    i64::try_from(measure(f).count_total).unwrap_or(i64::MAX)
                };
                let (row, plain_row) = (row(1), plain_row(keyring, 1));
                let of_plain = allocations(Box::new(|| {
                    let set = (plain::email.eq(&plain_row.email), plain::note.eq(&plain_row.note));
                    let update = diesel::update(plain::table.find(1)).set(set);
                    update.execute(&mut **connection.borrow_mut()).expect("the row is there");
                }));
                let of_encrypted = allocations(Box::new(|| {
                    let set = (encrypted::email.eq(&row.email), encrypted::note.eq(&row.note));
                    let update = diesel::update(encrypted::table.find(1)).set(set);
                    update.execute(&mut **connection.borrow_mut()).expect("the row is there");
                }));
                figure("allocs_diesel_bind", of_encrypted.saturating_sub(of_plain) / 2);
            }
        }
    };
}

figures! { sqlite: SqliteConnection }
figures! { postgres: PgConnection }

fn schema(bytes: &str) -> String {
    ["encrypted", "plain"]
        .map(|table| format!("CREATE TABLE {table} (id INTEGER PRIMARY KEY, email {bytes} NOT NULL UNIQUE, note {bytes} NOT NULL);"))
        .concat()
}

fn main() {
    let provider = LocalKey::ephemeral().expect("the operating system has random bytes");
    let keyring =
        Keyring::builder(provider, MemoryStore::new()).open_blocking().expect("nothing can fail in memory");
    let mut criterion = criterion().sample_size(10);
    keyring.with(|| {
        let mut connection = SqliteConnection::establish(":memory:").expect("SQLite is built in");
        connection.batch_execute(&schema("BLOB")).expect("the tables are new");
        sqlite(&keyring, &mut criterion, &mut connection);

        let server =
            std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL: a server to make a database on");
        let mut administrator =
            PgConnection::establish(&format!("{server}/postgres")).expect("the server is there");
        let name = format!("envelope_bench_diesel_{}", std::process::id());
        administrator.batch_execute(&format!("CREATE DATABASE {name}")).expect("the name is new");
        let mut connection = PgConnection::establish(&format!("{server}/{name}")).expect("it was made");
        connection.batch_execute(&schema("BYTEA")).expect("the tables are new");
        postgres(&keyring, &mut criterion, &mut connection);
        drop(connection);
        administrator.batch_execute(&format!("DROP DATABASE {name}")).expect("nobody uses it");
    });
    criterion.final_summary();
}
