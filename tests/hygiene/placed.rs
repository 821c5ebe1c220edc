//! Sealed structs, and those whose values have a place, wherever a struct may stand.

use diesel::prelude::*;
use envelope_core::testing;

#[no_implicit_prelude]
#[expect(non_upper_case_globals, reason = "the names are there to be in the way")]
pub mod without_prelude {
    pub struct Option;
    pub struct Result;
    pub struct String;
    pub struct Vec;
    pub struct Keyring;
    pub struct Sealed;
    pub trait Clone {}
    pub trait Debug {}
    pub trait Default {}
    pub trait IntoIterator {}
    pub mod core {}
    pub mod std {}
    pub mod sqlx {}
    pub const Some: () = ();
    pub const None: () = ();
    pub const Ok: () = ();

    #[derive(::envelope_sqlx::Encrypted)]
    #[encrypt(table = "users", bind = (r#type, id), tenant = org)]
    pub struct User {
        pub id: i64,
        pub r#type: ::std::string::String,
        pub org: i32,
        #[encrypt]
        pub r#fn: ::std::string::String,
        #[encrypt]
        pub place: ::core::option::Option<::std::string::String>,
        #[encrypt(type = ::std::string::String)]
        pub keyring: ::envelope_sqlx::Encrypted<UserKeyring>,
    }
}

/// Generic in plain fields, and borrowing in all.
#[derive(envelope_sqlx::Encrypted)]
#[encrypt(columns = Account, sealed)]
pub struct NewAccount<'a, 'b, T>
where
    T: Copy,
{
    pub plain: &'b T,
    #[encrypt]
    pub name: &'a str,
    #[encrypt]
    pub note: Option<Option<&'a str>>,
}

#[derive(envelope_sqlx::Encrypted, Debug, PartialEq)]
#[encrypt(table = "accounts", sealed)]
pub struct Account<T: Copy = i64, const N: usize = 1> {
    pub plain: [T; N],
    #[encrypt]
    name: String,
    #[encrypt]
    pub(crate) note: Option<String>,
}

/// Not to be cloned or printed.
#[derive(PartialEq)]
pub struct Odd(i64);

#[derive(envelope_sqlx::Encrypted)]
#[encrypt(table = "odds", sealed)]
pub struct OddOne {
    pub odd: Odd,
    #[encrypt]
    pub name: String,
}

diesel::table! {
    letters (r#type) {
        r#type -> Integer,
        #[sql_name = "the_text"]
        text -> crate::placed::LetterText,
        flag -> Nullable<Bool>,
    }
}

/// Renamed columns, a raw identifier, both integrations.
#[derive(envelope_diesel::Encrypted, Selectable, Debug, PartialEq)]
#[diesel(table_name = letters, primary_key(r#type))]
#[encrypt(diesel, sqlx, bind = r#type)]
pub struct Letter {
    #[sqlx(rename = "type")]
    pub r#type: i32,
    #[encrypt(column = "the_text")]
    pub text: String,
    pub flag: Option<bool>,
}

#[test]
fn they_are_sealed_and_opened() {
    let keyring = testing::keyring();
    let user = without_prelude::User {
        id: 1,
        r#type: "a".into(),
        org: 7,
        r#fn: "main".into(),
        place: Some("here".into()),
        keyring: envelope_sqlx::Encrypted::new("key".into()),
    };
    let opened = user.seal(&keyring).unwrap().open(&keyring).unwrap();
    assert_eq!((&*opened.r#fn, opened.place.as_deref(), &**opened.keyring), ("main", Some("here"), "key"));
    let moved = without_prelude::SealedUser { r#type: "b".into(), ..user.seal(&keyring).unwrap() };
    assert!(moved.open(&keyring).is_err());

    let new = NewAccount { plain: &5_u8, name: "Ada", note: Some(None) }.seal(&keyring).unwrap();
    let account = SealedAccount { plain: [*new.plain], name: new.name, note: new.note.flatten() };
    assert_eq!(account.open(&keyring).unwrap(), Account { plain: [5_u8], name: "Ada".into(), note: None });

    let name = keyring.seal(OddOne::NAME, "x").unwrap();
    let odd = SealedOddOne { odd: Odd(3), name: envelope_sqlx::Sealed::new(name) }.open(&keyring).unwrap();
    assert!(odd.odd == Odd(3) && odd.name == "x");

    let db = &mut SqliteConnection::establish(":memory:").unwrap();
    let table = "CREATE TABLE letters (type INTEGER PRIMARY KEY, the_text BLOB NOT NULL, flag BOOLEAN)";
    diesel::sql_query(table).execute(db).unwrap();
    let letter = Letter { r#type: 1, text: "Dear Ada".into(), flag: None };
    diesel::insert_into(letters::table).values(letter.seal(&keyring).unwrap()).execute(db).unwrap();
    let read = keyring.with(|| letters::table.select(Letter::as_select()).first(db)).unwrap();
    assert_eq!(read, letter);
}

/// In the body of a function.
#[test]
fn they_stand_in_a_function() {
    #[derive(envelope_sqlx::Encrypted)]
    #[encrypt(table = "docs", bind = id)]
    struct Doc {
        id: i64,
        #[encrypt]
        body: String,
    }

    let keyring = testing::keyring();
    let sealed = Doc { id: 1, body: "x".into() }.seal(&keyring).unwrap();
    assert_eq!(sealed.clone().open(&keyring).unwrap().body, "x");
    assert!(SealedDoc { id: 2, ..sealed }.open(&keyring).is_err());
}
