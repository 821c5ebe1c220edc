//! Indexes in tables whose rows are of tenants, and in sealed structs.

use diesel::{Connection as _, prelude::*};
use envelope_diesel::{Encrypted, SearchDsl as _, TermsExt as _};
use envelope_tests::database::Kind;

use super::{Connection, Db, KIND, fixture::World, sql};

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use super::{MemberEmail, MemberEmailIndex};

    members (id) {
        id -> BigInt,
        org_id -> Text,
        email -> Nullable<MemberEmail>,
        email_index -> Nullable<MemberEmailIndex>,
    }
}

#[derive(Encrypted, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = members)]
#[encrypt(sqlx, tenant = org_id)]
pub(crate) struct Member {
    pub(crate) id: i64,
    pub(crate) org_id: String,
    #[encrypt(index(column = email_index, normalize = "email"))]
    pub(crate) email: Option<String>,
}

#[tokio::test]
async fn each_tenant_finds_its_own() {
    let world = World::empty().await;
    let (text, bytes) = match KIND {
        Kind::Sqlite => ("TEXT", "BLOB"),
        Kind::Postgres => ("TEXT", "BYTEA"),
        Kind::Mysql => ("VARCHAR(50)", "VARBINARY(255)"),
    };
    world.database.sql(&format!(
        "CREATE TABLE members (id BIGINT PRIMARY KEY, org_id {text} NOT NULL, email {bytes}, email_index {bytes})"
    ));
    let db = &mut Connection::establish(world.database.url()).unwrap();
    let member = |id, org: &str, email: Option<&str>| Member { id, org_id: org.into(), email: email.map(Into::into) };
    let of_acme = member(1, "acme", Some("Ada@Example.com"));
    let of_other = member(2, "other", Some("ada@example.COM"));
    let nobody = member(3, "acme", None);
    world.keyring.with(|| {
        diesel::insert_into(members::table).values(&of_acme).execute(db).unwrap();
        // In its sealed form, which has the term too.
        let sealed = of_other.seal(&world.keyring).unwrap();
        assert!(sealed.email_index.is_some());
        diesel::insert_into(members::table).values(sealed).execute(db).unwrap();
        diesel::insert_into(members::table).values(nobody.clone()).execute(db).unwrap();
        let read: Vec<Member> = members::table.select(Member::as_select()).order(members::id).load(db).unwrap();
        assert_eq!(read, [of_acme.clone(), of_other.clone(), nobody.clone()]);
    });
    for (org, expected) in [("acme", &of_acme), ("other", &of_other)] {
        let tenant = world.keyring.tenant(org).unwrap();
        let found: Vec<Member> = tenant.with(|| {
            let by_email = members::email.matches("ADA@example.com");
            members::table.filter(by_email).select(Member::as_select()).load(db).unwrap()
        });
        assert_eq!(found, std::slice::from_ref(expected), "{org}");
    }
    // By SQLx, with and without the column of the index.
    for columns in ["*", "id, org_id, email"] {
        let query = sql(&format!("SELECT {columns} FROM members ORDER BY id"));
        let read: Vec<Member> =
            world.keyring.scope(sqlx::query_as::<Db, _>(query).fetch_all(&world.pool)).await.unwrap();
        assert_eq!(read, [of_acme.clone(), of_other.clone(), nobody.clone()]);
    }
    let sealed: Vec<SealedMember> =
        sqlx::query_as::<Db, _>(sql("SELECT * FROM members ORDER BY id")).fetch_all(&world.pool).await.unwrap();
    assert!(sealed[0].email_index.is_some() && sealed[0].email_index != sealed[1].email_index);
    assert!(sealed[2].email_index.is_none());
    let opened = SealedMember::open_all(sealed, &world.keyring).await.unwrap();
    assert_eq!(opened, [of_acme, of_other, nobody]);
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable};
    use super::{GuestEmail, GuestEmailIndex};

    guests (id) {
        id -> BigInt,
        email -> Nullable<GuestEmail>,
        email_index -> Nullable<GuestEmailIndex>,
    }
}

diesel::table! {
    use diesel::sql_types::BigInt;
    use super::GuestEmailWords;

    /// Its names in the database are others than in Rust.
    #[sql_name = "guests' words"]
    guest_words (guest, term) {
        #[sql_name = "of"]
        guest -> BigInt,
        #[sql_name = "select"]
        term -> GuestEmailWords,
    }
}

/// `None` is `NULL`, in an insert and in a changeset.
#[derive(Encrypted, Queryable, Selectable, Clone, Debug, PartialEq, Eq)]
#[diesel(table_name = guests, treat_none_as_default_value = false)]
#[encrypt(sealed)]
pub(crate) struct Guest {
    pub(crate) id: i64,
    #[diesel(treat_none_as_null = true)]
    #[encrypt(
        index(column = email_index, normalize = "email"),
        index(table = guest_words, row = guest, words),
    )]
    pub(crate) email: Option<String>,
}

#[tokio::test]
async fn none_is_null_in_the_index_too() {
    let world = World::empty().await;
    let bytes = match KIND {
        Kind::Sqlite => "BLOB",
        Kind::Postgres => "BYTEA",
        Kind::Mysql => "VARBINARY(255)",
    };
    let quote = if KIND == Kind::Mysql { '`' } else { '"' };
    world.database.sql(&format!(
        "CREATE TABLE guests (id BIGINT PRIMARY KEY, email {bytes}, email_index {bytes});
         CREATE TABLE {quote}guests' words{quote} ({quote}of{quote} BIGINT, {quote}select{quote} {bytes})"
    ));
    let db = &mut Connection::establish(world.database.url()).unwrap();
    let guest = |id, email: Option<&str>| Guest { id, email: email.map(Into::into) };
    world.keyring.with(|| {
        let some = [guest(1, Some("ada@example.com")), guest(2, None), guest(3, Some("bob@example.com"))];
        diesel::insert_into(guests::table).values(&some[..]).execute(db).unwrap();
        let terms: Vec<_> = some
            .iter()
            .filter_map(|guest| Some((guest.id, guest.email.as_ref()?)))
            .flat_map(|(id, email)| Guest::EMAIL_WORDS.terms(email).unwrap().into_iter().map(move |term| (id, term)))
            .map(|(id, term)| (guest_words::guest.eq(id), guest_words::term.eq(term)))
            .collect();
        diesel::insert_into(guest_words::table).values(&terms).execute(db).unwrap();
        let found: Vec<Guest> =
            Guest::EMAIL_WORDS.words("example ada").unwrap().load(guests::table.select(Guest::as_select()), db).unwrap();
        assert_eq!(found, some[..1]);

        let ids = |email: &str, db: &mut Connection| -> Vec<i64> {
            guests::table.filter(guests::email.matches(email)).select(guests::id).load(db).unwrap()
        };
        assert_eq!(ids("ADA@example.com", db), [1]);
        // By the struct, and by its sealed form.
        diesel::update(guests::table.find(1)).set(&guest(1, None)).execute(db).unwrap();
        assert_eq!(ids("ada@example.com", db), [0_i64; 0]);
        assert_eq!(ids("bob@example.com", db), [3]);
        let sealed = guest(3, None).seal(&world.keyring).unwrap();
        diesel::update(guests::table.find(3)).set(sealed).execute(db).unwrap();
        assert_eq!(ids("bob@example.com", db), [0_i64; 0]);
        let sealed = guest(2, Some("Eve@example.com")).seal(&world.keyring).unwrap();
        diesel::update(guests::table.find(2)).set(&sealed).execute(db).unwrap();
        assert_eq!(ids("eve@example.com", db), [2]);
    });
}
