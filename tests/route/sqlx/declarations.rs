//! Structs of every shape that `#[derive(Encrypted)]` takes.

use envelope_sqlx::{Encrypted, OpenError, Plaintext};
use sqlx::Row as _;

use super::{User, UserName, UserNote, ada, database, insert, open_error, with_keyring};

/// Fewer columns of `users`, declared by `User`.
#[derive(Encrypted, Debug, PartialEq)]
#[encrypt(columns = super::User)]
struct Contact {
    #[encrypt]
    email: String,
    #[encrypt]
    name: Encrypted<UserName>,
    #[encrypt(column = "remark")]
    note: Option<Encrypted<UserNote>>,
}

#[tokio::test]
async fn some_columns_of_a_table() {
    with_keyring(async {
        let pool = database().await;
        insert(&pool, &ada()).await;
        let contact: Contact =
            sqlx::query_as("SELECT email, name, note AS remark FROM users").fetch_one(&pool).await.unwrap();
        assert_eq!(contact.email, "ada@example.com");
        assert_eq!(contact.name.as_str(), "Ada");
        assert_eq!(contact.note.as_deref().map(String::as_str), Some("likes tea"));
        let missing: sqlx::Result<Contact> =
            sqlx::query_as("SELECT email, name FROM users").fetch_one(&pool).await;
        assert!(matches!(missing, Err(sqlx::Error::ColumnNotFound(column)) if column == "remark"));
    })
    .await;
}

/// What is written and not read: no `FromRow`, so that two lifetimes or an `Option<Option<…>>` are no question.
#[derive(Encrypted)]
#[encrypt(columns = super::User)]
struct NewUser<'a> {
    #[encrypt]
    email: &'a str,
    #[encrypt]
    name: &'a str,
}

#[derive(Encrypted)]
#[encrypt(columns = super::User)]
struct Change {
    #[encrypt]
    note: Option<Option<String>>,
}

#[tokio::test]
async fn structs_for_writing() {
    with_keyring(async {
        let pool = database().await;
        let new = NewUser { email: "ada@example.com", name: "Ada" };
        sqlx::query("INSERT INTO users VALUES (1, ?, ?, NULL, TRUE)")
            .bind(User::EMAIL.bind(new.email))
            .bind(User::NAME.bind(new.name))
            .execute(&pool)
            .await
            .unwrap();
        let change = Change { note: Some(Some("likes tea".to_owned())) };
        if let Some(note) = &change.note {
            sqlx::query("UPDATE users SET note = ?")
                .bind(User::NOTE.bind(note))
                .execute(&pool)
                .await
                .unwrap();
        }
        let user: User = sqlx::query_as("SELECT * FROM users").fetch_one(&pool).await.unwrap();
        assert_eq!(user, ada());
    })
    .await;
}

mod attributes {
    use super::{Encrypted, Plaintext};

    #[derive(Plaintext, Debug, Default, PartialEq)]
    pub(super) struct Age(pub(super) u8);

    /// SQLx's attributes on fields, encrypted and plain, with a type parameter.
    #[derive(Encrypted, Debug, PartialEq)]
    #[encrypt(table = "people")]
    #[sqlx(rename_all = "camelCase")]
    pub(super) struct Person<T> {
        pub(super) person_id: T,
        #[encrypt]
        pub(super) first_name: String,
        #[encrypt]
        #[sqlx(rename = "years")]
        pub(super) age: Age,
        #[encrypt]
        #[sqlx(default)]
        pub(super) nick: String,
        #[sqlx(rename = "city")]
        pub(super) town: String,
        #[sqlx(default)]
        pub(super) absent: Option<i64>,
        #[sqlx(skip)]
        pub(super) skipped: Vec<NoSqlType>,
        #[sqlx(flatten)]
        pub(super) place: Place,
        #[sqlx(try_from = "i64")]
        pub(super) level: u8,
    }

    /// SQLx cannot read it.
    #[derive(Debug, PartialEq)]
    pub(super) struct NoSqlType;

    #[derive(sqlx::FromRow, Debug, PartialEq)]
    pub(super) struct Place {
        pub(super) x: i64,
    }
}

#[tokio::test]
async fn attributes_of_sqlx() {
    use attributes::{Age, Person, Place};
    with_keyring(async {
        let pool = database().await;
        let select = |level: i64| {
            sqlx::query_as(
                "SELECT 7 AS personId, ? AS firstName, ? AS years, 'Paris' AS city, 1 AS x, ? AS level",
            )
            .bind(Person::<i64>::FIRST_NAME.bind("Ada"))
            .bind(Person::<i64>::AGE.bind(Age(36)))
            .bind(level)
        };
        let person: Person<i64> = select(9).fetch_one(&pool).await.unwrap();
        let expected = Person {
            person_id: 7,
            first_name: "Ada".to_owned(),
            age: Age(36),
            nick: String::new(),
            town: "Paris".to_owned(),
            absent: None,
            skipped: Vec::new(),
            place: Place { x: 1 },
            level: 9,
        };
        assert_eq!(person, expected);
        let too_high: sqlx::Result<Person<i64>> = select(256).fetch_one(&pool).await;
        assert!(matches!(too_high, Err(sqlx::Error::ColumnDecode { index, .. }) if index == "level"));
    })
    .await;
}

/// A `FromRow` of the user's own, beside the derive.
#[derive(Encrypted, sqlx::FromRow, Debug, PartialEq)]
#[encrypt(table = "letters", no_from_row)]
struct Letter {
    #[encrypt(type = String)]
    text: Encrypted<LetterText>,
}

/// A field that SQLx cannot read: only reading the struct does not compile.
#[derive(Encrypted)]
#[encrypt(table = "parcels")]
struct Parcel {
    #[encrypt(context = "letters.text")]
    label: String,
    size: std::ops::Range<u8>,
}

#[tokio::test]
async fn columns_that_share_a_context() {
    with_keyring(async {
        let pool = database().await;
        let parcel = Parcel { label: "to Ada".to_owned(), size: 0..2 };
        assert_eq!(parcel.size.len(), 2);
        let query = sqlx::query_as("SELECT ? AS text").bind(Parcel::LABEL.bind(&parcel.label));
        let letter: Letter = query.fetch_one(&pool).await.unwrap();
        assert_eq!(letter, Letter { text: Encrypted::new("to Ada".to_owned()) });
    })
    .await;
}

/// A table that is being encrypted.
#[derive(Encrypted, Debug, PartialEq)]
#[encrypt(table = "users")]
struct Half {
    #[encrypt(plaintext = "read")]
    name: String,
    #[encrypt(plaintext = "read")]
    note: Option<String>,
}

/// What `#[sqlx(default)]` must not hide.
#[derive(Encrypted, Debug, PartialEq)]
#[encrypt(columns = super::User)]
struct Name {
    #[encrypt]
    #[sqlx(default)]
    name: String,
}

#[tokio::test]
async fn a_default_stands_for_a_column_that_was_not_selected_and_for_nothing_else() {
    let pool = database().await;
    let read = async |sql| sqlx::query_as::<_, Name>(sql).fetch_one(&pool).await;
    assert_eq!(read("SELECT 1 AS id").await.unwrap(), Name { name: String::new() });
    assert!(matches!(open_error(read("SELECT X'FE01' AS name").await), OpenError::NoKeyring { .. }));
    let keyring = envelope_core::testing::keyring();
    let error = open_error(keyring.scope(read("SELECT X'FE01' AS name")).await);
    assert!(matches!(error, OpenError::Malformed { .. }), "{error}");
    assert!(keyring.scope(read("SELECT NULL AS name")).await.is_err());
}

#[tokio::test]
async fn rows_in_plaintext_are_read_where_that_is_declared_and_never_written() {
    with_keyring(async {
        let pool = database().await;
        let read = async |sql| sqlx::query_as::<_, Half>(sql).fetch_one(&pool).await;
        let half = Half { name: "Ada".to_owned(), note: None };
        assert_eq!(read("SELECT 'Ada' AS name, NULL AS note").await.unwrap(), half);
        // `NULL` is not an empty text.
        assert!(read("SELECT NULL AS name, NULL AS note").await.is_err());
        let row =
            sqlx::query("SELECT ? AS name").bind(Half::NAME.bind("Ada")).fetch_one(&pool).await.unwrap();
        assert!(row.get::<Vec<u8>, _>("name").starts_with(&[0xFE]));
    })
    .await;
}
