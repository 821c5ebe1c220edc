//! Encrypted columns with Diesel, on SQLite.
//!
//! ```sh
//! cargo run --example quickstart
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use diesel::{prelude::*, sql_types::Binary};
use envelope_diesel::{Encrypted, FileStore, Keyring, LocalKey};

use schema::users;

mod schema {
    diesel::table! {
        users (id) {
            id -> Integer,
            email -> crate::UserEmail, // a type that the derive emits: struct, then field
            name -> crate::UserName,
            note -> Nullable<crate::UserNote>,
        }
    }
}

/// Fields stay plain. The derive adds `Insertable` and `AsChangeset`; the rest is Diesel's own.
#[derive(Encrypted, Queryable, Selectable, Identifiable, Debug)]
#[diesel(table_name = users)]
struct User {
    id: i32,
    #[encrypt(deterministic)] // can be searched; the database learns which rows are equal
    email: String,
    #[encrypt] // cannot be searched; equal values look different
    name: String,
    #[encrypt]
    note: Option<String>,
}

/// Another struct of the same table may borrow.
#[derive(Encrypted)]
#[diesel(table_name = users)]
#[encrypt(columns = User)]
struct NewUser<'a> {
    #[encrypt]
    email: &'a str,
    #[encrypt]
    name: &'a str,
    #[encrypt]
    note: Option<&'a str>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let db = &mut SqliteConnection::establish(&folder.path().join("app.sqlite").to_string_lossy())?;
    diesel::sql_query("CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB UNIQUE, name BLOB, note BLOB)")
        .execute(db)?;

    // Once, when the application starts. A key service takes the place of `LocalKey` in production.
    let key = LocalKey::open_or_create(folder.path().join("app.key"))?;
    let store = FileStore::new(folder.path().join("keys.json"));
    Keyring::builder(key, store).application("quickstart").open_blocking()?.install()?;

    let ada = NewUser { email: "ada@example.com", name: "Ada Lovelace", note: Some("likes tea") };
    let charles = NewUser { email: "charles@example.com", name: "Charles Babbage", note: None };
    diesel::insert_into(users::table).values(&vec![ada, charles]).execute(db)?;

    let user = users::table.find(1).select(User::as_select()).first(db)?;
    println!("the application sees  {user:?}");

    let stored: Stored = diesel::sql_query("SELECT email, name FROM users WHERE id = 1").get_result(db)?;
    println!("the database holds    {}, {}", hex(&stored.email), hex(&stored.name));

    let mut charles: User = users::table.filter(users::email.eq("charles@example.com")).first(db)?;
    println!("found by e-mail       {} ({}), note: {:?}", charles.name, charles.email, charles.note);

    charles.note = Some("prefers coffee".into());
    diesel::update(&charles).set(&charles).execute(db)?;
    diesel::update(users::table.find(1)).set(users::note.eq(None::<&str>)).execute(db)?;

    // What is randomized cannot be searched. This line does not compile:
    //
    //     users::table.filter(users::name.eq("Ada Lovelace"))
    //
    //     error[E0277]: the encrypted column `UserName` is randomized and cannot be compared or searched
    //       = note: mark the field `#[encrypt(deterministic)]` to search it; the database then learns which rows are equal
    println!("not found by name     the column is randomized, so a filter by it does not compile");
    Ok(())
}

/// The table as someone reads it who has the database and no keys.
#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Binary)]
    email: Vec<u8>,
    #[diesel(sql_type = Binary)]
    name: Vec<u8>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
