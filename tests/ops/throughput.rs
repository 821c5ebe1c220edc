//! How fast it is beside plain updates of the same rows. The ratio is printed; a machine that is busy proves nothing.

use std::time::Instant;

use envelope_sqlx::ops::Plan;
use sqlx::{AnyPool, Connection as _};

use crate::world::{KINDS, Kind, World, deterministic, randomized, text, url};

const BATCH: i64 = 500;

fn rows() -> i64 {
    std::env::var("ENVELOPE_THROUGHPUT_ROWS").map_or(5000, |rows| rows.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_plain_updates() {
    sqlx::any::install_default_drivers();
    for kind in KINDS {
        let columns = || {
            [
                text(deterministic("people", "email", "people.email")),
                text(randomized("people", "note", "people.note")),
            ]
        };
        let world = World::new(
            kind,
            "CREATE TABLE people (id BIGINT PRIMARY KEY, email <short>, note <bytes>)",
            columns(),
        )
        .await;
        if kind == Kind::Sqlite {
            world.sql("PRAGMA journal_mode = WAL");
        }
        let values: Vec<_> =
            (1..=rows()).map(|id| format!("({id}, 'p{id}@example.com', 'note {id}')")).collect();
        for values in values.chunks(1000) {
            world.sql(&format!("INSERT INTO people VALUES {}", values.join(", ")));
        }
        let pool = AnyPool::connect(&url(&world.database)).await.unwrap();
        let begun = Instant::now();
        plain_updates(&pool, kind).await;
        let plain = begun.elapsed();
        let report = world.encrypt("people", &Plan::new()).await;
        assert_eq!((report.changed, report.remaining), (rows().unsigned_abs(), Some(0)));
        println!(
            "{kind:?}: {} rows; plain updates {:.2} s, encrypt-table {:.2} s: {:.2} times as fast",
            rows(),
            plain.as_secs_f64(),
            report.seconds,
            plain.as_secs_f64() / report.seconds
        );
    }
}

/// Each row by its primary key, in transactions of as many rows as a batch has, with values as long as encrypted ones.
async fn plain_updates(pool: &AnyPool, kind: Kind) {
    let mut connection = pool.acquire().await.unwrap();
    let statement = if kind == Kind::Mysql {
        "UPDATE people SET email = ?, note = ? WHERE id = ?"
    } else {
        "UPDATE people SET email = $1, note = $2 WHERE id = $3"
    };
    for first in (1..=rows()).step_by(usize::try_from(BATCH).unwrap()) {
        let mut transaction = connection.begin().await.unwrap();
        for id in first..(first + BATCH).min(rows() + 1) {
            let (email, note) = (format!("p{id}@example.com{:022}", 0), format!("note {id}{:034}", 0));
            let query = sqlx::query(statement).bind(email.into_bytes()).bind(note.into_bytes()).bind(id);
            query.execute(&mut *transaction).await.unwrap();
        }
        transaction.commit().await.unwrap();
    }
}
