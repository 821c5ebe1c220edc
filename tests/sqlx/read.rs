//! Every way out of the database.

use envelope_core::testing;
use envelope_sqlx::{Encrypted, Keyring, Sealed};
use futures_util::TryStreamExt as _;
use sqlx::{FromRow, Row as _};

use super::{KIND, sql};
use envelope_tests::database::Kind;
use super::fixture::{User, UserEmail, UserName, UserNote, ada, all, bob, database, insert, with_keyring};

/// SQLx's own derive, around structs of ours.
#[derive(FromRow, Debug, PartialEq)]
struct Counted {
    #[sqlx(flatten)]
    user: User,
    length: i64,
}

/// The same without ours.
#[derive(FromRow, Debug, PartialEq)]
struct Wrapped {
    id: i64,
    email: Encrypted<UserEmail>,
    note: Option<Encrypted<UserNote>>,
    #[sqlx(try_from = "Encrypted<UserName>")]
    name: String,
}

#[tokio::test]
async fn structs() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        insert(&pool, &bob()).await;
        assert_eq!(all(&pool).await.unwrap(), [ada(), bob()]);
        let integer = if KIND == Kind::Mysql { "SIGNED" } else { "BIGINT" };
        let counted =
            format!("SELECT users.*, CAST(length(name) AS {integer}) AS length FROM users WHERE id = 1");
        let counted: Counted = sqlx::query_as(sqlx::AssertSqlSafe(counted))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(counted, Counted { user: ada(), length: 34 + 3 });
    })
    .await;
}

#[tokio::test]
async fn wrappers_in_the_derive_of_sqlx() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        let wrapped: Wrapped =
            sqlx::query_as("SELECT id, email, note, name FROM users").fetch_one(&pool).await.unwrap();
        assert_eq!(wrapped.email.as_str(), "ada@example.com");
        assert_eq!(wrapped.note.as_deref().map(String::as_str), Some("likes tea"));
        assert_eq!(
            format!("{wrapped:?}"),
            "Wrapped { id: 1, email: Encrypted(users.email), note: Some(Encrypted(users.note)), name: \"Ada\" }"
        );
    })
    .await;
}

#[tokio::test]
async fn tuples_and_scalars() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        insert(&pool, &bob()).await;
        let rows: Vec<(i64, Encrypted<UserName>, Option<Encrypted<UserNote>>)> =
            sqlx::query_as("SELECT id, name, note FROM users ORDER BY id").fetch_all(&pool).await.unwrap();
        let [(1, name, Some(note)), (2, other, None)] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((name.as_str(), note.as_str(), other.as_str()), ("Ada", "likes tea", "Bob"));
        let email: Encrypted<UserEmail> =
            sqlx::query_scalar("SELECT email FROM users WHERE id = 2").fetch_one(&pool).await.unwrap();
        assert_eq!(email.into_inner(), "bob@example.com");
        let row = sqlx::query("SELECT name FROM users WHERE id = 1").fetch_one(&pool).await.unwrap();
        assert_eq!(row.get::<Encrypted<UserName>, _>(0).as_str(), "Ada");
    })
    .await;
}

#[tokio::test]
async fn streams() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        insert(&pool, &bob()).await;
        let mut rows = sqlx::query_as("SELECT * FROM users ORDER BY id").fetch(&pool);
        let mut users: Vec<User> = Vec::new();
        while let Some(user) = rows.try_next().await.unwrap() {
            tokio::task::yield_now().await;
            users.push(user);
        }
        assert_eq!(users, [ada(), bob()]);
    })
    .await;
}

#[tokio::test]
async fn ciphertext_without_a_keyring() {
    let keyring = testing::keyring();
    let database = database().await;
    let pool = database.pool.clone();
    keyring.scope(insert(&pool, &ada())).await;
    let sealed: Sealed<UserEmail> =
        sqlx::query_scalar("SELECT email FROM users").fetch_one(&pool).await.unwrap();
    assert!(Keyring::current().is_err());
    assert_eq!(sealed.as_bytes(), keyring.seal(User::EMAIL, "ada@example.com").unwrap());
    assert_eq!(sealed.open(&keyring).unwrap(), "ada@example.com");
    // It can be written back as it is.
    sqlx::query(sql("UPDATE users SET email = ?")).bind(&sealed).execute(&pool).await.unwrap();
    sqlx::query(sql("UPDATE users SET email = ?")).bind(sealed.clone()).execute(&pool).await.unwrap();
    assert_eq!(keyring.scope(all(&pool)).await.unwrap(), [ada()]);
    assert_eq!(sealed, Sealed::new(sealed.clone().into_bytes()));
}
