//! Lookups in a deterministic column.

use core::slice;

use envelope_core::testing;
use envelope_sqlx::{ColumnName, Encrypted, LookupError, QueryBuilderExt as _};
use sqlx::QueryBuilder;

use super::{Db, KIND, shown, sql};
use envelope_tests::database::Kind;
use crate::keys;
use super::fixture::{User, UserEmail, ada, bob, database, insert, with_keyring};

#[tokio::test]
async fn nothing_is_found_that_is_not_there() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        for email in ["bob@example.com", "ada@example.co", "Ada@example.com", ""] {
            let found: Option<User> = sqlx::query_as(sql("SELECT * FROM users WHERE email = ?"))
                .bind(User::EMAIL.lookup(email).unwrap().one().unwrap())
                .fetch_optional(&pool)
                .await
                .unwrap();
            assert_eq!(found, None, "{email}");
        }
    })
    .await;
}

#[tokio::test]
async fn other_tenants_find_nothing() {
    let keyring = testing::keyring();
    let database = database().await;
    let pool = database.pool.clone();
    keyring.tenant("acme").unwrap().scope(insert(&pool, &ada())).await;
    let other = keyring.tenant("other").unwrap();
    let lookup = other.with(|| User::EMAIL.lookup("ada@example.com").unwrap().one().unwrap());
    let found: i64 = sqlx::query_scalar(sql("SELECT count(*) FROM users WHERE email = ?"))
        .bind(lookup)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(found, 0);
}

#[tokio::test]
async fn one_live_key() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        insert(&pool, &bob()).await;
        let found: User = sqlx::query_as(sql("SELECT * FROM users WHERE email = ?"))
            .bind(User::EMAIL.lookup("ada@example.com").unwrap().one().unwrap())
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(found, ada());
        // The forms of a value that can be bound can be looked up.
        let wrapper = Encrypted::<UserEmail>::new("bob@example.com".to_owned());
        for lookup in
            [User::EMAIL.lookup(&wrapper), User::EMAIL.lookup(bob().email), User::EMAIL.lookup(&bob().email)]
        {
            let mut query = QueryBuilder::<Db>::new("SELECT * FROM users WHERE ");
            query.push_lookup(User::EMAIL, lookup.unwrap());
            assert_eq!(query.sql(), shown("SELECT * FROM users WHERE `email` = ?"));
            assert_eq!(query.build_query_as::<User>().fetch_all(&pool).await.unwrap(), [bob()]);
        }
        let either =
            User::EMAIL.lookup("ada@example.com").unwrap().or(User::EMAIL.lookup("bob@example.com").unwrap());
        let mut query = QueryBuilder::<Db>::new("SELECT u.* FROM users AS u WHERE u.id < ");
        query.push_bind(100).push(" AND NOT ").push_lookup(User::EMAIL.of("u"), either).push(" ORDER BY id");
        assert_eq!(query.sql(), shown("SELECT u.* FROM users AS u WHERE u.id < ? AND NOT `u`.`email` IN (?, ?) ORDER BY id"));
        assert_eq!(query.build_query_as::<User>().fetch_all(&pool).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn several_live_keys() {
    let keys = keys::rotated().await;
    let database = database().await;
    let pool = database.pool.clone();
    keys.before.scope(insert(&pool, &ada())).await;
    keys.after
        .scope(async {
            insert(&pool, &bob()).await;
            for user in [ada(), bob()] {
                let lookup = || User::EMAIL.lookup(&user.email).unwrap();
                // A search under the active key alone would miss Ada, so it is refused.
                let error = lookup().one().unwrap_err();
                assert!(
                    matches!(error, LookupError { field, candidates: 2, places: 1, .. } if field.to_string() == "users.email")
                );
                let expected = "a lookup in users.email has 2 candidates, one for each live search key, and the query has 1 \
                                places for them: write `IN (?, …)` and bind `lookup.array::<2>()?`, or use `QueryBuilder` and \
                                `push_lookup`";
                assert_eq!(error.to_string(), expected);

                let mut query = QueryBuilder::<Db>::new("SELECT * FROM users WHERE ");
                query.push_lookup(User::EMAIL, lookup());
                assert_eq!(query.sql(), shown("SELECT * FROM users WHERE `email` IN (?, ?)"));
                assert_eq!(query.build_query_as::<User>().fetch_all(&pool).await.unwrap(), slice::from_ref(&user));

                let [a, b] = lookup().array().unwrap();
                assert_ne!(a, b);
                let [first, second, third] = lookup().array().unwrap();
                assert_eq!((&first, &second, &third), (&a, &b, &a));
                let found: User = sqlx::query_as(sql("SELECT * FROM users WHERE email IN (?, ?)"))
                    .bind(a)
                    .bind(b)
                    .fetch_one(&pool)
                    .await
                    .unwrap();
                assert_eq!(found, user);
                // Storing is under the active key.
                assert_eq!(User::EMAIL.seal(&user.email).unwrap(), first);
            }
        })
        .await;
}

#[tokio::test]
async fn places_that_are_not_needed_change_nothing() {
    with_keyring(async {
        let database = database().await;
        let pool = database.pool.clone();
        insert(&pool, &ada()).await;
        let [a, b] = User::EMAIL.lookup("ada@example.com").unwrap().array().unwrap();
        let found: Vec<User> = sqlx::query_as(sql("SELECT * FROM users WHERE email IN (?, ?)"))
            .bind(a)
            .bind(b)
            .fetch_all(&pool)
            .await
            .unwrap();
        assert_eq!(found, [ada()]);
        assert!(User::EMAIL.lookup("ada@example.com").unwrap().array::<0>().is_err());
    })
    .await;
}

#[tokio::test]
async fn names_are_quoted() {
    #[derive(envelope_sqlx::Encrypted)]
    #[encrypt(table = "orders")]
    struct Order {
        #[encrypt(deterministic, column = "group`s\"")]
        r#where: String,
    }
    with_keyring(async {
        let order = Order { r#where: "x".to_owned() };
        let mut query = QueryBuilder::<Db>::new("");
        let name = ColumnName::of(Order::WHERE, "a` OR \" 1 --");
        query.push_lookup(name, Order::WHERE.lookup(&order.r#where).unwrap());
        let expected = match KIND {
            Kind::Postgres => "\"a` OR \"\" 1 --\".\"group`s\"\"\" = $1",
            _ => "`a`` OR \" 1 --`.`group``s\"` = ?",
        };
        assert_eq!(query.sql(), expected);
    })
    .await;
}
