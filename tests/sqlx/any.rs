//! `sqlx::Any`, whose database is known when the program runs.

use envelope_sqlx::{Encrypted, KeyringExt as _, QueryBuilderExt as _};
use envelope_tests::database::{Database, Kind};
use sqlx::{Any, AnyPool, QueryBuilder};

use super::{BYTES, INDEXED, KIND, sql};

#[derive(Encrypted, Debug, PartialEq)]
#[encrypt(table = "people")]
struct Person {
    id: i64,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    note: Option<String>,
}

#[tokio::test]
async fn in_and_out() {
    sqlx::any::install_default_drivers();
    let database = Database::new(KIND);
    database.sql(&format!("CREATE TABLE people (id BIGINT PRIMARY KEY, email {INDEXED} NOT NULL, note {BYTES})"));
    let url = match KIND {
        Kind::Sqlite => format!("sqlite:{}", database.url()),
        Kind::Postgres | Kind::Mysql => database.url().to_owned(),
    };
    let pool = AnyPool::connect(&url).await.unwrap();
    let keyring = envelope_core::testing::keyring();
    keyring
        .scope(async {
            let people = [
                Person { id: 1, email: "ada@example.com".to_owned(), note: Some("likes tea".to_owned()) },
                Person { id: 2, email: "bob@example.com".to_owned(), note: None },
            ];
            for person in &people {
                sqlx::query::<Any>(sql("INSERT INTO people VALUES (?, ?, ?)"))
                    .bind(person.id)
                    .bind(Person::EMAIL.bind(&person.email))
                    .bind(Person::NOTE.bind(&person.note))
                    .execute(&pool)
                    .await
                    .unwrap();
            }
            let read: Vec<Person> =
                sqlx::query_as("SELECT * FROM people ORDER BY id").fetch_all(keyring.on(&pool)).await.unwrap();
            assert_eq!(read, people);
            let email: Encrypted<PersonEmail> =
                sqlx::query_scalar("SELECT email FROM people WHERE id = 2").fetch_one(&pool).await.unwrap();
            assert_eq!(email.as_str(), "bob@example.com");
            let lookup = || Person::EMAIL.lookup("ada@example.com").unwrap();
            let found: Vec<Person> = sqlx::query_as(sql("SELECT * FROM people WHERE email = ?"))
                .bind(lookup().one().unwrap())
                .fetch_all(&pool)
                .await
                .unwrap();
            assert_eq!(found, people[..1]);
            // SQLx's builder writes `?` for `Any`, which PostgreSQL does not know.
            let mut query = QueryBuilder::<Any>::new("SELECT * FROM people WHERE ");
            query.push_lookup(Person::EMAIL, lookup());
            let found = query.build_query_as::<Person>().fetch_all(&pool).await;
            match KIND {
                Kind::Postgres => assert!(matches!(found, Err(sqlx::Error::Database(_)))),
                Kind::Sqlite | Kind::Mysql => assert_eq!(found.unwrap(), people[..1]),
            }
        })
        .await;
}
