//! Arrays, which only PostgreSQL has: all candidates of a lookup in one parameter, many values in one column of parameters.

use envelope_core::testing;
use envelope_sqlx::{Encrypted, KeyringExt as _, Sealed};
use sqlx::{Executor as _, FromRow as _};

use super::placed::{self, Contact};
use super::fixture::{User, UserEmail, UserName, UserNote, ada, all, bob, database, insert, with_keyring};
use crate::{keys, world::World};

#[tokio::test]
async fn nothing_is_found_that_is_not_there() {
    with_keyring(async {
        let database = database().await;
        insert(&database.pool, &ada()).await;
        let found: Vec<User> = sqlx::query_as("SELECT * FROM users WHERE email = ANY($1)")
            .bind(User::EMAIL.lookup("bob@example.com").unwrap())
            .fetch_all(&database.pool)
            .await
            .unwrap();
        assert_eq!(found, []);
    })
    .await;
}

#[tokio::test]
async fn one_parameter_takes_every_candidate() {
    let keys = keys::rotated().await;
    let database = database().await;
    keys.before.scope(insert(&database.pool, &ada())).await;
    keys.after
        .scope(async {
            insert(&database.pool, &bob()).await;
            for user in [ada(), bob()] {
                let lookup = keys.after.lookup_value(User::EMAIL, &user.email).await.unwrap();
                let found: Vec<User> = sqlx::query_as("SELECT * FROM users WHERE email = ANY($1)")
                    .bind(lookup)
                    .fetch_all(&database.pool)
                    .await
                    .unwrap();
                assert_eq!(found, [user]);
            }
            let either = User::EMAIL.lookup(ada().email).unwrap().or(User::EMAIL.lookup(bob().email).unwrap());
            let neither: Vec<User> = sqlx::query_as("SELECT * FROM users WHERE email <> ALL($1)")
                .bind(either)
                .fetch_all(&database.pool)
                .await
                .unwrap();
            assert_eq!(neither, []);
        })
        .await;
}

#[tokio::test]
async fn many_rows_by_unnest_and_back_as_an_array() {
    with_keyring(async {
        let database = database().await;
        let users = [ada(), bob()];
        let ids: Vec<i64> = users.iter().map(|user| user.id).collect();
        let emails: Vec<Sealed<UserEmail>> =
            users.iter().map(|user| User::EMAIL.seal(&user.email).unwrap()).collect();
        // A wrapper is sealed when it is bound.
        let names: Vec<Encrypted<UserName>> =
            users.iter().map(|user| Encrypted::new(user.name.clone())).collect();
        let notes: Vec<Option<Sealed<UserNote>>> =
            users.iter().map(|user| User::NOTE.seal(&user.note).unwrap()).collect();
        let active: Vec<bool> = users.iter().map(|user| user.is_active).collect();
        sqlx::query(
            "INSERT INTO users SELECT * FROM UNNEST($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::boolean[])",
        )
        .bind(ids)
        .bind(emails)
        .bind(names)
        .bind(notes)
        .bind(active)
        .execute(&database.pool)
        .await
        .unwrap();
        assert_eq!(all(&database.pool).await.unwrap(), users);
        let (names, notes): (Vec<Encrypted<UserName>>, Vec<Option<Encrypted<UserNote>>>) =
            sqlx::query_as("SELECT array_agg(name ORDER BY id), array_agg(note ORDER BY id) FROM users")
                .fetch_one(&database.pool)
                .await
                .unwrap();
        assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["Ada", "Bob"]);
        assert_eq!(notes[0].as_deref().map(String::as_str), Some("likes tea"));
        assert!(notes[1].is_none());
    })
    .await;
}

/// The protocol without parameters, in which PostgreSQL sends bytes as digits, and text that cannot be borrowed. With keys fetched before.
#[tokio::test]
async fn the_text_protocol() {
    let world = World::new();
    let database = database().await;
    let (contacts, _database) = placed::database().await;
    let (writer, contact) = (world.warm().await, placed::contact(1, None));
    writer
        .scope(async {
            insert(&database.pool, &ada()).await;
            let insert = sqlx::query("INSERT INTO contacts VALUES (1, $1)").bind(Contact::EMAIL.bind(&contact.email));
            insert.execute(&contacts).await.unwrap();
        })
        .await;
    let keyring = world.strict().await;
    keyring
        .scope(async {
            let row = keyring.on(&database.pool).fetch_one(sqlx::raw_sql("SELECT * FROM users")).await.unwrap();
            assert_eq!(User::from_row(&row).unwrap(), ada());
        })
        .await;
    let keyring = world.strict().await;
    keyring
        .scope(async {
            let row = keyring.on(&contacts).fetch_one(sqlx::raw_sql("SELECT * FROM contacts")).await.unwrap();
            assert_eq!(Contact::from_row(&row).unwrap(), contact);
        })
        .await;
}

#[tokio::test]
async fn a_column_of_text_takes_an_array_of_texts() {
    let keyring = testing::keyring();
    let (pool, _database) = placed::database().await;
    let contact = placed::contact(1, None);
    let sealed = contact.seal(&keyring).unwrap();
    sqlx::query("INSERT INTO contacts (id, email) SELECT $1, unnest($2)")
        .bind(sealed.id)
        .bind(vec![sealed.email])
        .execute(&pool)
        .await
        .unwrap();
    keyring
        .scope(async {
            for (email, expected) in [(&*contact.email, 1), ("2@example.com", 0)] {
                let found: Vec<Contact> = sqlx::query_as("SELECT * FROM contacts WHERE email = ANY($1)")
                    .bind(Contact::EMAIL.lookup(email).unwrap())
                    .fetch_all(&pool)
                    .await
                    .unwrap();
                assert_eq!(found.len(), expected);
            }
        })
        .await;
}
