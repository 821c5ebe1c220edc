//! What must fail, and how.

use envelope_core::{NoKeyring, OpenError, SealError, testing};
use envelope_sqlx::{Encrypted, Sealed};
use sqlx::{error::UnexpectedNullError, query::Query};

use super::{Db, KIND, sql};
use envelope_tests::database::Kind;
use super::fixture::{User, UserEmail, UserName, UserNote, ada, all, bob, database, insert, open_error, with_keyring};

#[tokio::test]
async fn a_value_of_another_tenant() {
    let keyring = testing::keyring();
    let (acme, other) = (keyring.tenant("acme").unwrap(), keyring.tenant("other").unwrap());
    let database = database().await;
    let pool = database.pool.clone();
    acme.scope(insert(&pool, &ada())).await;

    let error = open_error(other.scope(all(&pool)).await);
    assert!(matches!(&error, OpenError::UnknownKey { tenant, .. } if tenant.as_str() == "other"), "{error}");
    let error = open_error(keyring.scope(all(&pool)).await);
    assert!(matches!(&error, OpenError::UnknownKey { tenant, .. } if tenant.is_default()), "{error}");
    assert_eq!(acme.scope(all(&pool)).await.unwrap(), [ada()]);
}

#[tokio::test]
async fn a_value_of_another_keyring() {
    let database = database().await;
    let pool = database.pool.clone();
    with_keyring(insert(&pool, &ada())).await;
    let error = open_error(with_keyring(all(&pool)).await);
    assert!(matches!(&error, OpenError::UnknownKey { .. }), "{error}");
}

#[tokio::test]
async fn a_value_that_was_moved_to_another_column() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        sqlx::query("UPDATE users SET note = name").execute(&pool).await.unwrap();
        let error = open_error(all(&pool).await);
        assert!(
            matches!(&error, OpenError::NotAuthentic { field, .. } if field.to_string() == "users.note"),
            "{error}"
        );
        // To a column of the other mode.
        sqlx::query("UPDATE users SET note = email").execute(&pool).await.unwrap();
        let error = open_error(all(&pool).await);
        assert!(matches!(&error, OpenError::WrongMode { .. }), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_value_that_was_changed() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        let [appended, empty] = match KIND {
            Kind::Sqlite => ["CAST(name || X'00' AS BLOB)", "X''"],
            Kind::Postgres => [r"name || '\x00'", "''"],
            Kind::Mysql => ["concat(name, X'00')", "''"],
        };
        database.sql(&format!("UPDATE users SET name = {appended}"));
        assert!(matches!(open_error(all(&pool).await), OpenError::NotAuthentic { .. }));
        sqlx::query("UPDATE users SET name = substr(name, 1, 20)").execute(&pool).await.unwrap();
        assert!(matches!(open_error(all(&pool).await), OpenError::Malformed { .. }));
        database.sql(&format!("UPDATE users SET name = {empty}"));
        assert!(matches!(open_error(all(&pool).await), OpenError::NotAnEnvelope { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_row_in_plaintext() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        let literals: &[&str] = if KIND == Kind::Sqlite { &["'Ada'", "CAST('Ada' AS BLOB)"] } else { &["'Ada'"] };
        for literal in literals {
            database.sql(&format!("UPDATE users SET name = {literal}"));
            let error = open_error(all(&pool).await);
            assert!(matches!(&error, OpenError::NotAnEnvelope { .. }), "{error}");
        }
        if KIND == Kind::Sqlite {
            // A number is not even of the column's type.
            database.sql("UPDATE users SET name = 5");
            assert!(matches!(all(&pool).await, Err(sqlx::Error::ColumnDecode { .. })));
        }
    })
    .await;
}

#[tokio::test]
async fn null_where_a_value_is_declared() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        for result in [
            sqlx::query_scalar("SELECT NULL").fetch_one(&pool).await.map(|_: Encrypted<UserName>| ()),
            sqlx::query_scalar("SELECT NULL").fetch_one(&pool).await.map(|_: Sealed<UserName>| ()),
        ] {
            match result {
                Err(sqlx::Error::ColumnDecode { source, .. }) => assert!(source.is::<UnexpectedNullError>()),
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn reading_without_a_keyring() {
    let database = database().await;
    let pool = database.pool.clone();
    with_keyring(insert(&pool, &ada())).await;
    let error = open_error(all(&pool).await);
    assert!(matches!(&error, OpenError::NoKeyring { source: NoKeyring { .. }, .. }), "{error}");
    assert!(
        error.to_string().contains("users.email") && error.to_string().contains("keyring.scope"),
        "{error}"
    );
    // What is `NULL` needs no key.
    let notes: Vec<Option<Encrypted<UserNote>>> =
        sqlx::query_scalar("SELECT NULL FROM users").fetch_all(&pool).await.unwrap();
    assert_eq!(notes, [None]);
}

#[tokio::test]
async fn binding_without_a_keyring() {
    let database = database().await;
    let pool = database.pool.clone();
    let insert: Query<'_, Db, _> = sqlx::query(sql("UPDATE users SET email = ?"));
    // SQLx keeps the text of the error only.
    let error = insert.bind(User::EMAIL.bind("ada@example.com")).execute(&pool).await.unwrap_err();
    assert!(matches!(&error, sqlx::Error::Encode(_)), "{error:?}");
    assert!(error.to_string().contains("cannot seal users.email: no keyring"), "{error}");
    // Here it is typed.
    let mut insert: Query<'_, Db, _> = sqlx::query(sql("UPDATE users SET email = ?"));
    let error = insert.try_bind(User::EMAIL.bind("ada@example.com")).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SealError::NoKeyring { .. })), "{error}");
    let error = insert.try_bind(Encrypted::<UserEmail>::new(ada().email)).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(SealError::NoKeyring { .. })), "{error}");
    assert!(matches!(User::EMAIL.seal("ada@example.com"), Err(SealError::NoKeyring { .. })));
    assert!(matches!(User::NOTE.seal(Some("tea")), Err(SealError::NoKeyring { .. })));
    assert!(matches!(User::EMAIL.lookup("ada@example.com"), Err(SealError::NoKeyring { .. })));
    // There is nothing to seal.
    assert_eq!(User::NOTE.seal(None::<&str>).unwrap(), None);
}

#[tokio::test]
async fn a_failed_bind_stores_nothing() {
    let database = database().await;
    let pool = database.pool.clone();
    let result = sqlx::query(sql("INSERT INTO users VALUES (1, ?, ?, NULL, TRUE)"))
        .bind(User::EMAIL.bind(bob().email))
        .bind(User::NAME.bind(bob().name))
        .execute(&pool)
        .await;
    assert!(result.is_err());
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&pool).await.unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn no_error_and_no_debug_output_holds_plaintext_or_ciphertext() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        sqlx::query("UPDATE users SET note = name").execute(&pool).await.unwrap();
        let error = all(&pool).await.unwrap_err();
        let sealed = User::EMAIL.seal("ada@example.com").unwrap();
        let shown = [
            format!("{error} {error:?}"),
            format!("{:?}", User::EMAIL.bind("ada@example.com")),
            format!("{:?}", User::EMAIL.lookup("ada@example.com").unwrap()),
            format!("{sealed:?}"),
            format!("{:?}", Encrypted::<UserEmail>::new("ada@example.com".to_owned())),
            format!("{:?}", User::EMAIL),
            format!("{:?}", User::EMAIL.of("u")),
        ];
        for text in &shown {
            assert!(!text.contains("ada") && !text.contains("Ada") && !text.contains("254"), "{text}");
        }
        let [_, rest @ ..] = shown;
        let expected = [
            "Bind(users.email)",
            "Lookup(users.email, 1 candidates)",
            "Sealed(users.email, 37 bytes)",
            "Encrypted(users.email)",
            "users.email",
            "ColumnName(u.email)",
        ];
        assert_eq!(rest, expected);
    })
    .await;
}
