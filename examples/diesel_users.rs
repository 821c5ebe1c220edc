//! Several structs for one table, as applications have them: a row, a new row that borrows, a changeset; and an upsert by an encrypted
//! e-mail.
//!
//! ```sh
//! cargo run --example diesel_users
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]
#![expect(clippy::arithmetic_side_effects, reason = "the database adds one")]

use std::error::Error;

use diesel::{connection::SimpleConnection as _, prelude::*, upsert::excluded};
use envelope_diesel::{Encrypted, Keyring, LocalKey, MemoryStore};

use schema::users;

mod schema {
    diesel::table! {
        users (id) {
            id -> Integer,
            email -> crate::UserEmail,
            name -> crate::UserName,
            phone -> Nullable<crate::UserPhone>,
            logins -> Integer,
        }
    }
}

/// A row. It declares the columns; the structs below say `columns = User`.
#[derive(Encrypted, Queryable, Selectable, Identifiable, Debug, PartialEq)]
#[diesel(table_name = users)]
struct User {
    id: i32,
    #[encrypt(deterministic)]
    email: String,
    #[encrypt]
    name: String,
    #[encrypt]
    phone: Option<String>,
    logins: i32,
}

/// What is inserted.
#[derive(Encrypted)]
#[diesel(table_name = users)]
#[encrypt(columns = User)]
struct NewUser<'a> {
    #[encrypt]
    email: &'a str,
    #[encrypt]
    name: &'a str,
    logins: i32,
}

/// What is changed: `None` leaves a column as it is, `Some(None)` makes it `NULL`.
#[derive(Encrypted, Default)]
#[diesel(table_name = users)]
#[encrypt(columns = User)]
struct UserChanges<'a> {
    #[encrypt]
    name: Option<&'a str>,
    #[encrypt]
    phone: Option<Option<&'a str>>,
}

/// What a list needs.
#[derive(Encrypted, Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = users)]
#[encrypt(columns = User)]
struct Contact {
    #[encrypt]
    name: String,
    #[encrypt]
    phone: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    Keyring::builder(LocalKey::ephemeral()?, MemoryStore::new())
        .application("users")
        .open_blocking()?
        .install()?;
    let connection = &mut SqliteConnection::establish(":memory:")?;
    connection.batch_execute(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email BLOB NOT NULL UNIQUE, name BLOB NOT NULL, phone BLOB, logins INTEGER NOT NULL)",
    )?;

    log_in(connection, "ada@example.com", "Ada")?;
    log_in(connection, "bob@example.com", "Bob")?;
    let ada = log_in(connection, "ada@example.com", "Ada Lovelace")?;
    println!("logged in twice   {} times, as {}", ada.logins, ada.name);

    let changes = UserChanges { phone: Some(Some("+44 20 7946 0000")), ..UserChanges::default() };
    diesel::update(&ada).set(&changes).execute(connection)?;
    let contacts = users::table.order(users::id).select(Contact::as_select()).load(connection)?;
    println!("contacts          {}", contacts.iter().map(|c| &*c.name).collect::<Vec<_>>().join(", "));

    let found = users::table
        .filter(users::email.eq("ada@example.com"))
        .select(User::as_select())
        .first(connection)?;
    println!("found by e-mail   {}, phone {}", found.name, found.phone.as_deref().unwrap_or("none"));
    diesel::update(users::table.filter(users::email.eq("ada@example.com")))
        .set(UserChanges { phone: Some(None), ..UserChanges::default() })
        .execute(connection)?;
    let phone = users::table.find(ada.id).select(users::phone).first::<Option<String>>(connection)?;
    println!("forgot the phone  {}", phone.is_none());
    Ok(())
}

/// A new row, or one login more and the name of today. Equal e-mails have equal bytes, so that the database finds the conflict.
fn log_in(connection: &mut SqliteConnection, email: &str, name: &str) -> QueryResult<User> {
    diesel::insert_into(users::table)
        .values(&NewUser { email, name, logins: 1 })
        .on_conflict(users::email)
        .do_update()
        .set((users::name.eq(excluded(users::name)), users::logins.eq(users::logins + 1)))
        .returning(User::as_returning())
        .get_result(connection)
}
