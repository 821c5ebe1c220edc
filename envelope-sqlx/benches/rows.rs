//! Rows with two encrypted columns against the same rows with plain columns of the stored length, on SQLite and PostgreSQL
//! (`TEST_POSTGRES_URL`, a server whose databases this may make and drop).

use std::cell::RefCell;

use allocation_counter::measure;
use envelope_bench::{Criterion, criterion, figure, ratio};
use envelope_sqlx::{Encrypted, Keyring, LocalKey, MemoryStore};
use sqlx::{Connection, FromRow, PgConnection, SqliteConnection};

const ROWS: i32 = 10_000;

#[derive(Encrypted)]
#[encrypt(table = "encrypted")]
struct Row {
    id: i32,
    #[encrypt(deterministic)]
    email: Vec<u8>,
    #[encrypt]
    note: Vec<u8>,
}

#[derive(FromRow)]
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

/// Compiled for each connection; a generic function would need every one of SQLx's bounds.
macro_rules! figures {
    ($name:ident: $connection:ty) => {
        fn $name(
            keyring: &Keyring,
            criterion: &mut Criterion,
            runtime: &tokio::runtime::Runtime,
            connection: $connection,
        ) {
            let of = |figure: &str| format!("sqlx_{figure}_{}", stringify!($name));
            let (rows, plain_rows): (Vec<_>, Vec<_>) =
                (1..=ROWS).map(|id| (row(id), plain_row(keyring, id))).unzip();
            let connection = RefCell::new(connection);
            let insert_plain = || {
                let mut connection = connection.borrow_mut();
                runtime.block_on(async {
                    let mut transaction = connection.begin().await.expect("there is none");
                    sqlx::query("DELETE FROM plain")
                        .execute(&mut *transaction)
                        .await
                        .expect("the table is there");
                    for row in &plain_rows {
                        let query = sqlx::query("INSERT INTO plain VALUES ($1, $2, $3)").bind(row.id);
                        let query = query.bind(&row.email).bind(&row.note);
                        query.execute(&mut *transaction).await.expect("it is inserted");
                    }
                    transaction.commit().await.expect("all was inserted");
                });
            };
            let insert = || {
                let mut connection = connection.borrow_mut();
                runtime.block_on(async {
                    let mut transaction = connection.begin().await.expect("there is none");
                    sqlx::query("DELETE FROM encrypted")
                        .execute(&mut *transaction)
                        .await
                        .expect("the table is there");
                    for row in &rows {
                        let query = sqlx::query("INSERT INTO encrypted VALUES ($1, $2, $3)").bind(row.id);
                        let query = query.bind(Row::EMAIL.bind(&row.email)).bind(Row::NOTE.bind(&row.note));
                        query.execute(&mut *transaction).await.expect("it is inserted");
                    }
                    transaction.commit().await.expect("all was inserted");
                });
            };
            ratio(criterion, &of("insert_vs_plain"), insert_plain, insert);
            insert_plain();
            insert();
            let load_plain = || {
                let query = sqlx::query_as::<_, Plain>("SELECT * FROM plain");
                let rows = runtime.block_on(query.fetch_all(&mut *connection.borrow_mut()));
                assert_eq!(rows.expect("they are there").len(), 10_000);
            };
            let load = || {
                let query = sqlx::query_as::<_, Row>("SELECT * FROM encrypted");
                let rows = runtime.block_on(query.fetch_all(&mut *connection.borrow_mut()));
                assert_eq!(rows.expect("they are there").len(), 10_000);
            };
            ratio(criterion, &of("load_vs_plain"), load_plain, load);
            let (wanted, wanted_plain) = (row(4711).email, plain_row(keyring, 4711).email);
            let lookup_plain = || {
                let query =
                    sqlx::query_scalar::<_, i32>("SELECT id FROM plain WHERE email = $1").bind(&wanted_plain);
                let found = runtime.block_on(query.fetch_one(&mut *connection.borrow_mut()));
                assert_eq!(found.ok(), Some(4711));
            };
            let lookup = || {
                let query = sqlx::query_scalar::<_, i32>("SELECT id FROM encrypted WHERE email = $1");
                let query = query.bind(Row::EMAIL.bind(&wanted));
                let found = runtime.block_on(query.fetch_one(&mut *connection.borrow_mut()));
                assert_eq!(found.ok(), Some(4711));
            };
            ratio(criterion, &of("lookup_vs_plain"), lookup_plain, lookup);
            if stringify!($name) == "sqlite" {
                // Of one row with two values.
                let [of_encrypted, of_plain] = ["encrypted", "plain"].map(|table| {
                    let query = sqlx::AssertSqlSafe(format!("SELECT * FROM {table} WHERE id = 1"));
                    let row = runtime
                        .block_on(sqlx::query(query).fetch_one(&mut *connection.borrow_mut()))
                        .expect("it is there");
                    let decode = || match table {
                        "plain" => drop(Plain::from_row(&row)),
                        _ => drop(Row::from_row(&row)),
                    };
                    decode();
                    i64::try_from(measure(decode).count_total).unwrap_or(i64::MAX)
                });
                figure("allocs_sqlx_decode", of_encrypted.saturating_sub(of_plain));
            }
        }
    };
}

figures! { sqlite: SqliteConnection }
figures! { postgres: PgConnection }

fn schema(bytes: &str) -> sqlx::AssertSqlSafe<String> {
    let table = |name| {
        format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, email {bytes} NOT NULL UNIQUE, note {bytes} NOT NULL);"
        )
    };
    sqlx::AssertSqlSafe(["encrypted", "plain"].map(table).concat())
}

fn main() {
    let provider = LocalKey::ephemeral().expect("the operating system has random bytes");
    let keyring =
        Keyring::builder(provider, MemoryStore::new()).open_blocking().expect("nothing can fail in memory");
    let mut criterion = criterion().sample_size(10);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("there is none yet");
    keyring.with(|| {
        let connection = runtime.block_on(async {
            let mut connection =
                SqliteConnection::connect("sqlite::memory:").await.expect("SQLite is built in");
            sqlx::raw_sql(schema("BLOB")).execute(&mut connection).await.expect("the tables are new");
            connection
        });
        sqlite(&keyring, &mut criterion, &runtime, connection);

        let server =
            std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL: a server to make a database on");
        let name = format!("envelope_bench_sqlx_{}", std::process::id());
        let administer = |statement: String| {
            runtime.block_on(async {
                let mut connection =
                    PgConnection::connect(&format!("{server}/postgres")).await.expect("the server is there");
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                    .execute(&mut connection)
                    .await
                    .expect("it may be done");
            });
        };
        administer(format!("CREATE DATABASE {name}"));
        let connection = runtime.block_on(async {
            let mut connection =
                PgConnection::connect(&format!("{server}/{name}")).await.expect("it was made");
            sqlx::raw_sql(schema("BYTEA")).execute(&mut connection).await.expect("the tables are new");
            connection
        });
        postgres(&keyring, &mut criterion, &runtime, connection);
        administer(format!("DROP DATABASE {name} WITH (FORCE)"));
    });
    criterion.final_summary();
}
