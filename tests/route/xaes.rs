//! A column with XAES-256-GCM, through both ORMs, over a database that both read; and the column as it was declared before.

use diesel::{Connection, SqliteConnection, prelude::*};
use envelope_core::testing;
use envelope_diesel::Encrypted;
use sqlx::{ConnectOptions, Row, sqlite::SqliteConnectOptions};

mod schema {
    diesel::table! {
        events (id) {
            id -> BigInt,
            body -> crate::xaes::EventBody,
            note -> Nullable<crate::xaes::EventNote>,
        }
    }
}
use schema::events;

#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq)]
#[encrypt(diesel, sqlx)]
#[diesel(table_name = events)]
struct Event {
    id: i64,
    #[encrypt(xaes)]
    body: String,
    #[encrypt(xaes, encoding = "text")]
    note: Option<String>,
}

mod before {
    use envelope_sqlx::Encrypted;

    #[derive(Encrypted, Debug)]
    #[encrypt(table = "events")]
    pub(super) struct Event {
        #[expect(dead_code, reason = "read with the rest")]
        pub(super) id: i64,
        #[encrypt]
        pub(super) body: String,
        #[encrypt(encoding = "text")]
        pub(super) note: Option<String>,
    }
}

fn event(id: i64) -> Event {
    Event { id, body: format!("body {id}"), note: (id != 2).then(|| format!("note {id}")) }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_orms_and_both_declarations_read_each_others_values() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.sqlite");
    let keyring = testing::keyring();
    let mut diesel = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    diesel::sql_query("CREATE TABLE events (id INTEGER PRIMARY KEY, body BLOB NOT NULL, note TEXT)")
        .execute(&mut diesel)
        .unwrap();
    keyring.with(|| {
        diesel::insert_into(events::table).values(&vec![event(1), event(2)]).execute(&mut diesel).unwrap()
    });
    let mut sqlx = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
    keyring
        .scope(async {
            let insert = "INSERT INTO events VALUES ($1, $2, $3)";
            let query = sqlx::query(insert).bind(3_i64);
            let query =
                query.bind(Event::BODY.bind("body 3")).bind(Event::NOTE.bind(&Some("note 3".to_owned())));
            query.execute(&mut sqlx).await.unwrap();
            // As it was declared before the column asked for it.
            let query = sqlx::query(insert).bind(4_i64).bind(before::Event::BODY.bind("body 4"));
            query
                .bind(before::Event::NOTE.bind(&Some("note 4".to_owned())))
                .execute(&mut sqlx)
                .await
                .unwrap();
        })
        .await;
    let stored = sqlx::query("SELECT body, note FROM events ORDER BY id").fetch_all(&mut sqlx).await.unwrap();
    for (row, (suite, digits, overhead)) in
        stored.iter().zip([(2, "IJKL", 46); 3].into_iter().chain([(1, "EFGH", 34)]))
    {
        let body: Vec<u8> = row.get(0);
        assert_eq!((body[1], body.len()), (suite, 6 + overhead));
        let note: Option<String> = row.get(1);
        assert!(note.is_none_or(|note| digits.contains(note.chars().nth(6).unwrap())));
    }
    let all: Vec<Event> = keyring
        .with(|| events::table.order_by(events::id).select(Event::as_select()).load(&mut diesel))
        .unwrap();
    assert_eq!(all, (1..=4).map(event).collect::<Vec<_>>());
    let all: Vec<Event> = keyring
        .scope(async { sqlx::query_as("SELECT * FROM events ORDER BY id").fetch_all(&mut sqlx).await })
        .await
        .unwrap();
    assert_eq!(all, (1..=4).map(event).collect::<Vec<_>>());
    let all: Vec<before::Event> = keyring
        .scope(async { sqlx::query_as("SELECT * FROM events ORDER BY id").fetch_all(&mut sqlx).await })
        .await
        .unwrap();
    assert_eq!(all[0].body, "body 1");
    assert_eq!(all[2].note.as_deref(), Some("note 3"));
}
