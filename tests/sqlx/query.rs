//! `query!`, `query_as!` and `query_scalar!`, checked against the database when `cargo sqlx prepare` ran: the packages `tests/query_*` have
//! them, and `examples/accounts` those for SQLite.

use envelope_core::{OpenError, testing};
use envelope_sqlx::{Encrypted, KeyringExt as _};
use envelope_tests::database::Database;
use sqlx::Pool;

use super::{
    Db, KIND, candidates,
    fixture::open_error,
    queries::{self, Letter, User},
    sql,
};
use crate::{keys, world::World};

struct Fixture {
    pool: Pool<Db>,
    // Dropped after the connections.
    _database: Database,
}

/// With the tables that the macros saw, in a database of another name.
async fn database() -> Fixture {
    let database = Database::new(KIND);
    let pool = Pool::<Db>::connect(database.url()).await.unwrap();
    queries::MIGRATIONS.run(&pool).await.unwrap();
    Fixture { pool, _database: database }
}

fn ada() -> User {
    User { id: 1, email: "ada@example.com".to_owned(), note: Some("likes tea".to_owned()) }
}

fn bob() -> User {
    User { id: 2, email: "bob@example.com".to_owned(), note: None }
}

#[tokio::test]
async fn what_cannot_be_opened_is_a_typed_error() {
    let keyring = testing::keyring();
    let Fixture { pool, _database } = &database().await;
    keyring.scope(queries::upsert(pool, &ada())).await.unwrap();
    let error = open_error(queries::users(pool).await);
    assert!(matches!(error, OpenError::NoKeyring { .. }), "{error}");
    assert!(queries::upsert(pool, &bob()).await.unwrap_err().to_string().contains("users.email"));
    let set = sql("UPDATE users SET note = email");
    sqlx::query(set).execute(pool).await.unwrap();
    keyring
        .scope(async {
            for error in [
                open_error(queries::record(pool, 1).await),
                open_error(queries::wrapped(pool, 1).await),
                open_error(queries::users(pool).await),
            ] {
                assert!(matches!(error, OpenError::WrongMode { .. }), "{error}");
            }
        })
        .await;
}

/// With a keyring with which a codec would fail that had to wait for keys.
#[tokio::test]
async fn in_and_out_with_keys_fetched_before() {
    let world = World::new();
    let Fixture { pool, _database } = &database().await;
    let keyring = world.strict().await;
    for user in [ada(), bob()] {
        let email = keyring.seal_value(User::EMAIL, &user.email).await.unwrap();
        let note = keyring.seal_value(User::NOTE, &user.note).await.unwrap();
        queries::insert(keyring.on(pool), user.id, email, note).await.unwrap();
    }
    macro_rules! strictly {
        (|$keyring:ident| $body:expr) => {{
            let $keyring = world.strict().await;
            $keyring.scope(async { $body }).await
        }};
    }
    strictly!(|k| {
        let (email, note) = queries::record(k.on(pool), 1).await.unwrap();
        assert_eq!((email.as_str(), note.as_deref().map(String::as_str)), ("ada@example.com", Some("likes tea")));
    });
    strictly!(|k| assert!(queries::record(k.on(pool), 2).await.unwrap().1.is_none()));
    strictly!(|k| assert_eq!(queries::users(k.on(pool)).await.unwrap(), [ada(), bob()]));
    strictly!(|k| {
        let mut transaction = pool.begin().await.unwrap();
        let [ada, bob] = [1, 2];
        let read = queries::wrapped(k.on(&mut *transaction), ada).await.unwrap();
        assert_eq!((read.id, read.email.as_str()), (1, "ada@example.com"));
        assert_eq!(read.note.as_deref().map(String::as_str), Some("likes tea"));
        assert!(queries::wrapped(k.on(&mut *transaction), bob).await.unwrap().note.is_none());
    });
    // The ciphertext, of which no keyring has to know.
    let sealed = queries::sealed(pool, 1).await.unwrap().unwrap();
    assert_eq!(keyring.with(|| sealed.open(&keyring)).unwrap(), "likes tea");
    assert_eq!(queries::sealed(pool, 2).await.unwrap(), None);
}

#[tokio::test]
async fn an_upsert_finds_the_conflict() {
    let Fixture { pool, _database } = &database().await;
    testing::keyring()
        .scope(async {
            queries::upsert(pool, &ada()).await.unwrap();
            queries::upsert(pool, &User { id: 7, note: Some("new".to_owned()), ..ada() }).await.unwrap();
            assert_eq!(queries::users(pool).await.unwrap(), [User { note: Some("new".to_owned()), ..ada() }]);
        })
        .await;
}

#[tokio::test]
async fn a_parameter_takes_the_candidates_of_two_keys() {
    let keys = keys::rotated().await;
    let Fixture { pool, _database } = &database().await;
    keys.before.scope(queries::upsert(pool, &ada())).await.unwrap();
    keys.after.scope(queries::upsert(pool, &bob())).await.unwrap();
    for (email, expected) in [("ada@example.com", Some(1)), ("bob@example.com", Some(2)), ("eve@example.com", None)] {
        let lookup = keys.after.lookup_value(User::EMAIL, email).await.unwrap();
        assert_eq!(queries::find(keys.after.on(pool), candidates(lookup)).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn types_from_the_configuration() {
    let Fixture { pool, _database } = &database().await;
    testing::keyring()
        .scope(async {
            let body = Some("Dear Ada".to_owned());
            let letters = [
                Letter { id: 1, recipient: "ada@example.com".to_owned(), body },
                Letter { id: 2, recipient: "bob@example.com".to_owned(), body: None },
            ];
            for letter in &letters {
                queries::insert_letter(pool, letter).await.unwrap();
                assert_eq!(queries::letter(pool, letter.id).await.unwrap(), *letter);
                let body = queries::letter_body(pool, letter.id).await.unwrap().map(Encrypted::into_inner);
                assert_eq!(body, letter.body);
            }
        })
        .await;
}
