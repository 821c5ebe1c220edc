//! Columns of text, values bound to their row, and rows of tenants, on each database.

use envelope_core::{OpenError, testing};
use envelope_sqlx::{Encrypted, KeyringExt as _, QueryBuilderExt as _};
use envelope_tests::database::Database;
use sqlx::{Pool, QueryBuilder};

use super::{Db, KIND, sql};

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "contacts", sealed)]
pub(super) struct Contact {
    pub(super) id: i64,
    #[encrypt(deterministic, encoding = "text")]
    pub(super) email: String,
    #[encrypt(encoding = "text", plaintext = "read")]
    note: Option<String>,
}

#[derive(Encrypted, Clone, Debug, PartialEq)]
#[encrypt(table = "members", bind = (org_id, id), tenant = org_id)]
struct Member {
    org_id: String,
    id: i64,
    #[encrypt]
    name: Vec<u8>,
    #[encrypt(encoding = "text")]
    mail: Option<String>,
}

pub(super) async fn database() -> (Pool<Db>, Database) {
    let database = Database::new(KIND);
    let bytes = super::BYTES;
    for table in [
        "CREATE TABLE contacts (id BIGINT PRIMARY KEY, email VARCHAR(200) NOT NULL UNIQUE, note TEXT)",
        &format!("CREATE TABLE members (org_id VARCHAR(20), id BIGINT, name {bytes} NOT NULL, mail TEXT)"),
    ] {
        database.sql(table);
    }
    (Pool::connect(database.url()).await.unwrap(), database)
}

pub(super) fn contact(id: i64, note: Option<&str>) -> Contact {
    Contact { id, email: format!("{id}@example.com"), note: note.map(str::to_owned) }
}

#[tokio::test]
async fn text_is_written_found_and_read() {
    let keyring = testing::keyring();
    let (pool, database) = database().await;
    let (one, two) = (contact(1, Some("likes tea")), contact(2, None));
    let insert = || sqlx::query(sql("INSERT INTO contacts VALUES (?, ?, ?)"));
    keyring
        .scope(async {
            let bound = insert().bind(one.id).bind(Contact::EMAIL.bind(&one.email));
            bound.bind(Contact::NOTE.bind(&one.note)).execute(&pool).await.unwrap();
            let sealed = two.seal(&keyring).unwrap();
            let bound = insert().bind(sealed.id).bind(sealed.email).bind(sealed.note);
            bound.execute(&pool).await.unwrap();
            for contact in [&one, &two] {
                let mut query = QueryBuilder::<Db>::new("SELECT * FROM contacts WHERE ");
                query.push_lookup(Contact::EMAIL, Contact::EMAIL.lookup(&contact.email).unwrap());
                let found: Vec<Contact> = query.build_query_as().fetch_all(keyring.on(&pool)).await.unwrap();
                assert_eq!(found, std::slice::from_ref(contact));
            }
            database.sql("UPDATE contacts SET note = 'plain' WHERE id = 1");
            let read: Contact = sqlx::query_as(sql("SELECT * FROM contacts WHERE id = ?"))
                .bind(1_i64)
                .fetch_one(&pool)
                .await
                .unwrap();
            assert_eq!(read, contact(1, Some("plain")));
            // Not sealed in place, whatever else is: the text of another column.
            database.sql("UPDATE contacts SET note = email WHERE id = 1");
            let read = sqlx::query_as::<_, Contact>("SELECT * FROM contacts").fetch_all(&pool).await;
            let Err(sqlx::Error::ColumnDecode { source, .. }) = read else { panic!("{read:?}") };
            assert!(matches!(source.downcast_ref(), Some(OpenError::WrongMode { .. })), "{source}");
        })
        .await;
}

#[tokio::test]
async fn a_row_is_read_with_its_id_and_its_tenant() {
    let keyring = testing::keyring();
    let (pool, database) = database().await;
    let members: Vec<Member> = [("acme", 1), ("acme", 2), ("globex", 1)]
        .into_iter()
        .map(|(org_id, id)| Member {
            org_id: org_id.to_owned(),
            id,
            name: vec![0xFE, 0x01],
            mail: Some(format!("{id}@{org_id}")),
        })
        .collect();
    for member in &members {
        let sealed = member.seal(&keyring).unwrap();
        sqlx::query(sql("INSERT INTO members VALUES (?, ?, ?, ?)"))
            .bind(sealed.org_id)
            .bind(sealed.id)
            .bind(sealed.name)
            .bind(sealed.mail)
            .execute(&pool)
            .await
            .unwrap();
    }
    let select = "SELECT * FROM members ORDER BY org_id, id";
    let read = async || keyring.scope(sqlx::query_as::<_, Member>(select).fetch_all(&pool)).await;
    assert_eq!(read().await.unwrap(), members);
    let sealed: Vec<SealedMember> = sqlx::query_as(select).fetch_all(&pool).await.unwrap();
    assert_eq!(SealedMember::open_all(sealed, &keyring).await.unwrap(), members);
    for (moved, is_same_tenant) in [("id = 3 WHERE id = 2", true), ("org_id = 'globex' WHERE id = 3", false)] {
        database.sql(&format!("UPDATE members SET {moved}"));
        let Err(sqlx::Error::ColumnDecode { source, .. }) = read().await else { panic!() };
        let error: &OpenError = source.downcast_ref().unwrap();
        assert_eq!(matches!(error, OpenError::NotAuthentic { .. }), is_same_tenant, "{error}");
        assert_eq!(matches!(error, OpenError::UnknownKey { .. }), !is_same_tenant, "{error}");
    }
}
