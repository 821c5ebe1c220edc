//! Every way into the database.

use envelope_core::testing;
use envelope_sqlx::Encrypted;
use sqlx::{QueryBuilder, Row as _};

use super::{Db, KIND, sql};
use envelope_tests::database::Kind;
use super::fixture::{User, UserEmail, UserName, UserNote, ada, all, bob, database, insert, with_keyring};

#[tokio::test]
async fn what_is_stored_is_sealed() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        insert(&pool, &bob()).await;
        let rows =
            sqlx::query("SELECT email, name, note FROM users ORDER BY id").fetch_all(&pool).await.unwrap();
        let stored = |row: usize, column: usize| -> Option<Vec<u8>> { rows[row].get(column) };
        assert!(stored(0, 0).unwrap().starts_with(&[0xFE, 0x10]));
        assert_eq!(stored(0, 0).unwrap().len(), "ada@example.com".len() + 22);
        assert!(stored(0, 1).unwrap().starts_with(&[0xFE, 0x01]));
        assert_eq!(stored(0, 2).unwrap().len(), "likes tea".len() + 34);
        assert_eq!(stored(1, 2), None);
    })
    .await;
}

#[tokio::test]
async fn every_form_of_a_value() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        let set = || sql("UPDATE users SET note = ?");
        let note = async |expected: Option<&str>| {
            let note: Option<Encrypted<UserNote>> =
                sqlx::query_scalar("SELECT note FROM users").fetch_one(&pool).await.unwrap();
            assert_eq!(note.as_deref().map(String::as_str), expected);
        };
        sqlx::query(set()).bind(User::NOTE.bind("a")).execute(&pool).await.unwrap();
        note(Some("a")).await;
        sqlx::query(set()).bind(User::NOTE.bind("b".to_owned())).execute(&pool).await.unwrap();
        note(Some("b")).await;
        sqlx::query(set()).bind(User::NOTE.bind(None::<String>)).execute(&pool).await.unwrap();
        note(None).await;
        sqlx::query(set()).bind(User::NOTE.bind(Some("c"))).execute(&pool).await.unwrap();
        note(Some("c")).await;
        sqlx::query(set()).bind(User::NOTE.bind(&None::<String>)).execute(&pool).await.unwrap();
        note(None).await;
        sqlx::query(set()).bind(User::NOTE.bind(&Some("d".to_owned()))).execute(&pool).await.unwrap();
        note(Some("d")).await;
        sqlx::query(set()).bind(User::NOTE.bind(ada().note.as_deref())).execute(&pool).await.unwrap();
        note(Some("likes tea")).await;
        sqlx::query(set()).bind(User::NOTE.seal("e").unwrap()).execute(&pool).await.unwrap();
        note(Some("e")).await;
        sqlx::query(set()).bind(User::NOTE.seal(&Some("f".to_owned())).unwrap()).execute(&pool).await.unwrap();
        note(Some("f")).await;
        sqlx::query(set()).bind(Encrypted::<UserNote>::new("g".to_owned())).execute(&pool).await.unwrap();
        note(Some("g")).await;
        sqlx::query(set()).bind(None::<Encrypted<UserNote>>).execute(&pool).await.unwrap();
        note(None).await;
        // A wrapper is a form of its plaintext, also for another column.
        let name = Encrypted::<UserName>::new("h".to_owned());
        sqlx::query(set()).bind(User::NOTE.bind(&name)).execute(&pool).await.unwrap();
        note(Some("h")).await;
    })
    .await;
}

#[tokio::test]
async fn with_the_keyring_passed_by_hand() {
    let keyring = testing::keyring();
    let database = database().await;
    let pool = database.pool.clone();
    sqlx::query(sql("INSERT INTO users VALUES (?, ?, ?, NULL, TRUE)"))
        .bind(1)
        .bind(keyring.seal(User::EMAIL, "ada@example.com").unwrap())
        .bind(keyring.seal(User::NAME, "Ada").unwrap())
        .execute(&pool)
        .await
        .unwrap();
    let users = keyring.scope(all(&pool)).await.unwrap();
    assert_eq!(users, [User { note: None, ..ada() }]);
}

#[tokio::test]
async fn many_rows_in_one_statement() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        let users: Vec<_> =
            (1..=50).map(|id| User { id, email: format!("{id}@example.com"), ..bob() }).collect();
        let sealed: Result<Vec<_>, _> = users
            .iter()
            .map(|user| {
                let (email, name) = (User::EMAIL.seal(&user.email)?, User::NAME.seal(&user.name)?);
                Ok::<_, envelope_sqlx::SealError>((user, email, name, User::NOTE.seal(&user.note)?))
            })
            .collect();
        let mut insert = QueryBuilder::<Db>::new("INSERT INTO users ");
        insert.push_values(sealed.unwrap(), |mut row, (user, email, name, note)| {
            row.push_bind(user.id).push_bind(email).push_bind(name).push_bind(note).push_bind(user.is_active);
        });
        insert.build().execute(&pool).await.unwrap();
        assert_eq!(all(&pool).await.unwrap(), users);
    })
    .await;
}

#[tokio::test]
async fn transactions() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        let insert = sql("INSERT INTO users VALUES (?, ?, ?, NULL, TRUE)");
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query(insert)
            .bind(1)
            .bind(User::EMAIL.bind("ada@example.com"))
            .bind(User::NAME.bind("Ada"))
            .execute(&mut *transaction)
            .await
            .unwrap();
        let name: Encrypted<UserName> =
            sqlx::query_scalar("SELECT name FROM users").fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(name.as_str(), "Ada");
        transaction.rollback().await.unwrap();
        assert_eq!(all(&pool).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn upserts_and_returning() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        // Equal plaintexts have equal bytes, so the database finds the conflict.
        let conflict = match KIND {
            Kind::Sqlite | Kind::Postgres => "ON CONFLICT (email) DO UPDATE SET name = excluded.name",
            Kind::Mysql => "ON DUPLICATE KEY UPDATE name = VALUES(name)",
        };
        let upsert = format!("INSERT INTO users VALUES (2, ?, ?, NULL, TRUE) {conflict} RETURNING id, email, name");
        let (id, email, name): (i64, Encrypted<UserEmail>, Encrypted<UserName>) = sqlx::query_as(sql(&upsert))
            .bind(User::EMAIL.bind("ada@example.com"))
            .bind(User::NAME.bind("Ada Lovelace"))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!((id, email.as_str(), name.as_str()), (1, "ada@example.com", "Ada Lovelace"));
    })
    .await;
}
